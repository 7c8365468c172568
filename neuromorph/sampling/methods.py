"""Table of the samplers: one name for the function, the command's ``--method``, the dimod sampler and the target.

A method ``parallel-words`` is the function ``parallel_words``, the class ``ParallelWordsSampler``, the target
``cpu-parallel-words``; simulated annealing alone is the target ``cpu-anneal``, which solves tours as well.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class SamplerMethod:
    """Names of one sampler.

    Attributes
    ----------
    name : str
        Name on the command line.
    dimod, command : bool
        Whether it is a dimod sampler, and a ``--method``.
    target : str
        Name of its installed target; empty if there is none.
    formerly : str
        Former name of ``--method`` and of the target (behind ``cpu-``), which is valid until the next release.
    """

    name: str
    dimod: bool = True
    command: bool = False
    target: str = ""
    formerly: str = ""

    @property
    def function(self) -> str:
        """Name of the function in ``neuromorph.sampling``."""
        return self.name.replace("-", "_")

    @property
    def dimod_class(self) -> str:
        """Name of the dimod sampler."""
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
