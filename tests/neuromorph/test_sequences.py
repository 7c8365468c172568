"""Sequences that replay, words that are corrected, grey that stays grey."""

import runpy
from pathlib import Path

import numpy as np
import pytest

from neuromorph.associative_memory import (
    SequenceMemory,
    decode_words,
    encode_words,
    letter_codes,
    pseudo_inverse,
    relax,
)

EXAMPLES = Path(__file__).parents[2] / "examples"


def patterns(k=6, n=400, seed=0):
    return np.where(np.random.default_rng(seed).random((k, n)) < 0.5, -1, 1)


def test_amaris_memory_steps_at_every_update():
    memory = SequenceMemory(patterns(), strength=1.0)
    start = memory.patterns[0] * np.where(np.random.default_rng(1).random(400) < 0.2, -1, 1)
    states = memory.replay(start, 13)
    np.testing.assert_array_equal(states[1:], memory.patterns[np.arange(1, 14) % 6])


@pytest.mark.parametrize("delay", [3, 5])
def test_patterns_are_held_for_the_delay(delay):
    memory = SequenceMemory(patterns(), strength=2.0, delay=delay)
    states = memory.replay(memory.patterns[2], 4 * delay)
    np.testing.assert_array_equal(states, memory.patterns[(2 + np.arange(4 * delay + 1) // delay) % 6])


def test_below_one_nothing_is_left_and_an_open_end_stays():
    """Each pattern holds with strength 1: a weaker lead to the next cannot win."""
    weak = SequenceMemory(patterns(), strength=0.5, delay=3)
    assert (weak.replay(weak.patterns[0], 20) == weak.patterns[0]).all()
    ends = SequenceMemory(patterns(), strength=2.0, delay=3, cyclic=False)
    np.testing.assert_array_equal(ends.replay(ends.patterns[0], 40)[-1], ends.patterns[-1])


def test_couplings_are_the_sums_of_their_definition():
    memory = SequenceMemory(patterns(3, 5), strength=1.5, delay=2, cyclic=False)
    hold, lead = memory.couplings()
    x = memory.patterns.astype(float)
    np.testing.assert_allclose(hold, sum(np.outer(p, p) for p in x) / 5)
    np.testing.assert_allclose(lead, 1.5 * (np.outer(x[1], x[0]) + np.outer(x[2], x[1])) / 5)


@pytest.mark.parametrize("given", [{"patterns": np.ones((1, 4))}, {"patterns": np.zeros((2, 4))},
                                   {"strength": 0.0}, {"strength": np.nan}, {"delay": 0}, {"delay": 1.5}])  # fmt: skip
def test_memories_out_of_range_are_named(given):
    with pytest.raises(ValueError, match=next(iter(given))):
        SequenceMemory(**{"patterns": np.ones((2, 4), int), **given})


def test_letters_are_half_apart():
    code = letter_codes().astype(int)
    np.testing.assert_array_equal(code @ code.T, 32 * np.eye(32))


WORDS = ["memory", "neuron", "spin glass", "energy", "pattern", "synapse", "hopfield", "attractor"]


@pytest.mark.parametrize(
    ("typed", "meant"),
    [("memery", "memory"), ("neurom", "neuron"), ("spin grass", "spin glass"), ("hopfeild", "hopfield"),
     ("synapze", "synapse")],
)  # fmt: skip
def test_misspelled_words_are_corrected(typed, meant):
    stored = encode_words(WORDS)
    cue = encode_words([typed], length=10)
    assert decode_words(cue) == [typed]
    found = relax(pseudo_inverse(stored), cue, rng=0)
    assert decode_words(found.spins) == [meant]


@pytest.mark.parametrize("word", ["caf\u00e9", "", "0", "much too long"])
def test_other_words_are_named(word):
    with pytest.raises(ValueError, match="word"):
        encode_words([word], length=6)


def test_the_examples_replay_and_stay_grey(tmp_path):
    found = runpy.run_path(str(EXAMPLES / "sequence_memory.py"))["main"](["--out", str(tmp_path)])
    amari, held = found.values()
    np.testing.assert_array_equal(amari[1:].argmax(axis=1), np.arange(1, 65) % 8)
    np.testing.assert_array_equal(held[1:].argmax(axis=1), np.arange(1, 65) // 6 % 8)
    errors = runpy.run_path(str(EXAMPLES / "grey_pictures.py"))["main"](["--out", str(tmp_path)])
    assert errors.max() < 0.05
    assert {path.name for path in tmp_path.iterdir()} == {"sequence_memory.png", "grey_pictures.png"}
