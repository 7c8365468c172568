"""Run one deck in neospice and store its result: ``python neospice_worker.py deck.cir out.npz``.

A script of its own, not imported: neospice warns on the C level's stderr, and a deck beyond it ends the process.
"""

import sys
from pathlib import Path
from typing import Any, cast

import neospice
import numpy as np


def main(deck: str, out: str) -> None:
    """Run a deck and store its times, saved voltages and devices.

    Parameters
    ----------
    deck : str
        File of the netlist.
    out : str
        File that is written, in numpy's npz format.
    """
    simulator = cast(Any, neospice).Simulator()
    circuit = simulator.parse(Path(deck).read_text())
    result = simulator.run(circuit).transient
    if result is None:
        raise SystemExit("the deck has no transient")
    signals = {}
    for line in Path(deck).read_text().splitlines():
        if line.startswith(".save v("):
            node = line[len(".save v(") : -1]
            signals[f"v({node})"] = np.asarray(result.voltage(node))
    signals["time"] = np.asarray(result.time)
    signals["devices"] = np.array(circuit.device_names())
    np.savez(out, allow_pickle=False, **signals)


if __name__ == "__main__":
    main(*sys.argv[1:])
