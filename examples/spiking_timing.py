"""What do single spikes carry? Memory in their phases, with and without locking, and recognition by their delays.

Run it: python examples/spiking_timing.py
A quarter of every cue is wrong. Values are scaled by .5 to 2 and multiplied by log-normal noise.
"""

from __future__ import annotations

import argparse

import numpy as np

from neuromorph.estimate import wilson_interval
from neuromorph.spiking import DelayCodeMemory, PhaseMemory


def main(argv: list[str] | None = None) -> dict[tuple[str, float], np.ndarray]:
    """Print both tables; return {(kind, load or noise): overlap, or share that is right, of every seed}."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--size", type=int, default=400, help="neurons of the memory")
    parser.add_argument("--loads", type=float, nargs="+", default=[0.02, 0.05, 0.08, 0.10, 0.12], metavar="ALPHA")
    parser.add_argument("--noises", type=float, nargs="+", default=[0.0, 0.25, 0.5, 1.0], metavar="SIGMA", help="ln")
    parser.add_argument("--seeds", type=int, default=5, help="networks at every load, sets of templates at every noise")
    parser.add_argument("--trials", type=int, default=10, help="cues, or values, for each")
    parser.add_argument("--backend", choices=["numpy", "cython", "cpp_standalone"], default="numpy")
    options = parser.parse_args(argv)

    found: dict[tuple[str, float], np.ndarray] = {}
    print(
        f"{options.size} neurons, {options.seeds} networks, {options.trials} cues each; mean overlap (standard error)"
    )
    print(f"load  {'phases, locked':>18}{'phases, free':>18}{'discrete, locked':>18}")
    for load in options.loads:
        rows = np.array([_recall(load, seed, options) for seed in range(options.seeds)])
        for kind, row in zip(("locked", "free", "discrete"), rows.T, strict=True):
            found[kind, load] = row
        errors = rows.std(axis=0, ddof=min(1, len(rows) - 1)) / np.sqrt(len(rows))
        print(f"{load:<6}" + "".join(f"{x:>10.4f} ({e:.4f})" for x, e in zip(rows.mean(axis=0), errors, strict=True)))
    print(f"\n10 templates of 60 values, {options.seeds * options.trials} trials; the share recognized (95 % interval)")
    for noise in options.noises:
        right = np.array([_recognize(noise, seed, options) for seed in range(options.seeds)])
        found["delays", noise] = right.mean(axis=1)
        share = wilson_interval(int(right.sum()), right.size)
        print(f"noise {noise:<5} {share.value:>8.1%} ({share.low:.1%} to {share.high:.1%})")
    print("no published number for these templates and loads; luck recognizes 10 %")
    return found


def _recall(load: float, seed: int, options: argparse.Namespace) -> tuple[float, float, float]:
    """Mean overlap with locking, without it, and of the discrete phasor network that spikes should come to."""
    rng = np.random.default_rng([seed, round(1000 * load)])
    patterns = rng.choice([-1, 1], (max(1, round(load * options.size)), options.size))
    targets = patterns[np.arange(options.trials) % len(patterns)]
    wrong = np.argsort(rng.random(targets.shape), axis=1) < options.size // 4
    cues = np.where(wrong, -targets, targets)
    locked = PhaseMemory.from_patterns(patterns, backend=options.backend)
    free = PhaseMemory.from_patterns(patterns, locking=0.0, backend=options.backend)
    discrete = np.abs((locked.phasor_network(cues) * targets).mean(axis=1))
    spikes = (network.recall(cues).overlaps(targets).mean() for network in (locked, free))
    return *(float(x) for x in spikes), float(discrete.mean())


def _recognize(noise: float, seed: int, options: argparse.Namespace) -> np.ndarray:
    """Which trials are right, at scales from .5 to 2."""
    rng = np.random.default_rng([seed, round(1000 * noise), 1])
    templates = np.exp(rng.uniform(-1.5, 1.5, (10, 60)))
    labels = rng.integers(0, len(templates), options.trials)
    scales = np.geomspace(0.5, 2.0, options.trials)[:, None]
    values = scales * templates[labels] * np.exp(noise * rng.standard_normal((options.trials, 60)))
    return DelayCodeMemory(templates, latest_s=80e-3, backend=options.backend).recognize(values).labels == labels


if __name__ == "__main__":
    main()
