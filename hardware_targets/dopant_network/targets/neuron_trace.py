"""What dopant neurons show of one read: outputs and potentials while they settle, states while they fire."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neuromorph.ising import Float
from neuromorph.run import Program
from neuromorph.task import Minimize, Task
from neuromorph.trace import Trace
from neuromorph.trace_recorder import Recorder

_BETA = "inverse temperature"


class SettlingRecorder:
    """Recorder of an anneal, or of a relaxation, whose gain does not change.

    The simulation calls it; it changes nothing.
    """

    def __init__(self, program: Program) -> None:
        names = {"outputs": "x{}", "potentials": "u{}"}
        self._recorder, self._gains = (
            Recorder(program, dict.fromkeys(names, ""), columns=names, states=""),
            dict[float, float](),
        )

    def __call__(self, t_s: float, u: Float, x: Float, factor: float) -> None:
        """Keep potentials u and outputs x (reads, n) at a factor on the gain."""
        self._gains[t_s] = factor
        self._recorder.look(t_s, np.where(u[0] > 0.0, 1, -1), outputs=x[0], potentials=u[0])

    def finish(self, task: Task, spins: NDArray[np.int8], converged: bool, provenance: Mapping[str, Any]) -> Trace:
        """Complete the trace of the read.

        Parameters
        ----------
        task : Task
            Task of the read.
        spins : (n,) int8
            Final state.
        converged : bool
            Whether the dynamics came to rest.
        provenance : dict
            Parameters of the target.

        Returns
        -------
        Trace
            The read.
        """
        gain = {"relative gain": ("", self._gains.__getitem__)} if isinstance(task, Minimize) else {}
        notes = ["potentials u are in units of their swing; outputs x are shown without the noise of the hopping"]
        return self._recorder.finish(
            task, spins, converged=converged, schedules=gain, notes=notes, provenance=provenance
        )


class FiringRecorder:
    """Recorder of a sample: the state after each sweep over the neurons.

    The simulation calls it; it changes nothing.
    """

    def __init__(self, program: Program) -> None:
        self._recorder = Recorder(program, {_BETA: "1/energy"}, states="fires", state="neuron {}")

    def __call__(self, t_s: float, beta: float, spins: NDArray[np.int8]) -> None:
        """Keep the spins at a time and inverse temperature."""
        self._recorder.look(t_s, spins[0], **{_BETA: beta})

    def finish(self, task: Task, spins: NDArray[np.int8], provenance: Mapping[str, Any]) -> Trace:
        """Complete the trace of the read.

        Parameters
        ----------
        task : Task
            Task of the read.
        spins : (n,) int8
            Final state.
        provenance : dict
            Parameters of the target.

        Returns
        -------
        Trace
            The read.
        """
        notes = ["neurons are asked one after another; a state is looked at after each sweep"]
        return self._recorder.finish(task, spins, notes=notes, provenance=provenance)
