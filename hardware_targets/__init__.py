"""Devices and processors as targets: they minimize, sample or recall, with time and energy from cited constants.

- ``cpu-anneal`` (``CpuAnneal``): simulated annealing on one core of this machine, time measured.
- ``cpu-gibbs`` (``cpu_gibbs``): heat-bath sampling on one core.
- ``cpu-swendsen-wang`` (``cpu_swendsen_wang``): Swendsen-Wang clusters on one core.
- ``cpu-tempering`` (``cpu_tempering``): parallel tempering on one core.
- ``cpu-population-annealing`` (``cpu_population_annealing``): population annealing on one core.
- ``cpu-quantum-annealing`` (``cpu_quantum_annealing``): path-integral quantum annealing, simulated on one core.
- ``cpu-relaxation`` (``CpuRelaxation``): recall by any memory on one core, spin by spin or all at once.
- ``cpu-optimize`` (``CpuOptimize``): exact reductions, then the best method for the structure, on one core.
- ``cpu-simulated-bifurcation`` (``cpu_simulated_bifurcation``): ballistic or discrete, on one core.
- ``cpu-coherent-ising`` (``cpu_coherent_ising``): the equations of a coherent Ising machine on one core.
- ``cpu-sim-cim`` (``cpu_sim_cim``): SimCIM on one core.
- ``cpu-local-quantum-annealing`` (``cpu_local_quantum_annealing``): local quantum annealing on one core.
- ``analog-circuit`` (``AnalogCircuit``): Hopfield's network of op-amps, resistors and capacitors.
- ``memristor-crossbar`` (``MemristorCrossbar``): couplings in pairs of phase-change cells, analog neurons.
- ``atomic-spins`` (``AtomicSpins``): two-state atoms on sites of a surface; 7 spins, more in tiles; samples.
- ``atomic-spins-ideal`` (``AtomicSpinsIdeal``): the same atoms with freely programmable couplings and temperature.
- ``dopant-glass`` (``DopantGlass``): the Coulomb glass of acceptors in silicon; up to 5 spins, samples.
- ``dopant-neurons`` (``DopantNeurons``): dopant networks at 77 K as neurons, couplings in memristors.
- ``dopant-neurons-300k`` (``dopant_neurons_300k``): silicon units at room temperature as neurons, no cooler.
- ``p-bits`` (``PBits``): stochastic magnetic junctions in time or on a clock; a forecast.
- ``oscillators`` (``Oscillators``): phases made binary by a second harmonic; a forecast.
- ``brim`` (``Brim``): bistable RC nodes coupled by resistors; a forecast.
- ``digital-annealer`` (``DigitalAnnealer``): parallel trial with dynamic offset in integers, 1024 variables.
- ``cellular-automaton`` (``CellularAutomaton``): all spins at once, held back by a replica; 512 spins.
- ``cmos-annealer`` (``CmosAnnealer``): a King's graph of 384 x 384 spins, coefficients of 4 bits.
- ``quantum-annealer`` (``QuantumAnnealer``): minor embedding in Pegasus, Zephyr or Chimera, path-integral annealing.
- ``fpga-simulated-bifurcation`` (``FpgaSimulatedBifurcation``): adiabatic bifurcation in 16-bit words on an FPGA.
- ``thermodynamic-grid`` (``ThermodynamicGrid``): a grid of stochastic units, as announced for Z1; a forecast.
- ``spiking-loihi`` (``spiking_loihi``): Intel's first Loihi, digital spiking neurons with 8-bit weights.
- ``spiking-loihi2`` (``spiking_loihi2``): its successor; sizes published, energies and times assumed: a forecast.
- ``spiking-brainscales`` (``spiking_brainscales``): BrainScaleS-2, analog spiking neurons with fixed-pattern noise.
- ``spiking-generic`` (``spiking_generic``): a digital spiking chip of usual numbers, or by your own table.

>>> import neuromorph as nm
>>> from hardware_targets import MemristorCrossbar
>>> comparison = nm.compare(problem, targets=[MemristorCrossbar(levels=16, read_noise=0.0), "cpu-anneal"])

Names are imported when first used.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
