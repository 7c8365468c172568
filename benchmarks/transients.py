"""Transients of the analog network: the batch integrator beside SciPy's DOP853 one by one, and diffrax.

    python benchmarks/run.py transients

Random symmetric networks with the gain of the table, 10 R C from near the middle of the rails, all at rtol 1e-6; the
error is of the outputs at the end, of full scale, against SciPy at 1e-11. Every CPU time is the least of three; the
methods alternate. diffrax runs in double precision, batched by ``vmap``, its compilation apart.
"""

from __future__ import annotations

from collections.abc import Callable
from time import process_time
from typing import Any

import numpy as np

from neuromorph import Ising
from neuromorph.analog import AnalogNetwork, Tanh, simulate, simulate_batch

RTOL, ATOL_V = 1e-6, 1e-9
CASES = ((64, 2.0, 64, 20.0), (64, 10.0, 64, 20.0), (256, 10.0, 64, None), (1024, 10.0, 64, 5.0))
ALONE = 4  # states that SciPy integrates one by one; the others would take it as long
REPEATS = 3
Row = dict[str, Any]


def rows() -> list[Row]:
    return [row for case in CASES for row in compare(*case)]


def compare(n: int, gain: float, batch: int, bound: float | None) -> list[Row]:
    """One network: each method's CPU time a state, its error, and how many times as long as ours it takes."""
    j = np.triu(np.random.default_rng(0).normal(size=(n, n)), 1)
    network = AnalogNetwork.from_ising(Ising(j + j.T), Tanh(gain))
    starts = np.random.default_rng(1).uniform(-0.1, 0.1, (batch, n)) / gain
    end = 10.0 * float(network.time_constants_s.max())
    exact = network.voltages(
        np.array([simulate(network, u, end, samples=2, rtol=1e-11, atol=1e-14).final[0] for u in starts[:ALONE]])
    )

    def ours() -> Any:
        return simulate_batch(network, starts, end, samples=2, rtol=RTOL, atol=ATOL_V).final

    def one_by_one() -> Any:
        return np.array([simulate(network, u, end, samples=2, rtol=RTOL, atol=ATOL_V).final[0] for u in starts[:ALONE]])

    methods: dict[str, tuple[Callable[[], Any], int]] = {
        "batch integrator": (ours, batch),
        "SciPy DOP853, one by one": (one_by_one, ALONE),
    }
    peer = diffrax_batch(network, starts, end)
    if peer is not None:
        methods["diffrax Dopri8, vmap"] = (peer, batch)
    for run, _ in methods.values():
        run()  # compiles
    least = dict.fromkeys(methods, np.inf)
    for _ in range(REPEATS):
        for name, (run, states) in methods.items():
            before = process_time()
            run()
            least[name] = min(least[name], (process_time() - before) / states)
    found = []
    for name, (run, _) in methods.items():
        error = float(np.abs(network.voltages(np.asarray(run())[:ALONE]) - exact).max()) / 2.0
        ratio = least[name] / least["batch integrator"]
        wanted = {"SciPy DOP853, one by one": bound, "diffrax Dopri8, vmap": 1.4}.get(name)
        holds = "-" if wanted is None else "yes" if ratio >= wanted else "NO"
        found.append(
            {
                "N": n, "gain": gain, "method": name, "CPU ms a state": 1e3 * least[name], "error": error,
                "times ours": ratio, "at least": "-" if wanted is None else wanted, "holds": holds,
            }
        )  # fmt: skip
    return found


def diffrax_batch(network: AnalogNetwork, starts: Any, end: float) -> Callable[[], Any] | None:
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

    def solve(u: Any) -> Any:
        control = diffrax.PIDController(rtol=RTOL, atol=ATOL_V)
        return diffrax.diffeqsolve(
            diffrax.ODETerm(slope), diffrax.Dopri8(), 0.0, end / tau, None, u,
            stepsize_controller=control, max_steps=100_000,
        ).ys[-1]  # fmt: skip

    batched = jax.jit(jax.vmap(solve))
    u0 = jnp.asarray(starts)
    return lambda: batched(u0).block_until_ready()
