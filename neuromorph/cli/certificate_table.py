"""A certificate as text: one row an engine, then what failed, how ways were aligned, and what has no bound."""

from __future__ import annotations

from typing import Any

from ..files.printable import printable

_BY = {"offsets": "offsets of the op-amps decide", "amplifiers": "bandwidth, slew and curve of the amplifiers decide"}
_FASTER = "take a faster op-amp, a longer R C, or start farther from the separatrix (--seed, cue)"
_REMEDY = "start farther away: another --seed, a cue of fewer wrong bits or of a larger swing (.ic of the netlist)"
_PRECISE = "opa192"  # op-amp of the least offset


def print_certificate(found: dict[str, Any]) -> None:
    """Print a certificate.

    Parameters
    ----------
    found : dict of str to Any
        Certificate as plain data, as ``docs/certificate-schema.md`` describes it.
    """
    from ..report.table import print_rows

    made = f"synapses: {found['synapses']}, amplifiers: {found['amplifier']}"
    print(f"{found['neurons']} neurons, {made}; largest differences from the differential equation, of full scale")
    print_rows(
        ("engine", "trajectory", "end", "same attractor", "energy", "energy rise", "imbalance"),
        [
            (
                name,
                *(_short(of[key]) for key in ("trajectory_error", "final_error", "same_attractor", "energy_error")),
                _short(of["energy_rise"]),
                _short(of["balance"] and of["balance"]["imbalance"]),
            )
            for name, of in found["engines"].items()
        ],
    )
    refined = found["refinement"]
    if refined:
        print("error against the largest step, and how many times smaller it got")
        heads = [f"tau/{fraction:g}" for fraction in refined["steps_per_tau"]]
        rows = [(name, *map(_short, of["trajectory_errors"]), ", ".join(f"{ratio:.3g}" for ratio in of["ratios"]))
                for name, of in refined["engines"].items()]  # fmt: skip
        print_rows(("engine", *heads, "ratios"), rows)
    for name, of in found["engines"].items():
        if of["alignment"] and of["same_attractor"]:
            print(f"{name}: {_aligned(of['alignment'], found)}")
    for name, said in found["failures"].items():
        print(printable(f"FAILED {name}: {said}"))
    failed = [check for check in found["checks"] if not check["ok"]]
    for check in failed:
        if check["what"] != "failed":  # said above
            print(f"FAILED {check['of']}: {_failure(check, found)}")
    for each in found["unbounded"]:
        what = each["what"].removesuffix("_error").replace("_", " ")
        print(f"unbounded: {what} of {each['of']} at level {found['level']}, seen {each['value']:.2g}")
    if not failed:
        print(f"{'' if found['unbounded'] else 'all '}{len(found['checks'])} checks hold")


def _aligned(way: dict[str, Any], found: dict[str, Any]) -> str:
    """Return how the way of an engine was aligned, and what bounds it."""
    limit = way["range_s"] * (way["shift_tau"] / way["shift_s"]) if way["shift_s"] else None
    within = f" (of at most {limit:.2g})" if limit else ""
    text = (
        f"trajectory aligned by {way['shift_tau']:+.2g} R C{within} where the equation is slowest: largest difference "
        f"{way['before']:.2g} before, {way['after']:.2g} after"
    )
    if way["predicted"] is None:
        return f"{text}; no bound, as no equation of these parts is known"
    return f"{text}; the bound is {way['bound']:.2g}, the equation of the parts says {way['predicted']:.2g}"


def _failure(check: dict[str, Any], found: dict[str, Any]) -> str:
    """Return what a check that does not hold found, and why where the equation of the parts knows it."""
    what, forecast = check["what"].replace("_", " "), found["forecast"]
    better = found["level"] in ("opamp", "board") and found["amplifier"] != _PRECISE
    remedy = f"{_REMEDY}{f', or take an op-amp of less offset (--opamp {_PRECISE})' if better else ''}"
    said = f"{check['value']:.2g}, the bound is {check['limit']:.2g}"
    if check["what"] == "aligned_error":
        by = forecast and forecast["decided_by"]
        if not by:
            why = ", and offsets, bandwidth and slew of the parts do not explain it"
        else:
            why = f"; {_BY[by]}, as the equation of the parts says, too ({forecast['after']:.2g}); "
            why += remedy if by == "offsets" else _FASTER
        return f"another way to the same attractor: no shift brings the trajectories closer than {said}{why}"
    if check["limit"]:
        return f"{what}: {said}"
    if check["what"] != "another_attractor" or forecast is None:
        return f"{what}: it must not be"
    if forecast["decided_by"] is None:
        return f"{what}: it must not be, nor do the parts' offsets, bandwidth and slew explain it"
    proof = "as the equation of the parts says, too"
    if forecast["same_attractor"]:
        proof = "for with a quarter more of them the equation of the parts ends elsewhere, too"
    return f"{what}: the start is so near to the separatrix that {_BY[forecast['decided_by']]}, {proof}; {remedy}"


def _short(value: Any) -> str:
    return f"{value:.2g}" if isinstance(value, float) else "-" if value is None else "yes" if value else "no"
