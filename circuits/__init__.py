"""circuits: an analog network, or a problem, becomes a netlist that SPICE runs, and a certificate that it is the same.

>>> from circuits import certify_problem, problem_netlist
>>> text = problem_netlist(problem, series="E96")
>>> certify_problem(problem).passed

This page holds the names that a designer meets first; they are imported when first used. All others stand in their
modules: elements of circuits in ``netlist.circuit``, expressions in ``netlist.expressions``, dialects in
``spice.dialects``, synapses and neurons in ``synthesis``, figures in ``certificate.figures`` and ``schematic``.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
