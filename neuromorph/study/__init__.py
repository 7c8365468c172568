"""Studies: one problem on many targets, and what its success rates mean in seconds and joules."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
