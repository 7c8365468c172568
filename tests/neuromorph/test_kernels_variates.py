"""The random numbers of 64 lanes: published vectors, scalar references, distributions; the integers of a problem."""

import numpy as np
import pytest
from scipy import sparse, stats

from neuromorph import Ising
from neuromorph.kernels.philox import HEAT_BATH, LANES, METROPOLIS, ROWS, draw_bits, draw_variates
from neuromorph.sampling.replicas.integer_couplings import integer_couplings, largest_magnitude

MASK = 0xFFFFFFFF


def philox_bits(key, sweep, first, rows, replica=0):
    state = np.zeros((2, LANES), np.uint32)
    state[0], state[1, :2] = replica, key
    out = np.empty((ROWS, LANES), np.uint32)
    draw_bits(state, sweep, first, rows, out)
    return out[:rows]


@pytest.mark.parametrize(
    ("counter", "key", "known"),
    [
        ((0, 0, 0, 0), (0, 0), (0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8)),
        ((MASK,) * 4, (MASK,) * 2, (0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD)),
        (
            (0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344),
            (0xA4093822, 0x299F31D0),
            (0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1),
        ),
    ],
)
def test_philox_gives_the_known_answers_of_random123(counter, key, known):
    """A wrong round, constant or order of the words. The counter is (spin // 4, replica, sweep, sweep >> 32)."""
    spin, replica, low, high = counter
    sweep = int(np.array(low | high << 32, np.uint64).view(np.int64))
    bits = philox_bits(key, sweep, 4 * spin, 4, replica)
    assert (bits == np.array(known, np.uint32)[:, None]).all()


def test_xoshiro_is_the_published_generator_on_every_lane():
    """Blackman and Vigna's xoshiro128++ in Python, lane by lane: a mixed-up lane or step fails."""
    state = np.random.default_rng(1).integers(1, 1 << 32, (4, LANES), np.uint32)
    words = [[int(word) for word in lane] for lane in state.T]
    out = np.empty((ROWS, LANES), np.uint32)
    draw_bits(state, 0, 0, 20, out)

    def rotate(x, k):
        return (x << k | x >> (32 - k)) & MASK

    for lane, s in enumerate(words):
        for row in range(20):
            assert out[row, lane] == (rotate((s[0] + s[3]) & MASK, 7) + s[0]) & MASK
            t = s[1] << 9 & MASK
            s[2] ^= s[0]
            s[3] ^= s[1]
            s[1] ^= s[2]
            s[0] ^= s[3]
            s[2] ^= t
            s[3] = rotate(s[3], 11)
    assert np.array_equal(state.T, words)


@pytest.mark.parametrize(("rule", "law"), [(HEAT_BATH, stats.logistic), (METROPOLIS, stats.expon)])
def test_variates_follow_their_law_to_the_rare_end(rule, law):
    """V against its distribution (Kolmogorov and Smirnov, 2^20 draws) and, from the bits, to 2e-6 up to V = 21."""
    state = np.random.default_rng(2).integers(1, 1 << 32, (4, LANES), np.uint32)
    out = np.empty((ROWS, LANES), np.float32)
    drawn = []
    for _ in range(64):
        draw_variates(state, rule, 0, 0, ROWS, out)
        drawn.append(out.copy())
    assert stats.kstest(np.concatenate(drawn).ravel(), law.cdf).pvalue > 1e-6

    state = np.zeros((2, LANES), np.uint32)
    state[0], extreme = np.arange(LANES), 0.0
    bits = np.empty((ROWS, LANES), np.uint32)
    for sweep in range(64):
        draw_bits(state, sweep, 0, ROWS, bits)
        draw_variates(state, rule, sweep, 0, ROWS, out)
        u = ((bits & np.uint32(0x7FFFFFFF)) + 0.5) / 2.0 ** (31 if rule == METROPOLIS else 32)
        exact = -np.log(u) if rule == METROPOLIS else np.where(bits >> 31, -1, 1) * np.log(u / (1 - u))
        assert np.abs(out - exact).max() < 2e-6
        extreme = max(extreme, np.abs(out).max())
    assert extreme > 12.0


def test_integers_of_a_problem():
    """Units of decimal fractions, of biases alone, of nothing; none for irregular numbers or for too many."""
    chain = sparse.csr_array(([0.3, 0.3, -0.7, -0.7], ([0, 1, 1, 2], [1, 0, 2, 1])), shape=(3, 3))
    unit, couplings, biases = integer_couplings(Ising(chain, [0.0, 1.1, -0.2]))
    assert unit == pytest.approx(0.1)
    assert couplings.tolist() == [3, 3, -7, -7]
    assert biases.tolist() == [0, 11, -2]
    assert integer_couplings(Ising(np.zeros((2, 2)), [0.0, 0.0]))[0] == 1.0
    assert integer_couplings(Ising(np.zeros((2, 2)), [6e-9, 4e-9]))[0] == pytest.approx(2e-9)
    assert integer_couplings(Ising([[0.0, 1.0], [1.0, 0.0]], [np.sqrt(2), 0.0])) is None
    assert integer_couplings(Ising(np.zeros((400, 400)), np.arange(400.0))) is None
    assert largest_magnitude(Ising(chain, [0.0, 1.1, -0.2])) == 1.1
    assert largest_magnitude(Ising(np.zeros((2, 2)))) == 1.0
