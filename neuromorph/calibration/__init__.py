"""A device's parameters from what was measured of it, as data with intervals and as draws."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
