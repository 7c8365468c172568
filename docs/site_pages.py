"""Pages that are written from the code: one a device from its table of constants, all constants, and the API.

They are made anew before each build and are not kept in the repository.
"""

from __future__ import annotations

import ast
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from neuromorph.datum import KINDS, Datum, read_data
from neuromorph.installed_targets import available_targets, get_target
from neuromorph.pricing import HOST
from neuromorph.target_constants import constants_of, priced_of

HERE = Path(__file__).parent
ROOT = HERE.parent

# (title, targets, package, tables): what is written about a device is the docstring of its package.
DEVICES = {
    "cpu": ("Your CPU", ["cpu-anneal", "cpu-gibbs", "cpu-optimize"], "hardware_targets.cpu", ["cpu/digital.toml"]),
    "analog-circuit": (
        "Analog circuit of RC stages and op-amps",
        ["analog-circuit"],
        "hardware_targets.analog_circuit.target",
        ["analog_circuit/analog_circuit.toml", "../circuits/synthesis/board.toml"],
    ),
    "memristor-crossbar": (
        "Memristor crossbar",
        ["memristor-crossbar"],
        "hardware_targets.memristor_crossbar.target",
        [
            "memristor_crossbar/memristor.toml",
            "memristor_crossbar/converters.toml",
            "memristor_crossbar/reram.toml",
            "memristor_crossbar/ecram.toml",
        ],
    ),
    "atomic-spins": (
        "Atomic spin arrays",
        ["atomic-spins", "atomic-spins-ideal"],
        "hardware_targets.atomic_spins",
        ["atomic_spins/data.toml"],
    ),
    "p-bits": ("p-bits of stochastic junctions", ["p-bits"], "hardware_targets.pbit.target", ["pbit/pbits.toml"]),
    "oscillators": (
        "Coupled oscillators",
        ["oscillators"],
        "hardware_targets.oscillators.target",
        ["oscillators/oscillators.toml", "../circuits/oscillators/tank.toml"],
    ),
    "brim": (
        "Bistable nodes coupled by resistors (BRIM)",
        ["brim"],
        "hardware_targets.oscillators.brim_target",
        ["oscillators/brim.toml"],
    ),
    "dopant-glass": (
        "Coulomb glass of dopants",
        ["dopant-glass"],
        "hardware_targets.dopant_network.targets.coulomb_glass",
        ["dopant_network/device/data.toml", "dopant_network/targets/interfaces.toml"],
    ),
    "dopant-neurons": (
        "Dopant networks as neurons",
        ["dopant-neurons"],
        "hardware_targets.dopant_network.targets.dopant_neurons",
        ["dopant_network/device/data.toml", "dopant_network/targets/interfaces.toml"],
    ),
    "dopant-neurons-300k": (
        "Units at room temperature as neurons",
        ["dopant-neurons-300k"],
        "hardware_targets.dopant_network.targets.room_temperature_neurons",
        [
            "dopant_network/targets/space_charge.toml",
            "dopant_network/transport/drift_diffusion.toml",
            "dopant_network/targets/interfaces.toml",
        ],
    ),
    "digital-annealer": (
        "Digital annealers",
        ["digital-annealer", "cellular-automaton"],
        "hardware_targets.digital_annealer.target",
        ["digital_annealer/cmos.toml"],
    ),
    "cmos-annealer": (
        "King's graph in CMOS",
        ["cmos-annealer"],
        "hardware_targets.digital_annealer.kings_annealer",
        ["digital_annealer/cmos.toml"],
    ),
    "quantum-annealer": (
        "Quantum annealer on its graph",
        ["quantum-annealer"],
        "hardware_targets.annealer_graphs.quantum_annealer",
        ["annealer_graphs/quantum_annealer.toml"],
    ),
    "ising-processors": (
        "Simulated bifurcation on an FPGA, and SACHI",
        ["fpga-simulated-bifurcation"],
        "hardware_targets.ising_processors.bifurcation",
        ["ising_processors/processors.toml"],
    ),
    "thermodynamic-grid": (
        "Grid of thermodynamic sampling units",
        ["thermodynamic-grid"],
        "hardware_targets.thermodynamic_grid.target",
        ["thermodynamic_grid/z1.toml"],
    ),
    "spiking-loihi": ("Loihi", ["spiking-loihi"], "hardware_targets.spiking_chip.target", ["spiking_chip/loihi.toml"]),
    "spiking-loihi2": (
        "Loihi 2, energies and times assumed",
        ["spiking-loihi2"],
        "hardware_targets.spiking_chip",
        ["spiking_chip/loihi2.toml"],
    ),
    "spiking-brainscales": (
        "BrainScaleS-2",
        ["spiking-brainscales"],
        "hardware_targets.spiking_chip.target",
        ["spiking_chip/brainscales.toml"],
    ),
    "spiking-generic": (
        "A digital spiking chip of joined ranges",
        ["spiking-generic"],
        "hardware_targets.spiking_chip.target",
        ["spiking_chip/generic.toml"],
    ),
}

# Packages whose page of names is the API.
PACKAGES = [
    "neuromorph",
    "neuromorph.problems",
    "neuromorph.pricing",
    "neuromorph.calibration",
    "neuromorph.study",
    "neuromorph.sweep",
    "neuromorph.report",
    "neuromorph.bench",
    "neuromorph.validate",
    "neuromorph.sampling",
    "neuromorph.optimization",
    "neuromorph.tours",
    "neuromorph.kinetics",
    "neuromorph.analog",
    "neuromorph.associative_memory",
    "neuromorph.boltzmann",
    "neuromorph.spiking",
    "circuits",
    "hardware_targets.atomic_spins",
    "hardware_targets.dopant_network",
    "hardware_targets.pbit",
    "hardware_targets.oscillators",
    "hardware_targets.spiking_chip",
]


def device_page(title: str, targets: list[str], module: str, tables: list[str]) -> str:
    """Return the page of a device: targets, equations of its module, constants with unit, range, kind and source."""
    lines = [f"# {title}", "", f"Targets: {', '.join(f'`{name}`' for name in targets)}.", "", "## Model", ""]
    lines += ["```{eval-rst}", f".. automodule:: {module}", "   :no-index:", "```", "", "## Constants", ""]
    for table in tables:
        lines += [f"From `hardware_targets/{table}`:", "", "| Constant | Value | Range | Kind | Source |"]
        lines += ["|---|---|---|---|---|"]
        data = read_data((ROOT / "hardware_targets" / table).read_text(encoding="utf-8"))
        lines += [_row(name, datum) for name, datum in data.items()]
        lines.append("")
    return "\n".join(lines)


def constants_page() -> str:
    """Return the page of all constants of all targets, priced ones first; equal ones of several targets are one."""
    priced: dict[tuple[str, Datum], list[str]] = {(HOST.name, HOST): ["all, as the host"]}
    others: dict[tuple[str, Datum], list[str]] = {}
    for target in available_targets():
        device = get_target(target)
        for name, datum in constants_of(device).items():
            (priced if name in priced_of(device) else others).setdefault((name, datum), []).append(f"`{target}`")
    lines = ["# Constants of all targets", ""]
    lines += ["What the joules and seconds of a table are made of. `--cost FILE` replaces what is priced.", ""]
    for title, table in (("Priced", priced), ("That decide the reads", others)):
        shares = ", ".join(f"{sum(datum.kind == kind for _, datum in table)} {kind}" for kind in KINDS)
        lines += [f"## {title}", "", f"{len(table)} constants: {shares}.", ""]
        lines += ["| Constant | Value | Range | Kind | Source | Targets |", "|---|---|---|---|---|---|"]
        lines += [
            f"{_row(*key)} {', '.join(found)} |" for key, found in sorted(table.items(), key=lambda each: each[0][0])
        ]
        lines.append("")
    return "\n".join(lines)


def _row(name: str, datum: Datum) -> str:
    reach = "" if datum.low == datum.high else f"{_number(datum.low, 4)} to {_number(datum.high, 4)}"
    unit = "" if datum.unit == "1" else f"\u00a0{datum.unit}"  # on the line of its number
    source = datum.source.replace("|", "\\|").replace("<", "&lt;").replace("*", "\\*").replace("_", "\\_")
    return f"| `{name}` | {_number(datum.value, 6)}{unit} | {reach} | {datum.kind} | {source} |"


def _number(value: float, digits: int) -> str:
    """Format a number as 2.5 · 10⁻⁵, in one piece."""
    mantissa, _, exponent = f"{value:.{digits}g}".partition("e")
    raised = str(int(exponent)).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")) if exponent else ""
    return (f"{mantissa}·10{raised}" if exponent else mantissa).replace("-", "−")


def page_names(package: str) -> list[str]:
    """List the public names of a package in the order of its page."""
    spec = find_spec(package)
    path = Path(str(spec.origin))
    source = path.with_suffix(".pyi") if path.with_suffix(".pyi").exists() else path
    for node in ast.parse(source.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "__all__":
            return [str(name) for name in ast.literal_eval(node.value)]
    raise ValueError(f"{source} has no __all__")


def api_page(package: str) -> str:
    """Return the page of a package: its docstring and a table of its names."""
    module = import_module(package)
    objects = [name for name in page_names(package) if callable(getattr(module, name))]
    if package == "neuromorph":  # what a package of its own has stands on that package's page
        others = {name for each in PACKAGES[1:] for name in page_names(each)}
        objects = [name for name in objects if name not in others]
    lines = [f"# {package}", "", "```{eval-rst}", f".. automodule:: {package}", "", f".. currentmodule:: {package}", ""]
    lines += [".. autosummary::", "   :toctree: generated", "   :nosignatures:", "", *(f"   {n}" for n in objects)]
    return "\n".join([*lines, "```", ""])


def write_pages(app: Any) -> None:
    """Write all of them, only where they change: what is unchanged is not built again."""
    for name, (title, targets, module, tables) in DEVICES.items():
        _write(HERE / "devices" / f"{name}.md", device_page(title, targets, module, tables))
    _write(HERE / "devices" / "constants.md", constants_page())
    for package in PACKAGES:
        _write(HERE / "api" / f"{package}.md", api_page(package))


def _write(path: Path, text: str) -> None:
    if not path.exists() or path.read_text(encoding="utf-8") != text:
        path.write_text(text, encoding="utf-8")


def setup(app: Any) -> dict[str, bool]:
    """Register with Sphinx."""
    write_pages(app)
    return {"parallel_read_safe": True}
