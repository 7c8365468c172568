"""Encoder problem of the first Boltzmann machine: learn a code for one-hot patterns through few hidden units.

Two groups of n visible units show the same one-hot pattern and are coupled through log2 n hidden units only, so that
every pattern needs a code of its own. Clamped exactly, couplings grow without bound, and machines are caught where two
patterns share a code; Ackley, Hinton and Sejnowski clamp noisily. They report 250 of 250 machines with four codes for
4-2-4, and 16 of 20 with all eight for 8-3-8 (Cogn. Sci. 9, 147 (1985)).

    python examples/encoder.py [--seeds 40]
"""

from __future__ import annotations

import argparse

import numpy as np

from neuromorph.validate.encoder_checks import learned_codes

PUBLISHED = {4: "250 of 250", 8: "16 of 20"}


def main(arguments: list[str] | None = None) -> dict[str, int]:
    """Count machines whose patterns have a code each."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--seeds", type=int, default=40, help="machines of each size; default: 40")
    seeds = parser.parse_args(arguments).seeds
    print("encoder  clamping   a code for each pattern   published")
    found = {}
    for n, hidden, noisy in ((4, 2, True), (4, 2, False), (8, 3, True)):
        each = [len(np.unique(learned_codes(n, hidden, seed, noisy=noisy), axis=0)) for seed in range(seeds)]
        name, how = f"{n}-{hidden}-{n}", "noisy" if noisy else "exact"
        found[f"{name} {how}"] = each.count(n)
        print(
            f"{name}    {how}    {each.count(n):10d} of {seeds}            {PUBLISHED[n] if noisy else '':>10}",
            flush=True,
        )
    print(f"a code for each pattern: 4-2-4 published {PUBLISHED[4]}, ours {found['4-2-4 noisy']} of {seeds}; 8-3-8 "
          f"published {PUBLISHED[8]}, ours {found['8-3-8 noisy']} of {seeds}")  # fmt: skip
    return found


if __name__ == "__main__":
    main()
