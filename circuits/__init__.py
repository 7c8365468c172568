"""circuits: an analog network, or a problem, becomes a netlist that SPICE runs, and a certificate that it is the same.

>>> from circuits import certify_problem, circuit_of, netlist_text, problem_netlist, simulate_circuit
>>> text = problem_netlist(problem, series="E96")
>>> certify_problem(problem).passed

Names are imported when first used.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
