"""The samples of one target beside the reference of the study: their scores, and whether their chains have mixed."""

from __future__ import annotations

from dataclasses import replace

from ..ising import Ising
from ..run import Program, Run
from .chain_diagnostics import diagnose, independent_reads, samples_of
from .result import Result
from .sampling_score import SamplingReference, score_samples


def with_sampling_scores(
    result: Result, reference: SamplingReference, ising: Ising, program: Program, run: Run
) -> Result:
    """Add scores and diagnostics of samples to a row.

    Parameters
    ----------
    result : Result
        The row.
    reference : SamplingReference
        What samples are compared with.
    ising : Ising
        Model that was asked for.
    program : Program
        What the first chip holds.
    run : Run
        The reads.

    Returns
    -------
    Result
        The row with scores and diagnostics; interrupted where Ctrl-C came between the two.
    """
    held = program.programmed if run.chips == 1 else None  # each chip holds something else
    samples = samples_of(run)
    spins, apart = independent_reads(samples)
    found = score_samples(reference, ising, spins, held)
    if apart > 1:
        found = replace(found, notes=(*found.notes, f"scores count one draw in {apart}, which are correlated"))
    result = replace(result, sampling=found, notes=(*result.notes, *found.notes))
    exact = held is not None and not program.mapping_error
    try:
        told = diagnose(samples, ising, reference.beta, held, found.energy_error if exact else None)
    except KeyboardInterrupt:
        return replace(result, status="interrupted", reason="Ctrl-C came while its chains were diagnosed")
    said = tuple(each for each in (told["verdict"], told["message"]) if each)
    return replace(result, diagnostics=told, warnings=result.warnings + said)
