"""A NIR file of ours, run by Norse: do its rates agree with ours?

Run it where torch, norse and nir are installed beside this package: python benchmarks/readers/nir_norse.py
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
from scipy.optimize import brentq

_READER = """
import sys
import nir, norse.torch, numpy as np, torch
path, case, out, dt = sys.argv[1:]
network = norse.torch.from_nir(nir.read(path), dt=float(dt), ignore_warnings=True)
spikes, state = [], None
with torch.no_grad():
    for x in np.load(case):
        z, state = network(torch.tensor(x, dtype=torch.float32), state)
        spikes.append(z.numpy())
np.save(out, np.array(spikes))
"""


def main(argv: list[str] | None = None) -> float:
    """Print the correlation of the rates of all cues and neurons; return the lowest."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--python", default=sys.executable, help="an interpreter that has norse, if not this one")
    parser.add_argument("--neurons", type=int, default=100)
    parser.add_argument("--patterns", type=int, default=3)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args(argv)

    from neuromorph.spiking import LifNetwork, LifNeuron, write_nir

    rng, n, p = np.random.default_rng(options.seed), options.neurons, options.patterns
    cell = LifNeuron(refractory_s=0.0, reset_v=-70e-3, noise_v=0.0)
    patterns = rng.choice([-1, 1], (p, n))
    t = patterns.T @ patterns / n
    np.fill_diagonal(t, 0.0)
    middle, high = (
        brentq(lambda bias, hz=hz: float(cell.rate_without_noise(bias)) - hz, 20.0001e-3, 1.0) for hz in (15.0, 30.0)
    )
    swing = high - middle
    network = LifNetwork(2.0 * swing * t / (30.0 * cell.synapse_s), middle - swing * t.sum(axis=1), cell)
    inputs = np.zeros((1500, p, n))
    inputs[:200] = swing * np.where(rng.random((p, n)) < 0.25, -patterns, patterns)
    with tempfile.TemporaryDirectory() as folder:
        path, case, out = (str(Path(folder) / name) for name in ("memory.nir", "inputs.npy", "spikes.npy"))
        write_nir(path, network)
        np.save(case, inputs)
        subprocess.run([options.python, "-c", _READER, path, case, out, str(cell.step_s)], check=True)
        theirs = np.load(out)[700:].mean(axis=0) / cell.step_s
    correlations = []
    for k in range(p):
        ours = network.run(inputs[:, k])[700:].mean(axis=0) / cell.step_s
        correlations.append(float(np.corrcoef(ours, theirs[k])[0, 1]))
        overlap = np.mean(np.sign(theirs[k] - 15.0) * patterns[k])
        print(
            f"cue {k}: correlation {correlations[-1]:.4f}, largest difference {abs(ours - theirs[k]).max():.2f} Hz, "
            f"mean rates {ours.mean():.2f} and {theirs[k].mean():.2f} Hz, overlap in Norse {overlap:.2f}"
        )
    return min(correlations)


if __name__ == "__main__":
    main()
