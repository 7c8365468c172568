"""Two-state atoms on a surface, placed so that their couplings are those of a problem."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
