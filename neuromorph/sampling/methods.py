"""The samplers: one name for the function, the command's ``--method``, the dimod sampler and the target.

A method ``parallel-words`` is the function ``parallel_words``, the class ``ParallelWordsSampler``, the target
``cpu-parallel-words``; simulated annealing alone is the target ``cpu-anneal``, which solves tours as well.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class SamplerMethod:
    """A sampler.

    name : str               as on the command line
    dimod, command : bool    whether it is a dimod sampler, a ``--method``
    target : str             under which it is installed; empty: under none
    formerly : str           what ``--method`` and the target (behind ``cpu-``) were called, until the next release
    """

    name: str
    dimod: bool = True
    command: bool = False
    target: str = ""
    formerly: str = ""

    @property
    def function(self) -> str:
        """Its name in ``neuromorph.sampling``."""
        return self.name.replace("-", "_")

    @property
    def dimod_class(self) -> str:
        """The name of its dimod sampler."""
        return "".join(word.capitalize() for word in self.name.split("-")) + "Sampler"


METHODS = (
    SamplerMethod("gibbs", command=True, target="cpu-gibbs"),
    SamplerMethod("metropolis"),
    SamplerMethod("block-gibbs"),
    SamplerMethod("swendsen-wang", command=True, target="cpu-swendsen-wang", formerly="cluster"),
    SamplerMethod("wolff", dimod=False),
    SamplerMethod("simulated-annealing", target="cpu-anneal"),
    SamplerMethod("tempering", command=True, target="cpu-tempering"),
    SamplerMethod("population-annealing", command=True, target="cpu-population-annealing", formerly="population"),
    SamplerMethod("quantum-annealing", command=True, target="cpu-quantum-annealing", formerly="quantum"),
    SamplerMethod("path-integral", dimod=False),
    SamplerMethod("annealed-importance", dimod=False),
)

RENAMED_METHODS = {method.formerly: method.name for method in METHODS if method.formerly}
