"""Minimization of Ising problems: exact reductions, anneals on bits, tempering, dynamical solvers, bounds and proofs.

Names are imported when first used.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
