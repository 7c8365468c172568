"""Random streams by name and number, the same whatever else is drawn."""

import zlib

import numpy as np
import pytest

from neuromorph.rng import child


def words(seed: np.random.SeedSequence) -> list[int]:
    return seed.generate_state(8).tolist()


@pytest.mark.parametrize("seed", [np.random.SeedSequence(3), np.random.SeedSequence(7, pool_size=8).spawn(3)[2]])
def test_a_child_is_the_one_that_spawn_gives_and_does_not_advance_its_seed(seed):
    numbered = [words(child(seed, k)) for k in (0, 1, 2)]
    assert seed.n_children_spawned == 0
    assert [words(each) for each in seed.spawn(3)] == numbered
    assert words(child(seed, 1)) == numbered[1], "spawning changes nothing"
    assert words(child(seed, 1, 5)) == words(child(child(seed, 1), 5))


def test_a_child_by_name_has_the_hash_of_the_name_for_its_number():
    seed = np.random.SeedSequence(3)
    assert child(seed, "reads").spawn_key == (zlib.crc32(b"reads"),)
    assert words(child(seed, "reads")) != words(child(seed, "program"))
