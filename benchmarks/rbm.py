"""One epoch of an RBM, 784 x 500, 10,000 samples in batches of 100, on one thread: CPU seconds, medians.

Persistent contrastive divergence in both, which are the same five matrix products an update. "GEMM alone" makes the
products of ours on arrays of the same shapes and nothing else: with persistent chains one product serves data and
chains, in CD-1 the chains wait for the data. All take turns, with fits of three epochs.
"""

from __future__ import annotations

from collections.abc import Callable
from statistics import median
from time import process_time

import numpy as np
from scipy.linalg.blas import sgemm
from sklearn.neural_network import BernoulliRBM
from threadpoolctl import threadpool_limits

from neuromorph.boltzmann import RBM

SAMPLES, VISIBLE, HIDDEN, BATCH, EPOCHS, TURNS = 10_000, 784, 500, 100, 3, 5


def gemm_alone(method: str) -> Callable[[], None]:
    rng = np.random.default_rng(1)
    weights = rng.normal(0.0, 0.01, (HIDDEN, VISIBLE)).astype(np.float32)
    v, p = rng.random((2 * BATCH, VISIBLE), np.float32), rng.random((2 * BATCH, HIDDEN), np.float32)
    h = rng.random((BATCH, HIDDEN), np.float32)
    kept_v, kept_p = v.copy(), p.copy()

    def epochs() -> None:
        for _ in range(EPOCHS * SAMPLES // BATCH):
            if method == "cd":
                np.matmul(v[:BATCH], weights.T, out=p[:BATCH])
            np.matmul(h, weights, out=v[BATCH:])
            if method == "cd":
                np.matmul(v[BATCH:], weights.T, out=p[BATCH:])
            else:
                np.matmul(v, weights.T, out=p)
            sgemm(1e-12, kept_v.T, kept_p.T, 1.0, weights.T, trans_b=1, overwrite_c=1)

    return epochs


def contestants() -> dict[str, Callable[[], object]]:
    x = (np.random.default_rng(0).random((SAMPLES, VISIBLE)) < 0.2).astype(float)
    ours = {"method": "pcd", "batch_size": BATCH, "learning_rate": 0.01, "random_state": 0, "n_iter": EPOCHS}
    machines = {method: RBM(HIDDEN, **{**ours, "method": method}) for method in ("pcd", "cd")}
    peer = BernoulliRBM(HIDDEN, batch_size=BATCH, learning_rate=0.01, n_iter=EPOCHS, random_state=0)
    single = x.astype(np.float32)
    return {
        "GEMM alone, PCD": gemm_alone("pcd"),
        "GEMM alone, CD-1": gemm_alone("cd"),
        "ours, PCD": lambda: machines["pcd"].fit(single),
        "ours, CD-1": lambda: machines["cd"].fit(single),
        "scikit-learn float64": lambda: peer.fit(x),
        "scikit-learn float32": lambda: peer.fit(single),
    }


def rows() -> list[dict[str, object]]:
    seconds: dict[str, list[float]] = {}
    with threadpool_limits(1):
        runs = contestants()
        for run in runs.values():
            run()  # compiles, and warms the caches
        for _ in range(TURNS):
            for name, run in runs.items():
                start = process_time()
                run()
                seconds.setdefault(name, []).append((process_time() - start) / EPOCHS)
    least = {name: median(values) for name, values in seconds.items()}
    return [
        {
            "": name,
            "s an epoch": value,
            "over its GEMM alone": value / least["GEMM alone, CD-1" if "CD-1" in name else "GEMM alone, PCD"],
            "over ours, PCD": value / least["ours, PCD"],
        }
        for name, value in least.items()
    ]
