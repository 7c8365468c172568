"""Room on the boards: how large a problem they hold, and what would fit instead of one that does not."""

from __future__ import annotations

from math import isqrt

from neuromorph.protocol import DoesNotFit


def most_cities(neurons: int, resistors: int) -> int:
    """Count the cities of the largest tour: n^2 neurons and n^2 (n - 1) resistors.

    Parameters
    ----------
    neurons, resistors : int
        Room on the boards.

    Returns
    -------
    int
        Number of cities.
    """
    cities = isqrt(neurons)
    while cities * cities * (cities - 1) > resistors:
        cities -= 1
    return cities


def require_room(needed: tuple[int, int], there: tuple[int, int], tour: bool = False) -> None:
    """Require that the boards have room for a problem.

    Parameters
    ----------
    needed, there : (int, int)
        Neurons and resistors; a 0 needed is not looked at.
    tour : bool
        Whether it is a tour.

    Raises
    ------
    DoesNotFit
        If they have not; the message says what would fit.
    """
    for what, asked, room in zip(("neurons", "resistors"), needed, there, strict=True):
        if asked <= room:
            continue
        if tour:
            fits = f"tours of {most_cities(*there)} cities"
        elif what == "neurons":
            fits = f"{room} spins"
        else:  # n (n - 1) resistors couple n spins
            dense = (1 + isqrt(1 + 4 * room)) // 2
            fits = f"{dense} spins that are all coupled, {room // needed[0]} couplings a spin here"
        raise DoesNotFit(
            f"needs {asked} {what}, the boards have {room} (parameter {what!r}); would fit: {fits}, parts of the "
            "problem one after the other"
        )
