"""Hopfield's analog network of 1984 and what it solves.

Activations, the network and its energy, transients with and without noise; dynamics that anneal: mean-field annealing
by a rising gain for any Ising problem; for tours, Hopfield and Tank's network and softassign.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
