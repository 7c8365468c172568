r"""Your measured I-V curve as a neuron: from a file of voltage and current to a row beside other devices.

.. math:: \tau \dot u_i = \frac{1}{\Lambda} \Big(\sum_j J_{ij} x_j + h_i\Big) - u_i, \qquad
          x_i = g(V_{max}\, \mathrm{clip}(k u_i)) + \eta_i, \qquad g(V) = 2\, \frac{I(V) - I_-}{I_+ - I_-} - 1

with I between the ends I_- and I_+ of the curve, Lambda the largest row of couplings, and eta shot noise of the current
averaged for tau, of variance 2 e |I| / 2 tau: the least that a current has. An amplifier of gain k drives the device
within the measured voltages; k rises while the network minimizes, with noise that falls as 1 / k, and is high from the
start when it recalls. Energy: V I of the device at the end of its curve, amplifiers, couplings as resistors, control,
and what cools it. Couplings are exact and all devices alike: what differs between devices, one curve does not tell.
Source: Hopfield, PNAS 81, 3088 (1984). Up and down sweeps are joined by isotonic regression.

    python examples/iv_neuron.py examples/data/iv.csv examples/data/burma14.tsp --report iv-report
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from scipy.constants import elementary_charge

import neuromorph as nm
from neuromorph.calibration import read_measured
from neuromorph.report import print_comparison

DATA = Path(__file__).parent / "data"
AMPLIFIER_W = nm.Datum(1e-4, "W", 1e-6, 1e-2, "assumed", "amplifier of a current and driver of a voltage; no device")
CONTROL_W = nm.Datum(5e-3, "W", 1e-3, 5e-2, "assumed", "switches that load cues and read signs, clock; no device")
COUPLING_OHM = 1e6  # of the largest coupling
SPINS = 2000
KICK = 0.7  # noise that an amplifier adds while the gain rises, in widths of the curve


@dataclass(frozen=True, eq=False)
class IVNeurons:
    """Take devices of one measured curve as the neurons of Hopfield's network.

    Attributes
    ----------
    volts, amperes : (m,) float
        Rising curve.
    tau_s : float
        R C of a neuron, s: the time for which its current is averaged.
    cooler_w : float
        Electrical power of what cools the devices, W.
    sweeps : int
        Duration of a read, tau.
    """

    volts: Any
    amperes: Any
    tau_s: float = 1e-5
    cooler_w: float = 0.0
    sweeps: int = 200

    name = "iv-neurons"
    summary = "devices of one measured I-V curve as neurons of Hopfield's network"
    supported_tasks = frozenset({"minimize", "recall"})

    def program(self, problem: Any, rng: Any = None) -> nm.Program:
        """Hold couplings exactly, as resistors."""
        if problem.size > SPINS:
            raise nm.DoesNotFit(f"{problem.size} spins or more; {self.name} holds {SPINS} at most")
        return nm.Program(self.name, problem, nm.as_ising(problem), notes=("all devices alike, couplings exact",))

    def run(self, program: nm.Program, task: Any, reads: int = 1, rng: Any = None) -> nm.Run:
        """Let the network settle, while the gain rises or from a cue."""
        nm.require_support(self, task)
        held, streams = program.programmed, [np.random.default_rng(each) for each in nm.read_seeds(rng, reads)]
        couplings, biases = held.dense_couplings(), held.biases
        scale = float((np.abs(couplings).sum(axis=1) + np.abs(biases)).max(initial=0.0)) or 1.0
        couplings, biases = couplings / scale, biases / scale
        x, error = self._transfer(np.linspace(-1.0, 1.0, 513))
        steepest = float(np.gradient(x, 2.0 / 512).max())
        critical = 1.0 / (steepest * max(float(np.linalg.eigvalsh(couplings)[-1]), 1e-12))
        if isinstance(task, nm.RecallFrom):
            u, gains = 0.1 * task.cues(reads, held.size), np.full(self.sweeps, 50.0 * critical)
        else:
            u = np.stack([1e-2 * stream.standard_normal(held.size) for stream in streams])
            gains = critical * np.geomspace(0.5, 50.0, self.sweeps)
        step = 0.5  # of tau
        shaken = np.arange(2 * self.sweeps) < (0 if isinstance(task, nm.RecallFrom) else 1.8 * self.sweeps)
        for k, gain in enumerate(np.repeat(gains, 2)):
            nm.checkpoint("settling", k, 2 * self.sweeps)
            x, error = self._transfer(np.clip(gain * u, -1.0, 1.0))
            x = x + error * np.stack([stream.standard_normal(held.size) for stream in streams])
            u = u + step * (x @ couplings + biases - u)
            if shaken[k]:
                kicks = np.stack([stream.standard_normal(held.size) for stream in streams])
                u = u + KICK * np.sqrt(2.0 * step) / (steepest * gain) * kicks
        spins = np.where(u > 0.0, 1, -1).astype(np.int8)
        links = float(held.sparse_couplings().nnz)
        activity = {
            "tau": float(self.sweeps),
            "unit_tau": float(self.sweeps * held.size),
            "link_tau": self.sweeps * links,
        }
        return nm.complete_run(program, task, spins, activity)

    def costs(self) -> tuple[nm.Cost, ...]:
        """Price devices by V I, and what stands around them."""
        tau = nm.Datum(self.tau_s, "s", self.tau_s / 3, self.tau_s * 3, "assumed", "R C of a neuron, --tau")
        power = float(np.abs(self.volts * self.amperes)[[0, -1]].mean())
        watts = nm.Datum(power, "W", power / 2, power, "measured", "V I at the ends of the curve; less between them")
        drop = (self.volts[-1] - self.volts[0]) ** 2 / (4.0 * COUPLING_OHM)
        links = nm.Datum(drop, "W", drop / 10, drop * 10, "assumed", f"V^2 / R of a coupling of {COUPLING_OHM:g} ohm")
        costs = [
            nm.Cost("tau", "settling", time=tau),
            nm.Cost("unit_tau", "devices, V I", nm.multiply_data(watts, tau, "J")),
            nm.Cost("unit_tau", "amplifiers", nm.multiply_data(AMPLIFIER_W, tau, "J")),
            nm.Cost("link_tau", "couplings as resistors", nm.multiply_data(links, tau, "J")),
            nm.Cost("tau", "control", nm.multiply_data(CONTROL_W, tau, "J"), scope="chip", idle=True),
        ]
        if self.cooler_w > 0.0:
            cooler = nm.Datum(self.cooler_w, "W", self.cooler_w / 3, self.cooler_w * 3, "assumed", "--cooler")
            cold = nm.multiply_data(cooler, tau, "J")
            costs.append(nm.Cost("tau", "cooler", cold, scope="system", idle=True, needs="cryostat"))
        return tuple(costs)

    def _transfer(self, drive: Any) -> tuple[Any, Any]:
        """Return x at -1 .. 1 of the range of voltages, and the standard deviation of its shot noise."""
        low, high = self.volts[0], self.volts[-1]
        current = np.interp(low + (high - low) * (drive + 1.0) / 2.0, self.volts, self.amperes)
        span = self.amperes[-1] - self.amperes[0]
        noise = np.sqrt(elementary_charge * np.abs(current) / self.tau_s)
        return 2.0 * (current - self.amperes[0]) / span - 1.0, 2.0 * noise / span


def read_curve(path: str | Path) -> tuple[Any, Any, float]:
    """Read voltages and currents; return the rising curve through them and the share of variance that it misses."""
    from sklearn.isotonic import IsotonicRegression

    table = read_measured(path)
    found = {unit: [each for each in table.columns if each.unit == unit] for unit in ("V", "A")}
    if any(len(columns) != 1 for columns in found.values()):
        seen = ", ".join(f"{each.name!r} in {each.unit or 'no unit'}" for each in table.columns)
        raise SystemExit(f"error: {path} has {seen}; give one column in V and one in A, as 'V (mV)' and 'I (nA)'")
    volts, amperes = found["V"][0].values, found["A"][0].values
    there = np.isfinite(volts) & np.isfinite(amperes)
    volts, amperes = volts[there], amperes[there]
    at = np.unique(volts)
    curve = IsotonicRegression().fit(volts, amperes).predict(at)
    if len(at) < 5 or curve[-1] <= curve[0]:
        raise SystemExit(f"error: {path} has {len(at)} voltages and no rise of the current; give 5 or more")
    missed = float(((amperes - np.interp(volts, at, curve)) ** 2).mean() / amperes.var())
    return at, curve, missed


def main(argv: list[str] | None = None) -> nm.Comparison:
    """Compare the neuron of a measured curve with other devices, and write the report."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("curve", nargs="?", default=str(DATA / "iv.csv"), help="a column in V and one in A")
    parser.add_argument("problem", nargs="?", default=str(DATA / "cross.txt"), help="any problem file")
    parser.add_argument("--tau", type=float, default=1e-5, help="R C of a neuron, s")
    parser.add_argument("--cooler", type=float, default=0.0, help="electrical power of the cooler, W")
    parser.add_argument("--targets", default="cpu-anneal,analog-circuit,memristor-crossbar", help="rows beside it")
    parser.add_argument("--reads", type=int, default=50)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--report", type=Path, default=Path("iv-report"), help="folder")
    options = parser.parse_args(argv)

    volts, amperes, missed = read_curve(options.curve)
    ends = f"{volts[0]:g} to {volts[-1]:g} V, {amperes[0]:.3g} to {amperes[-1]:.3g} A"
    print(f"{options.curve}: {len(volts)} voltages, {ends}")
    print(f"a rising curve misses {missed:.2%} of the variance{': it falls somewhere' if missed > 0.05 else ''}")
    device = IVNeurons(volts, amperes, options.tau, options.cooler)
    targets = [device, *options.targets.split(",")]
    comparison = nm.compare(nm.load(options.problem), targets, reads=options.reads, rng=options.seed)
    nm.write_report(comparison, options.report)
    print_comparison(comparison, Console())
    success = next(each.success for each in comparison.results if each.target == device.name)
    if success is not None and success.value is not None:
        print(f"no published number for this curve; with its devices {success.value:.0%} of the reads succeed")
    print(f"written to {options.report}: open report.html")
    return comparison


if __name__ == "__main__":
    main()
