"""A NIR file of ours, its nodes read by snnTorch: do its rates correlate with ours?

snnTorch 1.0.0 reads nodes as modules; nirtorch 2.0.5 and 2.6 fail to join modules where populations are recurrent
('GraphModule' object has no attribute 'items'), so that the two modules are joined here. Its RSynaptic does not reset
at once (with reset_delay=False it takes the spike of the step before), and its delayed reset clears the synaptic
current too, which NIR's does not: rates are lower, in nearly the same order (seed 0: correlation .992).

Run it where torch, snntorch and nir are installed beside this package: python benchmarks/readers/nir_snntorch.py
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

_READER = """
import sys
import nir, numpy as np, torch
from snntorch import import_nir
path, case, out = sys.argv[1:]
graph = import_nir._replace_rnn_subgraph_with_nirgraph(nir.read(path))
bias = import_nir._nir_to_snntorch_module(graph.nodes["bias"])
cells = next(node for node in graph.nodes.values() if isinstance(node, nir.NIRGraph))
cells = import_nir._nir_to_snntorch_module(cells, init_hidden=False)
cells.reset_delay = True
x, spikes = np.load(case), []
with torch.no_grad():
    z = current = v = torch.zeros(x.shape[1])
    for row in x:
        z, current, v = cells(bias(torch.tensor(row, dtype=torch.float32)), z, current, v)
        spikes.append(z.numpy().copy())
np.save(out, np.array(spikes))
"""


def main(argv: list[str] | None = None) -> float:
    """Print the correlation of the rates of all neurons, and return it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--python", default=sys.executable, help="an interpreter that has snntorch, if not this one")
    parser.add_argument("--neurons", type=int, default=40)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args(argv)

    from neuromorph.spiking import LifNetwork, LifNeuron, write_nir

    rng, n = np.random.default_rng(options.seed), options.neurons
    cell = LifNeuron(refractory_s=0.0, reset_v=-70e-3, noise_v=0.0)
    weights = rng.normal(0.0, 2e-3, (n, n))
    np.fill_diagonal(weights, 0.0)
    network = LifNetwork(weights, rng.uniform(18e-3, 30e-3, n), cell)
    inputs = np.zeros((2000, n))
    inputs[:200] = 5e-3 * rng.choice([-1, 1], n)
    with tempfile.TemporaryDirectory() as folder:
        path, case, out = (str(Path(folder) / name) for name in ("network.nir", "inputs.npy", "spikes.npy"))
        write_nir(path, network, form="snntorch")
        np.save(case, inputs)
        subprocess.run([options.python, "-c", _READER, path, case, out], check=True)
        theirs = np.load(out)[500:].mean(axis=0) / cell.step_s
    ours = network.run(inputs)[500:].mean(axis=0) / cell.step_s
    correlation = float(np.corrcoef(ours, theirs)[0, 1])
    print(f"correlation {correlation:.4f}, mean rates {ours.mean():.1f} and {theirs.mean():.1f} Hz")
    return correlation


if __name__ == "__main__":
    main()
