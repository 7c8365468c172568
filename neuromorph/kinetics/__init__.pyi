from .master_equation import entropy_production, generator, net_flows, stationary_probabilities
from .proofreading import Proofreading, ProofreadingFlows, fast_proofreading

__all__ = [  # noqa: RUF022  by theme
    "generator", "stationary_probabilities", "net_flows", "entropy_production",
    "Proofreading", "ProofreadingFlows", "fast_proofreading",
]  # fmt: skip
