"""Time to target beside installed peers: solvers in turn on the same instances, with equal budgets of CPU time."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
