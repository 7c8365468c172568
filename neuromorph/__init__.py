"""neuromorph: one problem on many kinds of physics, down to joules per correct answer.

>>> import neuromorph as nm
>>> problem = nm.load("berlin52.tsp")
>>> comparison = nm.compare(problem, targets=["analog-circuit", "cpu-anneal"], reads=100, rng=0)
>>> nm.write_report(comparison, "report")

Names are imported when first used, so that ``import neuromorph`` costs nothing; ``__init__.pyi`` lists them.
"""

from typing import Any

import lazy_loader

__version__ = "0.1.0"

_find, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)

_RENAMED = {  # until the next release
    "annealing": "analog",
    "memory": "associative_memory",
    "target": "get_target",
    "targets": "available_targets",
    "Minimise": "Minimize",
    "Relax": "RecallFrom",
}


def __getattr__(name: str) -> Any:
    if name in _RENAMED:
        import warnings

        message = f"neuromorph.{name} is now neuromorph.{_RENAMED[name]}; the old name goes with the next release"
        warnings.warn(message, DeprecationWarning, stacklevel=2)
        return _find(_RENAMED[name])
    return _find(name)
