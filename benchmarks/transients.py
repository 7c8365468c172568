"""Transients of the analog network: the batch integrator beside SciPy's DOP853 one by one, and diffrax.

    python benchmarks/run.py transients

Random symmetric networks with the gain of the table, 10 R C from near the middle of the rails, all at rtol 1e-6, all
with the dense T. Errors are of the outputs, of full scale, against SciPy at 1e-12: the largest of 41 samples, and at
the end. Every CPU time is the least of five, with the two ends as samples; the methods alternate. Products are those
with T of one state. diffrax runs in double precision, batched by ``vmap``, its compilation apart.

At N = 1024 and 64 states, a product in double precision takes some 2/5 of the time it takes alone, so that no method
of equally many gains more than 2.6 times on SciPy. Variable-order Adams methods do not have fewer: SciPy's VODE needs
128 at 9e-9 where DOP853 needs 146 at 8e-11 (N = 1024), 165 at 1.5e-7 for 188 at 8e-8 (256), 209 at 1.4e-6 for 242 at
1e-7 (64), and LSODA more. Taylor series need 99, 139 and 220 for smaller errors, six of seven in single precision. At
gain 50 the poles of tanh bound their steps: as many products as DOP853 has, and 4.2 to 4.5 times SciPy, 1.4 diffrax.
"""

from __future__ import annotations

from collections.abc import Callable
from time import process_time
from typing import Any

import numpy as np

from neuromorph import Ising
from neuromorph.analog import AnalogNetwork, Tanh, simulate, simulate_batch

RTOL, ATOL_V = 1e-6, 1e-9
CASES = (  # N, gain, states, times SciPy's and diffrax's CPU time at least
    (64, 2.0, 64, 20.0, 1.4),
    (64, 10.0, 64, 20.0, 1.4),
    (256, 10.0, 64, None, 1.4),
    (1024, 10.0, 64, 5.0, 1.4),
    (1024, 50.0, 64, None, None),
)
ALONE = 4  # states that SciPy integrates one by one; the others would take it as long
REPEATS = 5
ALONG = 41  # samples at which errors are taken
DOPRI8 = 13  # evaluations of a step, the first being the last of the step before
Row = dict[str, Any]
Found = tuple[Any, float]  # potentials (samples, states, n), products of a state


def rows() -> list[Row]:
    return [row for case in CASES for row in compare(*case)]


def compare(n: int, gain: float, batch: int, scipy_bound: float | None, diffrax_bound: float | None) -> list[Row]:
    """One network: each method's CPU time a state, its error, and how many times as long as ours it takes."""
    j = np.triu(np.random.default_rng(0).normal(size=(n, n)), 1)
    network = AnalogNetwork.from_ising(Ising(j + j.T), Tanh(gain))
    starts = np.random.default_rng(1).uniform(-0.1, 0.1, (batch, n)) / gain
    end = 10.0 * float(network.time_constants_s.max())
    some = starts[:ALONE]
    exact = simulate(network, some, end, samples=ALONG, rtol=1e-12, atol=1e-15).voltages

    def ours(samples: int) -> Found:
        path = simulate_batch(network, starts, end, samples=samples, rtol=RTOL, atol=ATOL_V)
        return path.potentials, path.evaluations / batch

    def one_by_one(samples: int) -> Found:
        paths = [simulate(network, u, end, samples=samples, rtol=RTOL, atol=ATOL_V) for u in some]
        return np.concatenate([path.potentials for path in paths], axis=1), sum(p.evaluations for p in paths) / ALONE

    methods: dict[str, tuple[Callable[[int], Found], int]] = {
        "batch integrator": (ours, batch),
        "SciPy DOP853, one by one": (one_by_one, ALONE),
    }
    peer = diffrax_batch(network, starts, end)
    if peer is not None:
        methods["diffrax Dopri8, vmap"] = (peer, batch)
    least, counts = dict.fromkeys(methods, np.inf), dict.fromkeys(methods, np.nan)
    for name, (run, _) in methods.items():
        counts[name] = run(2)[1]  # compiles
    for _ in range(REPEATS):
        for name, (run, states) in methods.items():
            before = process_time()
            run(2)
            least[name] = min(least[name], (process_time() - before) / states)
    found = []
    for name, (run, _) in methods.items():
        errors = np.abs(network.voltages(run(ALONG)[0][:, :ALONE]) - exact).max(axis=(1, 2)) / 2.0
        ratio = least[name] / least["batch integrator"]
        wanted = {"SciPy DOP853, one by one": scipy_bound, "diffrax Dopri8, vmap": diffrax_bound}.get(name)
        holds = "-" if wanted is None else "yes" if ratio >= wanted else "NO"
        found.append(
            {
                "N": n, "gain": gain, "method": name, "CPU ms a state": 1e3 * least[name],
                "products": round(counts[name]), "error": float(errors.max()), "error at the end": float(errors[-1]),
                "times ours": ratio, "at least": "-" if wanted is None else wanted, "holds": holds,
            }
        )  # fmt: skip
    return found


def diffrax_batch(network: AnalogNetwork, starts: Any, end: float) -> Callable[[int], Found] | None:
    """Write the same equation in diffrax in units of the longest R C, or None where it is not installed."""
    try:
        import diffrax
        import jax
        import jax.numpy as jnp
    except ImportError:
        return None
    jax.config.update("jax_enable_x64", True)
    tau = float(network.time_constants_s.max())
    rate = tau / network.capacitances
    w, c = jnp.asarray(network.conductances * rate[:, None]), jnp.asarray(network.currents * rate)
    d, gain = jnp.asarray(rate / network.resistances), network.activation.gain

    def slope(t: Any, u: Any, args: Any) -> Any:
        return w @ jnp.tanh(gain * u) + c - d * u

    def solve(u: Any, times: Any) -> Any:
        control = diffrax.PIDController(rtol=RTOL, atol=ATOL_V)
        path = diffrax.diffeqsolve(
            diffrax.ODETerm(slope), diffrax.Dopri8(), 0.0, end / tau, None, u,
            saveat=diffrax.SaveAt(ts=times) if len(times) > 2 else diffrax.SaveAt(t0=True, t1=True),
            stepsize_controller=control, max_steps=100_000,
        )  # fmt: skip
        return path.ys, path.stats["num_steps"]

    batched = jax.jit(jax.vmap(solve, in_axes=(0, None)))
    u0 = jnp.asarray(starts)

    def run(samples: int) -> Found:
        potentials, steps = batched(u0, jnp.linspace(0.0, end / tau, samples))
        return np.asarray(potentials).transpose(1, 0, 2), DOPRI8 * float(steps.mean())

    return run
