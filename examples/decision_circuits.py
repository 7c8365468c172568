"""Tank and Hopfield's circuits of 1986: A/D converter, signal decomposition and linear programme.

Published: the 4-bit converter gives the right code when its amplifiers are set to zero before each conversion, and
hangs on to old codes in local minima when they are not; the linear programme rests at the optimum up to the slope of
its constraint amplifiers.

    python examples/decision_circuits.py
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from scipy.optimize import linprog

from circuits import build_hopfield_circuit, installed_engines, simulate_circuit
from neuromorph.analog import (
    LinearProgramState,
    converter_network,
    decomposition_network,
    linear_program_circuit,
    simulate,
)

WEIGHTS = 2 ** np.arange(4)
TIME_S = 2e-3  # 100 time constants
# A small factory: three products, three resources, none below zero.
COST = np.array([-1.0, -1.5, -0.8])
CONSTRAINTS = np.array([[-1.0, -2.0, -1.0], [-2.0, -1.0, -0.5], [0.0, -1.0, -1.0], *np.eye(3)])
BOUNDS = np.array([-4.0, -5.0, -1.5, 0.0, 0.0, 0.0])


def convert(value: float, start: np.ndarray) -> tuple[int, np.ndarray]:
    """(code, potentials at rest) of one conversion."""
    final = simulate(converter_network(value), start, TIME_S, samples=3, method="LSODA").final[0]
    return int((final > 0) @ WEIGHTS), final


def ramp(values: np.ndarray) -> np.ndarray:
    """Codes of values one after the other, each from the state of the one before."""
    state, codes = np.zeros(4), []
    for value in values:
        code, state = convert(value, state)
        codes.append(code)
    return np.array(codes)


def decomposed(count: int, seed: int) -> tuple[float, np.ndarray, np.ndarray, np.ndarray]:
    """(share of coefficients found, the last signal, its reconstruction, time) for sums of Gaussian pulses."""
    rng = np.random.default_rng(seed)
    time = np.linspace(0.0, 1.0, 60)
    basis = np.array(
        [np.exp(-((time - center) ** 2) / (2 * w**2)) for w in (0.04, 0.1) for center in (0.2, 0.4, 0.6, 0.8)]
    )
    right, signal, back = 0, time, time
    for _ in range(count):
        true = rng.integers(0, 2, len(basis))
        signal = true @ basis + 0.05 * rng.normal(size=time.size)
        network = decomposition_network(basis, signal)
        found = simulate(network, np.zeros(len(basis)), TIME_S, samples=3, method="LSODA").final[0] > 0
        right += int((found == true).sum())
        back = found @ basis
    return right / (count * len(basis)), signal, back, time


def in_spice() -> float:
    """Share of the 16 whole numbers that the netlist of the converter converts."""
    right = 0
    for value in range(16):
        network = converter_network(float(value))
        waves = simulate_circuit(build_hopfield_circuit(network, np.zeros(4), duration_s=TIME_S))
        last = waves.of([f"v{i}" for i in range(4)])[-1]
        right += int((last > 0.5) @ WEIGHTS == value)
    return right / 16


def main(argv: list[str] | None = None) -> dict[str, float]:
    """Write the figure, print ours beside the published behavior, and return the shares that are right."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument(
        "--points", type=int, default=150, help="values of the ramp; of an odd number one is 7.5, a saddle"
    )
    parser.add_argument("--signals", type=int, default=20, help="that are decomposed")
    parser.add_argument("--spice", action=argparse.BooleanOptionalAction, default=True, help="run the netlist too")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, default=Path("decision_circuits.png"))
    options = parser.parse_args(argv)

    values = np.linspace(-0.45, 15.45, options.points)
    reset = np.array([convert(value, np.zeros(4))[0] for value in values])
    up, down = ramp(values), ramp(values[::-1])[::-1]
    ours = {
        "reset": float(np.mean(reset == np.rint(values))),
        "ramp": float(np.mean(np.concatenate([up, down]) == np.tile(np.rint(values), 2))),
        "hysteresis": float(np.abs(up - down).max()),
    }
    print(f"A/D converter, {options.points} values: right {ours['reset']:.0%} when set to zero, off by at most "
          f"{np.abs(reset - np.rint(values)).max():.0f}; on ramps {ours['ramp']:.0%}, up and down as much as "
          f"{ours['hysteresis']:.0f} apart")  # fmt: skip
    if options.spice and installed_engines():
        ours["spice"] = in_spice()
        print(f"netlist of the converter in SPICE: {ours['spice']:.0%} of the 16 whole numbers are right")
    share, signal, back, time = decomposed(options.signals, options.seed)
    ours["decomposition"] = share
    print(f"decomposition into 8 pulses with 5 % noise: {share:.1%} of the coefficients of {options.signals} signals")
    best = linprog(COST, -CONSTRAINTS, -BOUNDS, bounds=(None, None))
    state = linear_program_circuit(COST, CONSTRAINTS, BOUNDS)
    penalty = float((best.ineqlin.marginals**2).sum()) / 1000.0
    ours["programme"] = state.value / best.fun - 1.0
    print(f"linear programme: {state.value:.5f}, optimum {best.fun:.5f}, penalty foreseen {penalty:.5f}")
    _draw(
        values,
        {"set to zero": reset, "ramp up": up, "ramp down": down},
        (time, signal, back),
        state,
        best.x,
        options.out,
    )
    print(f"wrote {options.out}")
    off = np.abs(reset - np.rint(values)).max()
    print(f"published: right when set to zero, ours {ours['reset']:.0%} (else {off:.0f} off); hysteresis "
          f"without, ours up to {ours['hysteresis']:.0f} codes; linear programme at the optimum, ours within "
          f"{abs(ours['programme']):.2%}")  # fmt: skip
    return ours


def _draw(
    values: np.ndarray,
    codes: dict[str, np.ndarray],
    signal: tuple[np.ndarray, np.ndarray, np.ndarray],
    state: LinearProgramState,
    optimum: np.ndarray,
    out: Path,
) -> None:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    from neuromorph.plotting.style import LINE, MUTED, series_color

    figure = Figure(figsize=(11.0, 3.7), layout="constrained")
    left, middle, right = figure.subplots(1, 3)
    for number, (name, each) in enumerate(codes.items()):
        left.step(values, each, where="mid", color=series_color(number), linewidth=1.0, label=name)
    left.plot(values, np.rint(values), ":", color=MUTED, linewidth=0.8, label="rounded")
    left.set(xlabel="analog value", ylabel="code", title="A/D converter")
    middle.plot(signal[0], signal[1], color=MUTED, linewidth=0.8, label="signal")
    middle.plot(signal[0], signal[2], color=series_color(0), label="sum of the pulses found")
    middle.set(xlabel="time", title="decomposition")
    for k, each in enumerate(state.trajectory.T):
        right.semilogx(state.times[1:], each[1:], color=series_color(k), label=f"variable {k + 1}")
        right.axhline(optimum[k], color=series_color(k), linestyle=":", linewidth=0.8)
    right.set(xlabel="time, C / conductance", title="linear programme; dotted: optimum", xlim=(1e-4, None))
    for ax in (left, middle, right):
        ax.grid(color=LINE)
        ax.legend(frameon=False, fontsize=8)
    out.parent.mkdir(parents=True, exist_ok=True)
    FigureCanvasAgg(figure).print_figure(out, dpi=150)


if __name__ == "__main__":
    main()
