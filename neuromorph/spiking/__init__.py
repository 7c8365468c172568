"""Spiking networks in Brian2: memories of rates, phases and delays, synchrony, samplers, searches; NIR and PyNN files.

Brian2 is imported when a network runs.

>>> from neuromorph import spiking
>>> network = spiking.SpikingHopfield.from_patterns(patterns, wiring="push-pull")
>>> network.recall(cues, rng=0).overlaps(patterns)
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
