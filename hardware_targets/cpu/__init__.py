"""The CPU as a target: annealing and the samplers of ``neuromorph.sampling``, timed and priced as they run here.

Reads are made 64 at a time, and a batch takes as long with one read as with all. A read is charged the lanes that it
fills, which is what it costs where many are asked for; what one takes alone, and the lanes that were paid for in vain,
are counted beside it (``core_time``). Joules are those of the processor's counters where this user may read them, else
the stated share of a core.
"""
