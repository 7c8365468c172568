r"""Two-state atoms on a surface, placed so that their couplings are those of a problem.

.. math:: r_\uparrow = \gamma e^{\theta f}, \qquad r_\downarrow = \gamma e^{-(1-\theta) f}, \qquad
          f_i = 2 \beta (h_i + \textstyle\sum_j J_{ij} s_j), \qquad
          J(x, y) = J_0 \cos(k_x x) \cos(k_y y)\, \frac{e^{-r / \xi}}{r}

- ``atomic-spins``: atoms on hollow sites of black phosphorus. Couplings come from the sites alone: what 3, 4, 5 and 7
  atoms hold of random couplings stands below. Larger problems are divided into tiles that are visited in turn, the
  couplings between them set as fields.
- ``atomic-spins-ideal``: the same switching if every coupling and the effective temperature could be set at will.

**What is read and what is assumed.** Read means in the abstract of the paper; no number of this device was found there.

.. list-table::
   :header-rows: 1

   * - Of the device
     - Read
     - Assumed here
   * - Two states of one atom
     - valencies of Co on black phosphorus, switched by tip and gate, read out by the current; Co in hollow sites
       (Kiraly 2018)
     - sites at corners and middle of a cell of 0.331 x 0.438 nm, all alike
   * - Boltzmann machine
     - patterned ensembles of Co have a multi-well landscape, tunable distributions, multi-valued and interlinking
       synapses, from the anisotropy of the surface (Kiraly 2021)
     - one rate law with a barrier theta; pairwise couplings; detailed balance unless an asymmetry is given
   * - Couplings by position
     - an oscillating exchange makes ferromagnetic, glassy and multi-well regimes of an array, set by wavelength over
       lattice constant, in theory (Kolmus 2018)
     - the law, its constants and their wide ranges; that an effective temperature scales them
   * - Two time scales
     - synapses reorganize by themselves under a stimulus, on another time scale than neurons (Kiraly 2021)
     - slower by 10\ :sup:`2` to 10\ :sup:`3`; the same rate law with another gamma
   * - Voltage
     - rates of Fe and Co depend on it, each in its way; a sine synchronizes residences, which a Poisson process with
       the DC rates describes; the favorability of Fe depends on the frequency, that of Co does not (van Weerdenburg
       2024)
     - exponentials, alpha and kappa
   * - Local bias
     - a Cu donor turns the favorability of a Co atom, by distance (Knol 2021)
     - a gate at each atom that sets any bias exactly
   * - Tiles, freezing, fields between tiles
     - nothing
     - all of it
   * - Attempt rate, drift, powers, seconds a move
     - 120 moves in 9 hours, of tin in germanium (NIMS on Oyabu 2005)
     - the rest

**Errors of the couplings**, in percent: median and 5 to 95 % of 40 problems with normal couplings, by
``examples/atomic_arrays.py``, which also draws them. The scale is refitted.

.. list-table::
   :header-rows: 1

   * - Placed
     - 3 atoms
     - 4 atoms
     - 5 atoms
     - 7 atoms
   * - anywhere
     - 0.0 (0.0 to 0.0)
     - 0.0 (0.0 to 0.0)
     - 0.2 (0.0 to 0.9)
     - 23.9 (15.6 to 32.6)
   * - anywhere, off by 20 pm
     - 9.5 (1.1 to 25.0)
     - 15.5 (6.2 to 31.8)
     - 32.8 (9.7 to 98.2)
     - 39.3 (29.2 to 55.9)
   * - snapped to the nearest sites
     - 35.2 (9.0 to 99.2)
     - 52.2 (24.1 to 92.5)
     - 85.5 (47.2 to 100.0)
     - 79.5 (63.7 to 99.4)
   * - single moves from there
     - 2.7 (0.3 to 8.4)
     - 13.1 (5.6 to 22.8)
     - 20.8 (12.8 to 34.0)
     - 39.4 (26.5 to 49.3)
   * - moves of one and two, 16 starts
     - 0.3 (0.1 to 0.6)
     - 4.2 (1.6 to 8.0)
     - 12.5 (8.3 to 15.4)
     - 27.0 (19.3 to 34.9)
   * - the same by another law of the range
     - 0.3 (0.1 to 1.0)
     - 4.2 (1.9 to 8.1)
     - 11.8 (8.1 to 21.1)
     - 27.1 (19.5 to 38.0)
   * - those sites where the law is another
     - 100.0 (39.1 to 100.0)
     - 100.0 (60.1 to 100.0)
     - 100.0 (68.4 to 100.0)
     - 99.5 (88.2 to 100.0)

Four atoms on sites at beta = 1, couplings and biases of deviation 1/2: KL(held || asked) is 0.0007 nats (0.0001 to
0.0024).

References: Kiraly et al., Nat. Commun. 9, 3904 (2018); Kiraly et al., Nat. Nanotechnol. 16, 414 (2021), arXiv
2005.01547; Kolmus et al., arXiv 1804.08093 (2018); Knol et al., arXiv 2107.07143 (2021); van Weerdenburg et al.,
"Stochastic syncing in sinusoidally driven atomic orbital memory" (2024), arXiv 2309.17000.

>>> from hardware_targets.atomic_spins import CouplingLaw, Surface, place_on_sites

Names are imported when first used.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
