r"""The Coulomb glass: acceptors at equal electrode voltages sample a Boltzmann distribution, and nothing else.

.. math:: H(n) = \sum_i n_i \varphi_i + \tfrac12 \sum_{ij} C_{ij} (1 - n_i)(1 - n_j), \qquad n_i = (1 + g_i s_i) / 2

    J_{ij} = -\tfrac{\sigma}{4} g_i g_j C_{ij}, \qquad
    h_i = \sigma g_i \Big( \tfrac14 \sum_j C_{ij} - \tfrac12 \varphi_i \Big), \qquad \varphi = L V_{gate} + \phi,
    \qquad k T = e / (\sigma \beta)

Two electrodes at 0 V exchange holes with the acceptors; the others are insulated gates, which holes cannot enter (an
assumption: a few nm of oxide), so that they may differ in voltage and no current flows. Gates set the biases, as far as
their range goes. Couplings are what the distances make them, all of one sign: the device is chosen among many that were
made, and its acceptors are named in the best order. Reading an acceptor upside down (g = -1) turns its couplings; what
is frustrated stays so. sigma, asked units a volt, gives the temperature at which the device is to be kept for beta.

Hopping between sites and to the two electrodes (``hopping_network``) brings the equilibrium about: a read starts at
random and is walked, hop by hop, for 14 relaxation times of the slowest mode.
What conducts between the contacts, activated or metallic, is told of each device (``zero_bias_conductance``).
Source: Efros and Shklovskii, J. Phys. C 8, L49 (1975).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import permutations, product
from math import factorial
from typing import Any, ClassVar

import numpy as np

from neuromorph.cost import Cost, lasting
from neuromorph.datum import Datum, invert_datum, multiply_data, scale_datum
from neuromorph.exact import states_of
from neuromorph.ising import Float, Ising
from neuromorph.problems.problem import Problem
from neuromorph.protocol import DoesNotFit, as_ising, mapping_error, require_support
from neuromorph.rng import RNG, kernel_states, read_seeds
from neuromorph.run import Program, Run, complete_run
from neuromorph.runtime.limits import checkpoint
from neuromorph.runtime.pieces import pieces
from neuromorph.runtime.threads import single_threaded_blas
from neuromorph.sampling.single_spin_kernel import randomize_spins
from neuromorph.target_constants import own_parameters
from neuromorph.task import Sample, Task
from neuromorph.trace import Trace
from neuromorph.trace_recorder import Recorder

from ..device.device import Device, device_data, silicon
from ..device.geometry import Disc
from ..transport.markov_chain import rate_table, relaxation_rate, walk_chain
from ..transport.master_equation import transitions
from ..transport.zero_bias_conductance import conduction_regime
from .glass_device import CLOSEST_SITES_M, GLASS_GATES, disc_electrodes, draw_sites, insulate_gates
from .interface_data import DATA, simulated_second
from .programmed_glass import ProgrammedGlass

MAX_GLASS_SPINS = 5
_TABLE = {**device_data(), **DATA}
_MATERIAL = (
    *("relative_permittivity", "localization_length", "attempt_temperature"),
    *("glass_radius", "glass_gate_range", "glass_closest_sites", "glass_electrode_share"),
)
_PRICED = frozenset(
    ("attempt_rate_hz", "charge_sensor_power", "charge_reading_time", "cryostat_power", "dac_conversion")
)
_MOST_DEVICES = 100_000  # whose arrays fit into memory
_TRIED = 24  # number of devices whose gates are fitted
_RELAXATIONS = 14.0  # duration of a read in relaxation times: exp(-14) of the start is left
_MOST_HOPS = 100_000  # largest number of hops of a read
_COLDEST_K, _HOTTEST_K = 4.0, 300.0  # range of temperatures in which the hopping model holds


@dataclass(frozen=True)
class DopantGlass:
    """Sample with a disc of acceptors between two contacts and six gates.

    Parameters
    ----------
    devices : int
        Devices made, of which ``program`` takes the best.
    radius_m : float
        Radius of the disc, m.
    gate_range_v : float
        Gates go from minus this to this, V.
    constants : dict of Datum
        The table that it is priced by.
    """

    devices: int = 2048
    radius_m: float = DATA["glass_radius"].value
    gate_range_v: float = DATA["glass_gate_range"].value
    constants: Mapping[str, Datum] = field(
        default_factory=lambda: {name: _TABLE[name] for name in (*_MATERIAL, *sorted(_PRICED))},
        hash=False,
        repr=False,
        kw_only=True,
    )

    name: ClassVar[str] = "dopant-glass"
    summary: ClassVar[str] = (
        f"Coulomb glass of acceptors in silicon, couplings by position: up to {MAX_GLASS_SPINS}, samples"
    )
    supported_tasks: ClassVar[frozenset[str]] = frozenset({"sample"})
    priced: ClassVar[frozenset[str]] = _PRICED
    limits: ClassVar[Mapping[str, Any]] = {
        "spins": MAX_GLASS_SPINS,
        "refuses": "to minimize and to recall: it is kept at one temperature, and a cue cannot be written",
    }

    def __post_init__(self) -> None:
        if not 1 <= self.devices <= _MOST_DEVICES:
            raise ValueError(f"devices is {self.devices}; at least one must be made, {_MOST_DEVICES:,} at most")
        for name in ("radius_m", "gate_range_v"):
            if not (np.isfinite(getattr(self, name)) and getattr(self, name) > 0.0):
                raise ValueError(f"{name} is {getattr(self, name)}; it must be finite and positive")
        if self.radius_m < 4.0 * CLOSEST_SITES_M:
            raise ValueError(
                f"radius_m is {self.radius_m:g}; {4.0 * CLOSEST_SITES_M:g} m is the least for {MAX_GLASS_SPINS} sites"
            )

    @single_threaded_blas()
    def program(self, problem: Ising | Problem, rng: RNG = None) -> Program:
        """Choose a device and its gate voltages for ``problem``; raise DoesNotFit above 5 spins.

        :meth:`.Target.program` documents the arguments.

        Returns
        -------
        Program
            Device, its gate voltages, and its couplings.
        """
        if problem.size > MAX_GLASS_SPINS:  # a problem has at least as many spins as its own size: do not build them
            raise _too_many(f"{problem.size} or more")
        asked = as_ising(problem)
        if asked.size > MAX_GLASS_SPINS:
            raise _too_many(str(asked.size))
        glass = self._choose(asked, np.random.default_rng(read_seeds(rng, 1)[0]))
        held = glass.ising(asked.offset)
        notes = (
            f"best of {self.devices} devices and {factorial(asked.size)} orders of the sites; all couplings repel, up "
            "to reading sites upside down",
            f"{len(GLASS_GATES)} insulated gates within {self.gate_range_v:g} V set the biases; contacts are at 0 V",
            f"kept at {glass.temperature_k(1.0):.3g} K / beta",
            f"between its contacts {conduction_regime(glass.network, glass.voltages_v)}",
        )
        error, setup = mapping_error(asked, held), {"gates_set": len(GLASS_GATES)}
        about = {"acceptors": asked.size, "gates": len(GLASS_GATES), "devices_tried": self.devices}
        return Program(self.name, problem, held, glass, error, notes, setup, one_chip=True, provenance=about)

    @single_threaded_blas()
    def run(self, program: Program, task: Task, reads: int = 1, rng: RNG = None) -> Run:
        """Walk the glass to equilibrium ``reads`` times and read every acceptor.

        :meth:`.Target.run` documents the arguments.

        Returns
        -------
        Run
            Final states, with the counted events of each read.
        """
        glass: ProgrammedGlass = program.state
        table, states, streams, duration, temperature = self._start(glass, task, reads, rng)
        hops = np.empty(reads, np.int64)
        for rows, _ in pieces(reads, 1, "hopping"):
            hops[rows] = walk_chain(*[*table, states[rows], duration, _MOST_HOPS, streams[rows]])
        holes = glass.holes(states)
        modelled = _COLDEST_K <= temperature <= _HOTTEST_K
        activity: dict[str, Any] = {"device_s": duration, "hops": hops, "site_readings": float(glass.network.sites)}
        outside = (
            f"needs {temperature:.3g} K, where hopping is not the whole physics ({_COLDEST_K:g} to {_HOTTEST_K:g} K)"
        )
        return complete_run(
            program,
            task,
            glass.signs * (2 * holes - 1),
            activity,
            converged=(hops < _MOST_HOPS) & modelled,
            message="" if modelled else outside,
            provenance={"parameters": own_parameters(self), "temperature_k": temperature},
        )

    @single_threaded_blas()
    def trace(self, program: Program, task: Task, rng: RNG = None) -> Trace:
        """Trace which acceptors hold a hole in one read, hop by hop.

        :meth:`.TracingTarget.trace` documents the arguments.

        Returns
        -------
        Trace
            Occupations of the acceptors against time.
        """
        glass: ProgrammedGlass = program.state
        table, states, streams, duration, temperature = self._start(glass, task, 1, rng)
        start, times, path = states.copy(), np.empty(_MOST_HOPS), np.empty(_MOST_HOPS, np.int64)
        hops = int(walk_chain(*[*table, states, duration, _MOST_HOPS, streams, times, path])[0])
        recorder = Recorder(program, {}, state="acceptor {}")
        at = [0.0, *times[:hops], *([duration] if hops < _MOST_HOPS else [])]
        occupied = glass.holes(np.r_[start, path[:hops], states][: len(at)])
        spins = np.asarray(glass.signs * (2 * occupied - 1), dtype=np.int8)
        for t, state in zip(at, spins, strict=True):
            recorder.look(t, state)
        notes = [f"{hops} hops at {temperature:.3g} K; +1 is a hole on the acceptor"]
        if (glass.signs < 0).any():
            turned = ", ".join(str(k) for k in np.flatnonzero(glass.signs < 0))
            notes.append(f"read upside down, so that +1 is none: {turned}")
        return recorder.finish(
            task,
            spins[-1],
            converged=hops < _MOST_HOPS and _COLDEST_K <= temperature <= _HOTTEST_K,
            scale=self._slower,
            notes=notes,
            provenance={"parameters": own_parameters(self), "temperature_k": temperature},
        )

    def costs(self) -> tuple[Cost, ...]:
        """List the prices of every counted event, with their sources.

        Returns
        -------
        tuple of Cost
            A price for each kind of event.
        """
        data = self.constants
        reading, rate = data["charge_reading_time"], data["attempt_rate_hz"]
        second = scale_datum(simulated_second("the time of an attempt to hop", invert_datum(rate, "s")), self._slower)
        return (
            Cost("device_s", "coming to equilibrium", time=second),
            Cost("site_readings", "charge sensors", multiply_data(data["charge_sensor_power"], reading, "J"), reading),
            Cost("gates_set", "DACs for gates, shared by all reads", data["dac_conversion"], scope="chip"),
            Cost(
                "site_readings",
                "cryostat, while sensors read",
                multiply_data(data["cryostat_power"], reading, "J"),
                scope="system",
                idle=True,
                needs="cryostat",
            ),
            Cost(
                "device_s",
                "cryostat",
                lasting(data["cryostat_power"], second),
                scope="system",
                counted=second.kind,
                idle=True,
                needs="cryostat",
            ),
        )

    @property
    def _slower(self) -> float:
        """Times that attempts to hop take longer than in the walk that is simulated."""
        return _TABLE["attempt_rate_hz"].value / self.constants["attempt_rate_hz"].value

    def _start(self, glass: ProgrammedGlass, task: Task, reads: int, rng: RNG) -> tuple[Any, ...]:
        """Table of rates, states to start from (reads,), streams, duration of a read (s) and temperature (K)."""
        require_support(self, task)
        assert isinstance(task, Sample)
        temperature = glass.temperature_k(task.beta)
        source, target, rates, *_ = transitions(glass.network, glass.voltages_v, temperature)
        streams, count = kernel_states(read_seeds(rng, reads)), 1 << glass.network.sites
        spins = np.empty((reads, glass.network.sites), np.int8)
        randomize_spins(spins, streams)
        duration = _RELAXATIONS / relaxation_rate(source, target, rates, count)
        return rate_table(source, target, rates, count), states_of(spins), streams, duration, temperature

    def _choose(self, asked: Ising, rng: np.random.Generator) -> ProgrammedGlass:
        """Choose the device, order, signs, scale and gate voltages that together miss (J, h) least."""
        n, wanted = asked.size, asked.dense_couplings()
        i, j = np.triu_indices(n, 1)
        shape = Disc(self.radius_m)
        electrodes, field = disc_electrodes(self.radius_m)
        positions = draw_sites(shape, self.devices, n, rng)
        near = 1.0 / np.linalg.norm(positions[:, i] - positions[:, j], axis=-1)
        # All orders and signs at once: couplings -C g g / 4 in order of the spins.
        orders = np.array(list(permutations(range(n))))
        signs = np.array([(1, *rest) for rest in product((1, -1), repeat=n - 1)])
        place = np.zeros((n, n), int)
        place[i, j] = place[j, i] = np.arange(i.size)
        alike = -(wanted[i, j] * signs[:, i] * signs[:, j])  # (signs, pairs)
        scores = np.empty((len(orders), self.devices))
        chosen = np.empty((len(orders), self.devices), int)
        size = np.linalg.norm(near, axis=1)
        for k, order in enumerate(orders):
            overlap = near[:, place[order[i], order[j]]] @ alike.T / np.maximum(size, 1e-300)[:, None]
            chosen[k] = overlap.argmax(axis=1)
            scores[k] = overlap.max(axis=1)
        if not wanted.any():  # as far apart as possible
            scores[:] = -size
        best, least = None, np.inf
        for done, flat in enumerate(np.argsort(-scores, axis=None, kind="stable")[:_TRIED]):
            checkpoint("choosing a device", done, _TRIED)
            k, d = np.unravel_index(flat, scores.shape)
            sites = positions[d][orders[k]]
            device = Device(shape, electrodes, sites, np.empty((0, 2)), silicon())
            vars(device)["field"] = field  # One solve serves all devices: fill the cached property.
            glass, error = self._gated(asked, device, signs[chosen[k, d]])
            if error < least:
                best, least = glass, error
        assert best is not None
        return best

    def _gated(self, asked: Ising, device: Device, signs: Float) -> tuple[ProgrammedGlass, float]:
        """Fit gate voltages and sigma for one device; return them with the squared error of (J, h)."""
        from scipy.optimize import lsq_linear

        network = insulate_gates(device.network, GLASS_GATES)
        lever, c = network.lever[:, GLASS_GATES], network.interaction_v
        unit = -0.25 * c * np.outer(signs, signs)
        wanted, h = asked.dense_couplings(), signs * asked.biases
        overlap, norm = float((unit * wanted).sum()), float((unit**2).sum())
        reach = 0.5 * self.gate_range_v * float(np.abs(lever).max())
        if overlap > 0.0:
            scale = overlap / norm
        else:
            scale = float(np.abs(h).max()) / reach or 1.0 / 6.6e-3
        best, least = None, np.inf
        for factor in (1.0, 1.5, 2.5, 5.0, 10.0):  # A larger sigma helps where the range of the gates is too small.
            sigma = factor * scale
            # The potential that makes h is phi_i = sum_j C_ij / 2 - 2 h_i / sigma.
            asks = 0.5 * c.sum(axis=1) - 2.0 * h / sigma - network.static_v
            gates = lsq_linear(lever, asks, (-self.gate_range_v, self.gate_range_v)).x
            voltages = np.zeros(network.electrodes)
            voltages[GLASS_GATES] = gates
            glass = ProgrammedGlass(device, network, voltages, signs, sigma)
            held = glass.ising()
            miss = 0.5 * float(((held.dense_couplings() - wanted) ** 2).sum())
            miss += float(((held.biases - asked.biases) ** 2).sum())
            if miss < least * 0.98:
                best, least = glass, miss
        assert best is not None
        return best, least


def _too_many(spins: str) -> DoesNotFit:
    return DoesNotFit(
        f"{spins} spins; positions of acceptors hold the couplings of at most {MAX_GLASS_SPINS}, and those badly: "
        "dopant-neurons keeps couplings in a crossbar"
    )
