"""Tours of any size: analog dynamics, macros of a few cities on any target, swaps, and a proven lower bound.

A path macro orders at most twelve cities between two fixed ends. Hierarchy and windows cut a tour into such macros, so
that a target which holds ten cities answers for 85,900.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
