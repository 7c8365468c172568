r"""Worldline clusters of the transverse-field Ising model: sites stand in n x P, P slices of imaginary time.

.. math:: \beta H = \frac{\beta}{P} \sum_k E(s^k) - K \sum_{ik} s_i^k s_i^{k+1}, \qquad
          K = -\tfrac12 \ln \tanh \frac{\beta \Gamma}{P}

where s^k is slice k and Gamma the transverse field. On one site, equal neighbors in time are bound with 1 - exp(-2 K);
each bound segment is a heat-bath spin in the sum of its fields. As Gamma -> 0 segments become whole worldlines, and the
update becomes the classical heat bath.
Source: Rieger and Kawashima, Eur. Phys. J. B 9, 233 (1999); Suzuki, Prog. Theor. Phys. 56, 1454 (1976).
"""

# mypy: disable-error-code="no-untyped-def,no-untyped-call"
from __future__ import annotations

import math

import numpy as np
from numba import njit

from ..kernels.xoshiro import uniform


@njit(cache=True, nogil=True)
def _segments(line, fields, beta, loose, bond, state):
    """Draw the bonds of one site's ring of slices, then a new spin for each segment."""
    slices, start = line.size, 0
    for t in range(slices):
        bond[t] = line[t - 1] == line[t] and uniform(state) >= loose  # bond to the slice before
        if not bond[t]:
            start = t
    done = 0
    while done < slices:
        total, length = fields[(start + done) % slices], 1
        while done + length < slices and bond[(start + done + length) % slices]:
            total += fields[(start + done + length) % slices]
            length += 1
        spin = 1 if uniform(state) * (1.0 + math.exp(-2.0 * beta * total)) < 1.0 else -1
        for k in range(done, done + length):
            line[(start + k) % slices] = spin
        done += length


@njit(cache=True, nogil=True)
def worldline_sweeps(indptr, indices, data, biases, beta, gammas, begin, end, spins, states):
    """Sweep over all sites at each of ``gammas``; a sweep may be cut.

    Parameters
    ----------
    indptr, indices, data : arrays
        CSR couplings.
    biases : (n,) float
        h.
    beta : float
        Inverse temperature.
    gammas : (sweeps,) float
        Transverse field of each sweep.
    begin, end : int
        Range of the sites of all sweeps, n a sweep, that are done.
    spins : (R, n, P) int8
        States, changed in place.
    states : (R, 4) uint64
        One stream for each replica, in place.
    """
    replicas, n, slices = spins.shape
    fields, bond = np.empty(slices), np.empty(slices, np.bool_)
    for r in range(replicas):
        s, state = spins[r], states[r]
        for t in range(gammas.size):
            loose = math.tanh(beta * gammas[t] / slices)  # 1 - P(bond) = exp(-2 K)
            for i in range(max(0, begin - t * n), min(n, end - t * n)):
                fields[:] = biases[i]
                for k in range(indptr[i], indptr[i + 1]):
                    other, weight = s[indices[k]], data[k]
                    for t in range(slices):
                        fields[t] += weight * other[t]
                _segments(s[i], fields, beta / slices, loose, bond, state)
