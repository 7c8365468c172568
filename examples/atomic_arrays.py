"""Arrays of atoms: what sites can hold, the telegraph of neurons and synapses, and a sine, as a table and two figures.

Run it: python examples/atomic_arrays.py
"""

from __future__ import annotations

import argparse
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np

from hardware_targets.atomic_spins import (
    AtomicSpins,
    CouplingLaw,
    DrivenAtom,
    Surface,
    SynapticArray,
    VoltageResponse,
    blind_errors,
    coupling_error,
    draw_dwell_times,
    draw_laws,
    draw_placement_errors,
    draw_site_map,
    draw_telegraph,
    exact_response,
    known_errors,
    place_atoms,
    place_on_sites,
    placement_at,
    simulate_residences,
    simulate_response,
)
from neuromorph import Ising, exact
from neuromorph.files.atomic_write import write_file

LAW, SURFACE = CouplingLaw.of(AtomicSpins().constants), Surface.of(AtomicSpins().constants)
SIZES = (3, 4, 5, 7)
JITTER_NM = 0.02


def couplings(seed: int, n: int) -> np.ndarray:
    """Return normal couplings of n atoms."""
    j = np.triu(np.random.default_rng(seed).normal(size=(n, n)), 1)
    return j + j.T


def placement_errors(problems: int, starts: int) -> dict[str, np.ndarray]:
    """Return relative errors (sizes, problems) anywhere, with jitter, snapped, after each search, and by other laws."""
    laws = draw_laws(AtomicSpins().constants, 8 * problems)
    found: dict[str, list[list[float]]] = {}
    for n in SIZES:
        row: dict[str, list[float]] = {}
        for seed in range(problems):
            wanted, rng = couplings(seed, n), np.random.default_rng(seed)
            free = place_atoms(wanted, LAW, rng, 256).positions
            moved = free + JITTER_NM * rng.standard_normal(free.shape)
            snapped = SURFACE.nearest_sites(free) * SURFACE.half_cell
            near = place_on_sites(wanted, LAW, SURFACE, rng, 1, first=free, pairs=False)
            sites = place_on_sites(wanted, LAW, SURFACE, rng, starts)
            each = {"anywhere": free, "anywhere, 20 pm jitter": moved, "snapped to sites": snapped}
            for name, at in {
                **each,
                "single moves from there": near.positions,
                "moves of one and two": sites.positions,
            }.items():
                row.setdefault(name, []).append(coupling_error(wanted, placement_at(wanted, LAW, at)))
            own = laws[8 * seed : 8 * seed + 1]
            row.setdefault("another law, known", []).extend(known_errors(wanted, own, SURFACE, rng, starts))
            row.setdefault("another law, blind", []).extend(blind_errors(wanted, sites.positions, own))
        for name, errors in row.items():
            found.setdefault(name, []).append(errors)
    return {name: np.array(errors) for name, errors in found.items()}


def four_atom_divergences(problems: int) -> np.ndarray:
    """Return KL(held || asked), nats, of 4 atoms on sites at beta = 1; couplings and biases of deviation 1/2."""
    found = []
    for seed in range(problems):
        asked = Ising(couplings(seed, 4) / 2.0, np.random.default_rng([seed, 5]).normal(size=4) / 2.0)
        held = AtomicSpins().program(asked, rng=seed).programmed
        p, q = exact.boltzmann(held, 1.0), exact.boltzmann(asked, 1.0)
        found.append(float(p @ np.log(p / q)))
    return np.array(found)


def synaptic_array() -> SynapticArray:
    """Return four neurons and three synapses, 300 times slower."""
    rng = np.random.default_rng([3, 1])
    return SynapticArray(Ising(0.35 * couplings(3, 7), 0.35 * rng.normal(size=7)), synapses=3, slowness=300.0)


def main(argv: list[str] | None = None) -> dict[str, np.ndarray]:
    """Print the table and write the figures; return the errors of the placements."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--problems", type=int, default=20, help="random problems of each size")
    parser.add_argument("--starts", type=int, default=16, help="descents of each search for sites")
    parser.add_argument("--reads", type=int, default=2000, help="of the response to a step")
    parser.add_argument("--residences", type=int, default=40_000)
    parser.add_argument("--out", type=Path, default=Path("atomic_arrays.png"))
    options = parser.parse_args(argv)

    from matplotlib.figure import Figure

    errors = placement_errors(options.problems, options.starts)
    print(f"error of the couplings, %: median (5 to 95 % of {options.problems} problems)")
    print(f"{'':26}" + "".join(f"{f'{n} atoms':>18}" for n in SIZES))
    for name, found in errors.items():
        cells = (100.0 * np.quantile(row, [0.05, 0.5, 0.95]) for row in found)
        print(f"{name:26}" + "".join(f"{f'{m:.1f} ({low:.1f}..{high:.1f})':>18}" for low, m, high in cells))
    kl = four_atom_divergences(options.problems)
    low, middle, high = np.quantile(kl, [0.05, 0.5, 0.95])
    print(f"4 atoms on sites, KL(held || asked): {middle:.2g} nats ({low:.2g} to {high:.2g})")

    figure = Figure(figsize=(11.0, 12.0), layout="constrained")
    axes = figure.subplots(3, 2)
    shown = ("anywhere", "snapped to sites", "single moves from there", "moves of one and two")
    draw_placement_errors(axes[0, 0], SIZES, {name: errors[name] for name in shown})
    axes[0, 0].set_title("what positions hold of random couplings", fontsize=10)
    wanted = couplings(1, 5)
    placed = place_on_sites(wanted, LAW, SURFACE, np.random.default_rng(0), options.starts)
    draw_site_map(axes[0, 1], SURFACE, placed.positions, [1, -1, 1, 1, -1])
    axes[0, 1].set_title(f"5 atoms on hollow sites, error {100 * coupling_error(wanted, placed):.0f} %", fontsize=10)
    _draw_synapses(axes[1], options.reads)
    _draw_sine(axes[2], options.residences)
    content = BytesIO()
    figure.savefig(content, dpi=130)
    write_file(options.out, content.getvalue())
    print(f"figures: {options.out}")
    print(f"no published number for placements on sites; four atoms differ from what was asked by {middle:.2g} nats")
    return errors


def _draw_synapses(axes: Any, reads: int) -> None:
    """Draw the telegraph of one read, and the response of all to a step of the voltage."""
    array = synaptic_array()
    after = array.with_biases(VoltageResponse(12.0, 0.0).biases_at(array.ising.biases, 0.1, array.beta))
    names = [f"neuron {i}" for i in range(array.neurons)] + [f"synapse {k}" for k in range(array.synapses)]
    target = AtomicSpins()
    gamma = target.constants["attempt_rate_hz"].value
    steps = np.arange(0.0, 1500.0, 2.0)
    one = simulate_response(array, array, steps, 1, rng=4)[:, 0]
    draw_telegraph(axes[0], steps / gamma, one, names)
    times = array.relaxation_times()
    axes[0].set_title(
        f"two time scales: synapses {times[0]:.0f} to {times[6]:.0f} attempt times, neurons below {times[7]:.1f}",
        fontsize=10,
    )
    looks = np.geomspace(0.2, 3000.0, 25)
    expected = exact_response(array, after, looks)
    seen = simulate_response(array, after, looks, reads, rng=5).mean(axis=1)
    for i, color in ((0, "C0"), (1, "C1"), (4, "C2")):
        axes[1].semilogx(looks / gamma, expected[:, i], color=color, lw=1.0)
        axes[1].semilogx(looks / gamma, seen[:, i], ".", color=color, label=names[i])
    axes[1].set_xlabel("time after a voltage step (s)")
    axes[1].set_ylabel("mean state")
    axes[1].legend(frameon=False, fontsize=8)
    axes[1].set_title("self-adaption: lines exact, points simulated", fontsize=10)


def _draw_sine(axes: Any, residences: int) -> None:
    """Draw residence times without a sine, and under one against frequency."""
    rest = DrivenAtom(800.0, 300.0, 0.0, 0.0, 0.0, 1.0)
    draw_dwell_times(axes[0], simulate_residences(rest, residences, 1)[0], 300.0)
    driven = DrivenAtom(800.0, 300.0, 25.0, -25.0, 0.06, 200.0)
    times = np.linspace(0.0, 0.03, 601)
    counts, edges = np.histogram(simulate_residences(driven, residences, 2)[0], np.linspace(0.0, 0.03, 121))
    axes[0].stairs(np.where(counts, counts / (residences * np.diff(edges)), np.nan), edges, color="C2", lw=0.8)
    axes[0].plot(times, driven.residence_density(times), color="C3", lw=1.0, label="under a sine of 200 Hz, exact")
    axes[0].set_ylim(1e-2, 1e3)
    axes[0].set_xlim(0.0, 0.03)
    axes[0].legend(frameon=False, fontsize=8)
    axes[0].set_title("residence in the upper state", fontsize=10)
    frequencies = np.geomspace(1.0, 1e5, 26)
    for name, up, down, color in (
        ("slopes 25 and 15 /V", 25.0, 15.0, "C0"),
        ("slopes 20 and -20 /V", 20.0, -20.0, "C1"),
    ):
        atoms = [DrivenAtom(800.0, 300.0, up, down, 0.06, float(f)) for f in frequencies]
        axes[1].semilogx(frequencies, [1e3 * atom.residence().up_s for atom in atoms], color=color, label=name)
        for limit, style in ((atoms[0].quasi_static_residence(), ":"), (atoms[0].averaged_residence(), "--")):
            axes[1].axhline(1e3 * limit.up_s, color=color, ls=style, lw=0.8)
    axes[1].set_xlabel("frequency (Hz)")
    axes[1].set_ylabel("mean residence up (ms)")
    axes[1].legend(frameon=False, fontsize=8)
    axes[1].set_title("dotted: DC equilibria; dashed: mean rates", fontsize=10)


if __name__ == "__main__":
    main()
