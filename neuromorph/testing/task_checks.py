"""Checks of the three tasks: to minimize, to sample, to recall."""

from __future__ import annotations

import math

import numpy as np
from scipy.stats import binom, norm

from .. import exact
from ..ising import Ising
from ..protocol import DoesNotFit, Target
from ..task import Minimize, RecallFrom, Sample
from .assertions import first_that_fits, held_by, require_that, try_program
from .distributions import FALSE_FAILURE, require_consistent_statement, require_distribution, stated_distribution
from .models import MINIMIZED_SIZES, PATTERN_SIZES, glass, hadamard_memory, ring_model, telling_glass, textbook_models


def check_sampling(target: Target) -> None:
    """Check sampling against enumeration.

    The check draws 20,000 independent reads of 4 spins at irregular J, h != 0 and beta != 1.
    Detects KL >= 0.002: a sign, doubled couplings, beta^2, a missing bias, under-mixing, simultaneous updates, a stuck
    spin. And 2,000 reads at beta = 0, where all states are alike. A statement of what is sampled instead must be nearer
    to exp(-beta E) than coins are.
    """
    if "sample" not in target.supported_tasks:
        return
    for beta, reads in ((0.6, 20_000), (0.0, 2_000)):
        _, program, held = first_that_fits(target, glass(5, 4))
        run = target.run(program, Sample(beta), reads, 11)
        p, bound = stated_distribution(program, held, beta)
        if beta:
            require_consistent_statement(p, bound, exact.boltzmann(held, beta))
        require_distribution(run.spins, p, f"sample at beta = {beta}", bound=bound)


def check_textbook_models(target: Target) -> None:
    """Check sampling of the textbook models that fit.

    They are pair, triangle, ring, 2 x 2 torus, ferromagnet, +-J, fields alone, nothing and one spin.
    Equal couplings put spins in no field and all fields on one level, which irregular ones never do. 2,000 independent
    reads of each against enumeration, at 1.2 / (the strongest field) as beta, detect KL >= 0.015, and 5 standard errors
    of the energy; to minimize, the two ground states of a ring are found far more often than by chance.
    """
    if "sample" in target.supported_tasks:
        seen = 0
        for name, ising in textbook_models():
            program = try_program(target, ising)
            if isinstance(program, DoesNotFit):
                continue
            held, seen = held_by(program), seen + 1
            beta = 1.2 / (float(np.max(np.abs(ising.couplings).sum(axis=1) + np.abs(ising.biases))) or 1.0)
            spins, (p, bound) = (
                target.run(program, Sample(beta), 2_000, 19).spins,
                stated_distribution(program, held, beta),
            )
            require_distribution(spins, p, f"sample {name}", bound=bound)
            if bound:  # of a divergence: it says nothing of the mean energy
                continue
            energies, mean = exact.all_energies(held), float(p @ exact.all_energies(held))
            error = math.sqrt(float(p @ (energies - mean) ** 2) / len(spins))
            away = abs(float(held.energy(spins).mean()) - mean)
            require_that(
                away <= norm.isf(FALSE_FAILURE / 2.0) * error + 1e-9 * float(np.abs(energies).max()),
                f"sample {name}: the mean energy is {away / (error or 1.0):.1f} standard errors from the exact one",
            )
        require_that(seen > 0, "refuses every textbook model, even one spin")
    if "minimize" in target.supported_tasks:
        ising, program, _ = first_that_fits(target, *map(ring_model, MINIMIZED_SIZES))
        spins = target.run(program, Minimize(), 60, 19).spins
        found, chance = int((np.abs(spins.sum(axis=1)) == ising.size).sum()), 2.0 / 2**ising.size
        needed = max(6.0, float(binom.isf(FALSE_FAILURE, 60, chance)))
        require_that(
            found >= needed, f"minimize a ring: {found} of 60 reads are ground states; expected {needed:.0f} or more"
        )


def check_minimize(target: Target) -> None:
    """Check that ground states are found far more often than chance.

    Problems are small and frustrated, with biases, in units from milli to kilo.
    The ground states do not even stand still without biases, with turned or with doubled couplings: those are detected,
    and so are temperatures that do not follow the units.
    """
    if "minimize" not in target.supported_tasks:
        return
    reads, hits, chance = 40, 0, 0.0
    for seed, unit in ((2, 1.0), (3, 1e-3), (4, 1e3)):
        ising, program, held = first_that_fits(target, *(telling_glass(seed, n, unit) for n in MINIMIZED_SIZES))
        ground = np.unique(np.concatenate([exact.states_of(exact.ground_states(i)[1]) for i in (ising, held)]))
        found = np.isin(exact.states_of(target.run(program, Minimize(), reads, 13).spins), ground)
        require_that(
            bool(found.any()), f"minimize: no ground state in {reads} reads of {ising.size} spins, unit {unit:g}"
        )
        hits, chance = hits + int(found.sum()), chance + ground.size / 2**ising.size / 3
    needed = max(0.1 * 3 * reads, float(binom.isf(FALSE_FAILURE, 3 * reads, chance)))
    require_that(
        hits >= needed, f"minimize: {hits} of {3 * reads} reads are ground states; expected at least {needed:.0f}"
    )


def check_recall(target: Target) -> None:
    """Check that stored patterns come back from noisy cues.

    An eighth of the spins of each of 3 patterns (2 or 1 where few spins fit) is turned.
    At least 4 of 5 reads must end within 1 spin in 16 of their pattern: reads that ignore the cue, stay at it, or end
    at the negative are detected.
    """
    if "recall" not in target.supported_tasks:
        return
    ising, program, _ = first_that_fits(target, *(hadamard_memory(n)[0] for n in PATTERN_SIZES))
    patterns = hadamard_memory(ising.size)[1]
    meant = np.repeat(patterns, 8, axis=0)
    generator, n = np.random.default_rng(17), patterns.shape[1]
    turned = np.argsort(generator.random(meant.shape), axis=1) < n // 8
    spins = target.run(program, RecallFrom(np.where(turned, -meant, meant)), len(meant), 0).spins
    right = ((spins * meant).mean(axis=1) >= 1.0 - 2.0 / 16.0).mean()
    require_that(right >= 0.8, f"relax: {right:.0%} of the cues led to their pattern; expected at least 80 %")
    for pattern in patterns:
        stays = (target.run(program, RecallFrom(pattern), 8, 0).spins == pattern).mean()
        require_that(stays >= 0.95, f"relax: started at a stored pattern, {1 - stays:.0%} of the spins left it")


def check_recall_follows_biases(target: Target) -> None:
    """Check that strong biases turn every spin along its bias, from the opposite cue."""
    if "recall" not in target.supported_tasks:
        return
    sign = np.array([1, -1, -1, 1, -1, 1], np.int8)
    weak = glass(6, 6)
    _, program, _ = first_that_fits(target, Ising(0.05 * weak.couplings, 3.0 * sign))
    along = (target.run(program, RecallFrom(-sign), 8, 0).spins == sign).mean()
    require_that(along >= 0.95, f"relax: {along:.0%} of the spins follow a bias far above their couplings")
