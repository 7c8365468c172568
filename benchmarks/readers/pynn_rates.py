"""A PyNN script of ours, run by another simulator: do its rates agree with ours?

Run it where PyNN 0.12 or later and one of its simulators are installed: python benchmarks/readers/pynn_rates.py
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
from scipy.optimize import brentq

_RUNNER = """
import runpy, sys
from importlib import import_module
import numpy as np
script, case, out, simulator = sys.argv[1:]
sim, written = import_module("pyNN." + simulator), runpy.run_path(script)
rates = []
for x in np.load(case):
    sim.setup(timestep=written["STEP_MS"], min_delay=written["STEP_MS"])
    cells = written["build"](sim)
    cells.record("spikes")
    cells.set(i_offset=np.array(written["BIASES"]) + 1e3 * x)
    sim.run(200.0)
    cells.set(i_offset=np.array(written["BIASES"]))
    sim.run(1300.0)
    trains = cells.get_data().segments[0].spiketrains
    rates.append([np.sum(np.array(train) > 700.0) / 0.8 for train in trains])
    sim.end()
np.save(out, np.array(rates))
"""


def main(argv: list[str] | None = None) -> float:
    """Print the correlation of the rates of all cues and neurons; return the lowest."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--python", default=sys.executable, help="an interpreter that has PyNN, if not this one")
    parser.add_argument("--simulator", default="brian2", help="a module of PyNN: brian2, nest, neuron")
    parser.add_argument("--neurons", type=int, default=100)
    parser.add_argument("--patterns", type=int, default=3)
    parser.add_argument("--refractory", type=float, default=10e-3, help="s")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args(argv)

    from neuromorph.spiking import LifNetwork, LifNeuron, write_pynn

    rng, n, p = np.random.default_rng(options.seed), options.neurons, options.patterns
    cell = LifNeuron(refractory_s=options.refractory, reset_v=-70e-3, noise_v=0.0)
    patterns = rng.choice([-1, 1], (p, n))
    t = patterns.T @ patterns / n
    np.fill_diagonal(t, 0.0)
    middle, high = (
        brentq(lambda bias, hz=hz: float(cell.rate_without_noise(bias)) - hz, 20.0001e-3, 1.0) for hz in (15.0, 30.0)
    )
    swing = high - middle
    network = LifNetwork(2.0 * swing * t / (30.0 * cell.synapse_s), middle - swing * t.sum(axis=1), cell)
    cues = swing * np.where(rng.random((p, n)) < 0.25, -patterns, patterns)
    with tempfile.TemporaryDirectory() as folder:
        script, case, out = (str(Path(folder) / name) for name in ("memory.py", "cues.npy", "rates.npy"))
        write_pynn(script, network)
        np.save(case, cues)
        subprocess.run([options.python, "-c", _RUNNER, script, case, out, options.simulator], check=True, cwd=folder)
        theirs = np.load(out)
    correlations = []
    for k in range(p):
        inputs = np.zeros((1500, n))
        inputs[:200] = cues[k]
        ours = network.run(inputs)[700:].mean(axis=0) / cell.step_s
        correlations.append(float(np.corrcoef(ours, theirs[k])[0, 1]))
        overlap = np.mean(np.sign(theirs[k] - 15.0) * patterns[k])
        print(
            f"cue {k}: correlation {correlations[-1]:.4f}, largest difference {abs(ours - theirs[k]).max():.2f} Hz, "
            f"mean rates {ours.mean():.2f} and {theirs[k].mean():.2f} Hz, overlap in PyNN {overlap:.2f}"
        )
    return min(correlations)


if __name__ == "__main__":
    main()
