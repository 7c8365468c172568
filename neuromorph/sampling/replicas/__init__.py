"""Replicas: R copies of the spins of one problem, swept side by side; a layout a file, with its kernel beside it.

Names are imported when first used.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
