"""The cell that the parameters of a target ask for, with errors in the words of the target."""

from __future__ import annotations

from .phase_change_cell import PhaseChange


def cell_in_own_words(
    programming_error: float,
    drift: float,
    read_noise: float,
    levels: int | None,
    stuck: float,
    age_s: float,
    material: str = "pcm",
    kelvin: float = PhaseChange.kelvin,
    stuck_lines: float = 0.0,
) -> PhaseChange:
    """Make the cell of a target's parameters; errors use the names that they have there.

    Parameters
    ----------
    programming_error, drift, read_noise : float
        Factors on the measured spread, drift exponents and 1/f noise.
    levels : int or None
        Conductance levels; None: continuous.
    stuck : float
        Fraction of cells that do not move.
    age_s : float
        Time between programming and the reads, s.
    material : str
        Material of the cells, or the file of their table.
    kelvin : float
        Temperature of the reads, K.
    stuck_lines : float
        Fraction of rows and columns that fail as a whole.

    Returns
    -------
    PhaseChange
        Cell.

    Raises
    ------
    ValueError
        If a parameter is out of range.
    """
    try:
        factors = float(programming_error), float(drift), float(read_noise)
        return PhaseChange(*factors, levels, stuck, age_s, material, float(kelvin), stuck_lines)
    except ValueError as error:
        said = str(error)
        for theirs, ours in (("programming is", "programming_error is"), ("read is", "read_noise is")):
            said = said.replace(theirs, ours, 1) if said.startswith(theirs) else said
        raise ValueError(said) from None
