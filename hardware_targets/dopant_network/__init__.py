"""Dopant networks: holes that hop between acceptors in silicon, and what can be computed with them.

>>> from hardware_targets.dopant_network import random_device, measure, stationary
>>> network = random_device(8, 1, 8, rng=4).network
>>> stationary(network, [0.018, 0.5, 0.059, 0.091, 0.0, 0.776, -0.49, 0.0]).currents_a

A ``Device`` (outline, electrodes, dopants) has a ``network`` (energies, rates). Its currents are exact to 14 acceptors
(``stationary_occupations``), by kinetic Monte Carlo (``measure_currents``) or by
``mean_field_occupations``; ``sweep_voltages`` takes many settings.
Names are imported when first used.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
