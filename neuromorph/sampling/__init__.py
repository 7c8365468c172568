r"""Sampling Ising problems on this machine: p(s) ~ exp(-beta E(s)).

>>> samples = gibbs(ising, beta=0.7, draws=1000, chains=4, rng=0)
>>> summary(samples)["worst_rhat"], effective_beta(ising, samples.flat())

Every sampler returns :class:`Samples`. Names are imported when first used. The border to the kernels,
``sampling.replicas.replicas``, is to be had from its module.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
