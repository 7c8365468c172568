"""Boltzmann machines: general, restricted, stacked; their likelihood; deep autoencoders. Estimators of scikit-learn.

Names are imported when first used: scikit-learn takes 2 s.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
