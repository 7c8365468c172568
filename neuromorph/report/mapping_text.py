"""What a device holds of a problem, as text: a sentence for a terminal, numbers for a page."""

from __future__ import annotations

from ..plotting.numbers import format_percent, significant
from ..study.mapping_report import MappingReport

_NEAR = 5e-3  # a factor nearer to 1 is not told
_SAID = {  # of what targets tell, the words for people; other names are shown as they are
    "longest_chain": "longest chain",
    "chain_strength": "chain strength",
    "full_scale": "full scale",
}


def mapping_rows(report: MappingReport) -> list[tuple[str, str]]:
    """Return the numbers of a mapping report as text.

    Parameters
    ----------
    report : MappingReport
        Mapping report.

    Returns
    -------
    list of (str, str)
        What, and its value; numbers that are not defined are left out.
    """
    rows: list[tuple[str, str]] = []
    if report.coupling_error is not None:
        rows.append(("couplings off by (RMS)", format_percent(report.coupling_error)))
    if report.bias_error is not None:
        rows.append(("biases off by (RMS)", format_percent(report.bias_error)))
    if report.coupling_error is None and report.bias_error is None:
        rows.append(("off by (RMS)", format_percent(report.error)))
    if report.scale is not None:
        rows.append(("scale, as held to asked", significant(report.scale, 4)))
    if report.scaled_error is not None:
        rows.append(("off without the scale (RMS)", format_percent(report.scaled_error)))
    if report.levels_asked is not None and report.levels_held is not None:
        asked, held = (_bits(each) for each in (report.bits_asked, report.bits_held))
        rows.append(("different couplings", f"{report.levels_asked:,}{asked} asked, {report.levels_held:,}{held} held"))
    if report.beta is not None:
        for name, value in (("by each spin's field", report.beta_local), ("by mean energy", report.beta_global)):
            if value is not None and report.beta:
                rows.append((f"effective beta {name}", f"{significant(value / report.beta, 4)} times that asked for"))
    if report.kl is not None and report.beta is not None:
        rows.append((f"divergence at beta {significant(report.beta, 3)}", f"{significant(report.kl, 3)} nats"))
    if report.kl_bound is not None:
        rows.append(("divergence of the sampler itself", f"{significant(report.kl_bound, 3)} nats at most"))
    if report.chain_breaks is not None:
        rows.append(("broken chains", format_percent(report.chain_breaks)))
    rows += [(_SAID.get(name, name.replace("_", " ")), significant(value, 4)) for name, value in report.device.items()]
    return rows


def mapping_sentence(report: MappingReport | None) -> str:
    """Say in a line how a device departs from what was asked.

    Parameters
    ----------
    report : MappingReport or None
        Mapping report.

    Returns
    -------
    str
        Line to stand behind its name; empty where it does not depart or nothing is known.
    """
    if report is None or report.exact:
        return ""
    said = []
    for what, error in (("couplings", report.coupling_error), ("biases", report.bias_error)):
        if error:
            said.append(f"{what} off by {format_percent(error)}")
    if not said and report.error:
        said.append(f"it off by {format_percent(report.error)}")
    if report.scale is not None and abs(report.scale - 1.0) >= _NEAR:
        said.append(f"scale {significant(report.scale, 3)}")
    if report.kl and report.beta is not None:
        ratio = None if report.beta_local is None else report.beta_local / report.beta
        if ratio is not None and abs(ratio - 1.0) >= _NEAR:
            said.append(f"effective beta {significant(ratio, 3)} of that asked for")
        said.append(f"{significant(report.kl, 2)} nats away at beta {significant(report.beta, 3)}")
    if report.kl_bound:
        said.append(f"sampler within {significant(report.kl_bound, 2)} nats")
    if report.chain_breaks:
        said.append(f"{format_percent(report.chain_breaks)} of chains broken")
    return f"holds {', '.join(said)}" if said else ""


def _bits(bits: int | None) -> str:
    return "" if bits is None else f" ({bits} bits)"
