"""Associative memories: learning rules, dense and modern memories, their dynamics, spurious states and capacity.

>>> from neuromorph import associative_memory as memory
>>> couplings = memory.hebb(patterns)
>>> memory.relax(couplings, cues, rng=0).spins
>>> memory.DenseMemory(patterns, power=3).recall(cues, rng=0).spins

Names are imported when first used.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
