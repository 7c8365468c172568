"""Factor 945 with 8 p-bits: (XY - 945)^2 held in its terms of order 1 to 4, the state at the end of each anneal.

Borders et al., Nature 573, 390 (2019), factored numbers up to 945 with 8 stochastic junctions. The energy has one
ground state, 63 x 15, among 256. An anneal of a thousand redraws that only has to visit it says little: uniform draws
visit it too. So the state at the end counts, and both baselines stand beside it. No other state is a local minimum
under single flips, for 945 is the largest product of these bits, all eight up: what is hard is to build the synapses of
three and four p-bits, not to search. 161 = 23 x 7 takes the same p-bits and has 12 local minima
of nearly the same energy, a few flips of thousands apart: it stands beside, and ten times as long helps little.

Run it: python examples/pbit_factoring.py
"""

from __future__ import annotations

import argparse
from collections import Counter
from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path

import numpy as np
from scipy.stats import binomtest

import neuromorph as nm
from hardware_targets.pbit import PBits, factoring_polynomial, read_factors
from neuromorph.rng import child, seed_sequence

NUMBER, X_BITS, Y_BITS = 945, 5, 3
HARDER = 161


@dataclass(frozen=True)
class Finals:
    """Final states of anneals on some chips."""

    what: str
    right: int
    anneals: int
    products: Counter[int]

    @property
    def band(self) -> tuple[float, float]:
        found = binomtest(self.right, self.anneals).proportion_ci(method="wilson")
        return float(found.low), float(found.high)


def anneal(what: str, device: PBits, chips: int, anneals: int, seed: int, number: int = NUMBER) -> Finals:
    """Finals of as many anneals on each of some chips."""
    problem = factoring_polynomial(number, X_BITS, Y_BITS)
    products: Counter[int] = Counter()
    for chip in range(chips):
        program = device.program(problem, child(seed_sequence(seed), chip, 0))
        run = device.run(program, nm.Minimize(), anneals, child(seed_sequence(seed), chip, 1))
        for state in run.spins:
            x, y = read_factors(problem.decode(state).value, X_BITS)
            products[x * y] += 1
    return Finals(what, products[number], chips * anneals, products)


def uniform_baselines(updates: int) -> tuple[float, float]:
    """Chances that uniform draws end at the one ground state, and that they visit it among ``updates``."""
    states = 2 ** (X_BITS + Y_BITS)
    return 1.0 / states, 1.0 - (1.0 - 1.0 / states) ** updates


def main(argv: list[str] | None = None) -> list[Finals]:
    """Write the figure and print the table; return the finals of each row."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--chips", type=int, default=20)
    parser.add_argument("--anneals", type=int, default=50, help="on each chip")
    parser.add_argument("--updates", type=int, default=1000, help="redraws in an anneal, of all p-bits together")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, default=Path("pbit_factoring.png"))
    options = parser.parse_args(argv)

    chip = PBits(dwells=options.updates / (X_BITS + Y_BITS))
    ideal = replace(chip, slope_spread=0.0, offset_spread=0.0, barrier_spread=0.0)
    late, clocked = replace(chip, synapse_delay=1.0), replace(chip, update="synchronous")
    rows = [
        anneal("junctions all alike", ideal, options.chips, options.anneals, options.seed),
        anneal("junctions of a chip", chip, options.chips, options.anneals, options.seed),
        anneal("four times their spread", _wide(chip), options.chips, options.anneals, options.seed),
        anneal("weights of 8 bits", replace(chip, weight_bits=8), options.chips, options.anneals, options.seed),
        anneal("weights of 5 bits", replace(chip, weight_bits=5), options.chips, options.anneals, options.seed),
        anneal("synapses a dwell time late", late, options.chips, options.anneals, options.seed),
        anneal("all at once on a clock", clocked, options.chips, options.anneals, options.seed),
    ]
    ends, visits = uniform_baselines(options.updates)
    print(f"{NUMBER} = 63 x 15 with {X_BITS + Y_BITS} p-bits, {options.updates} redraws an anneal, on average")
    for row in rows:
        low, high = row.band
        print(f"{row.what:>27}: {row.right / row.anneals:7.2%} of {row.anneals} final states ({low:.1%} to {high:.1%})")
    print(f"{'uniform draws':>27}: {ends:7.2%} of final states; {visits:.1%} of the same number of draws visit it")
    states = 2 ** (X_BITS + Y_BITS)
    print(f"{NUMBER} has {local_minima(NUMBER)} local minimum under single flips among {states} states; ", end="")
    print(f"{HARDER} = 23 x 7 has {local_minima(HARDER)}:")
    for times in (1, 10):
        longer = replace(chip, dwells=times * chip.dwells)
        row = anneal("", longer, options.chips, options.anneals, options.seed, HARDER)
        low, high = row.band
        share = f"{row.right / row.anneals:7.2%} of {row.anneals} final states ({low:.1%} to {high:.1%})"
        print(f"{HARDER}, {times * options.updates:>6} redraws of a chip: {share}")
    _draw(ends, chip, options)
    print(f"wrote {options.out}")
    print(f"published: {NUMBER} factored by 8 junctions (Borders et al. 2019); ours: junctions of a chip end at "
          f"63 x 15 in {rows[1].right / rows[1].anneals:.0%} of anneals, uniform draws in {ends:.1%}")  # fmt: skip
    return rows


def _wide(chip: PBits) -> PBits:
    constants = chip.constants
    names = ("slope_spread", "offset_spread")
    return replace(chip, **{name: 4.0 * constants[name].value for name in names})


def local_minima(number: int) -> int:
    """Number of states from which every single flip leads up."""
    bits = np.array(list(product([0, 1], repeat=X_BITS + Y_BITS)))
    problem = factoring_polynomial(number, X_BITS, Y_BITS)
    energies = np.array([problem.score(each) for each in bits])
    weights = 2 ** np.arange(bits.shape[1])[::-1]
    neighbors = np.arange(len(bits))[:, None] ^ weights
    return int((energies[:, None] < energies[neighbors]).all(axis=1).sum())


def _draw(ends: float, chip: PBits, options: argparse.Namespace) -> None:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(10.0, 3.4), layout="constrained")
    left, right = figure.subplots(1, 2)
    problem = factoring_polynomial(NUMBER, X_BITS, Y_BITS)
    trace = chip.trace(chip.program(problem, 1), nm.Minimize(), 2)
    left.plot(1e9 * trace.times, np.sqrt(np.abs(trace.energies)), color="#2f74b8", linewidth=0.8)
    left.set(xlabel="time, ns", ylabel="|XY - 945|", title="one anneal: hot, then cold")
    updates = 2 ** np.arange(4, 11)
    for what, device, color in (
        ("asynchronous", chip, "#2f74b8"),
        ("synapses a dwell time late", replace(chip, synapse_delay=1.0), "#8a5fb0"),
        ("all at once on a clock", replace(chip, update="synchronous"), "#c4572e"),
    ):
        shares = []
        for count in updates:
            short = replace(device, dwells=float(count) / (X_BITS + Y_BITS))
            found = anneal(what, short, options.chips, options.anneals, options.seed)
            shares.append(found.right / found.anneals)
        right.plot(np.log2(updates), shares, "o-", markersize=4, linewidth=1.2, color=color, label=what)
    visited = [uniform_baselines(int(count))[1] for count in updates]
    right.plot(
        np.log2(updates), visited, color="#5d6871", linestyle="--", linewidth=1.2, label="uniform draws, visited"
    )
    right.axhline(ends, color="#9aa3ab", linewidth=1.2, label="uniform draws, at the end")
    right.set_xticks(np.log2(updates), [str(count) for count in updates])
    right.set(xlabel="redraws in an anneal", ylabel="share at 945 = 63 x 15", title="final states", ylim=(-0.02, 1.04))
    right.legend(frameon=False, fontsize=8)
    for ax in (left, right):
        ax.grid(alpha=0.3)
    options.out.parent.mkdir(parents=True, exist_ok=True)
    FigureCanvasAgg(figure).print_figure(options.out, dpi=150)


if __name__ == "__main__":
    main()
