"""The electronics around dopant units, each number with its source: ``interfaces.toml``."""

from importlib.resources import files

from neuromorph.datum import Datum, read_data, scale_datum

DATA = read_data(files(__package__).joinpath("interfaces.toml").read_text())


def simulated_second(what: str, *times: Datum) -> Datum:
    """Price a second of simulated dynamics in seconds of the device.

    Parameters
    ----------
    what : str
        The quantity with which the time scales.
    *times : Datum
        The assumed times that scale it, from which the second takes its uncertainty.

    Returns
    -------
    Datum
        1 s/s with its range; of a single time it keeps the range of that constant, of several it is one of its own,
        since which of them rules depends on the task.
    """
    low, high = min(each.low / each.value for each in times), max(each.high / each.value for each in times)
    told = "; ".join(
        f"{each.value:g} s ({each.low:g} to {each.high:g} s), {each.kind}: {each.source}" for each in times
    )
    source = f"simulated dynamics, in proportion to {what}, {told}"
    if len(times) == 1:
        one = scale_datum(times[0], 1.0 / times[0].value, "s/s", source)
        return Datum(1.0, "s/s", low, high, "assumed", source, terms=one.terms)
    return Datum(1.0, "s/s", low, high, "assumed", source, "simulated_second")
