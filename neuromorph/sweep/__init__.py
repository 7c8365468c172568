"""Studies of many settings: a table of tasks, each done once, whatever happens on the way."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
