"""Ten random tours of ten cities: Hopfield and Tank's network of 1985 beside the softassign that mended it.

Run it: python examples/hopfield_tank_1985.py
"""

from __future__ import annotations

import argparse

import numpy as np

from neuromorph.analog import hopfield_tank, softassign
from neuromorph.rng import read_seeds
from neuromorph.validate.analog_checks import random_cities, tour_gaps


def main(argv: list[str] | None = None) -> dict[str, float]:
    """Print the table; return feasible fractions and mean gaps."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--instances", type=int, default=10)
    parser.add_argument("--starts", type=int, default=20)
    parser.add_argument("--cities", type=int, default=10)
    parser.add_argument("--seed", type=int, default=1985)
    options = parser.parse_args(argv)

    print(f"{options.cities} random cities in the unit square, {options.starts} starts each; gap over the optimal tour")
    print("instance    1985: feasible  mean gap    softassign: feasible  mean gap      best")
    methods = {"1985": hopfield_tank, "softassign": softassign}
    feasible: dict[str, list[float]] = {name: [] for name in methods}
    gap: dict[str, list[float]] = {name: [] for name in methods}
    for instance, (places, seed) in enumerate(
        zip(*(read_seeds(options.seed + k, options.instances) for k in (0, 1)), strict=True)
    ):
        distances = random_cities(options.cities, places)
        cells = []
        for name, method in methods.items():
            result = method(distances, seed.spawn(options.starts))
            found = tour_gaps(result, distances)
            feasible[name].append(float(result.valid.mean()))
            gap[name].extend(found)
            cells += [f"{result.valid.mean():.0%}", f"{found.mean():.1%}" if len(found) else "-"]
        cells.append(f"{found.min():.1%}" if len(found) else "-")
        print("{:8d}  {:>14}  {:>8}  {:>20}  {:>8}  {:>8}".format(instance, *cells))
    summary = {f"{name} feasible": float(np.mean(feasible[name])) for name in methods}
    summary |= {f"{name} gap": float(np.mean(gap[name])) if gap[name] else float("nan") for name in methods}
    for name in methods:
        print(f"{name}: {summary[name + ' feasible']:.1%} feasible, mean gap {summary[name + ' gap']:.1%}")
    print("runs that end in a tour, parameters of 1985: published 16 of 20 (Hopfield and Tank 1985) and about 8 % "
          f"(Wilson and Pawley 1988), ours {summary['1985 feasible']:.1%}; "
          f"softassign {summary['softassign feasible']:.0%}")  # fmt: skip
    return summary


if __name__ == "__main__":
    main()
