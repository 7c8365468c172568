"""The CPU as a target: annealing and the samplers of ``neuromorph.sampling``, timed and priced as they run here."""
