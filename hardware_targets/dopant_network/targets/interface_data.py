"""What stands around dopant units when they work, each number with its source: ``interfaces.toml``."""

from importlib.resources import files

from neuromorph.datum import Datum, read_data

DATA = read_data(files(__package__).joinpath("interfaces.toml").read_text())


def simulated_second(what: str, *times: Datum) -> Datum:
    """Seconds of a device in one of its simulation, s/s: as uncertain as the assumed ``times`` that scale it."""
    low, high = min(each.low / each.value for each in times), max(each.high / each.value for each in times)
    told = "; ".join(
        f"{each.value:g} s ({each.low:g} to {each.high:g} s), {each.kind}: {each.source}" for each in times
    )
    return Datum(1.0, "s/s", low, high, "assumed", f"simulated dynamics, in proportion to {what}, {told}")
