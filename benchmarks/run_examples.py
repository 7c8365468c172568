"""Run every examples/*.py in a quick setting, with figures in one folder, and print each one's closing line.

An example that is not in QUICK runs as it is. One that fails, or takes longer than its limit, is told at the end, and
the exit code is then 1.

    python benchmarks/run_examples.py [--out examples-out] [--jobs 2] [--only NAME ...]
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

EXAMPLES = Path(__file__).resolve().parents[1] / "examples"

# Settings that end within a minute of one core; without them these take minutes.
QUICK = {
    "ags_phases": "--size 500",
    "atomic_arrays": "--problems 6 --starts 8 --reads 500 --residences 10000",
    "capacity": "--sizes 500 1000 2000 --realizations 15 --starts 40",
    "dbn_digits": "--splits 1",
    "dense_classifier": "--splits 2 --epochs 40",
    "dense_memory": "--spins 64 --cues 30 --largest 30",
    "device_bands": "--points 500",
    "digits_defaults": "--splits 1",
    "dopant_capacity": "--devices 1 --points 4 5 --epochs 40",
    "dopant_device": "--acceptors 5 --generations 4 --points 7",
    "dopant_digits": "--points 600 --fit 30 --epochs 10 --images 600 --seeds 1",
    "dopant_refinement": "--radius 50e-9 --halvings 1",
    "dopant_ring": "--devices 1 --samples 60 --pool 30 --attempts 1 --epochs 20",
    "edwards_anderson": "--instances 0.5",
    "encoder": "--seeds 2",
    "hopfield_tank_1985": "--instances 3 --starts 10",
    "mean_field_theories": "--size 10",
    "onsager": "--size 32 --draws 1000 --sizes 8 16 32",
    "overlap_distributions": "--sizes 32 64 128 --sides 4 --instances 0.4",
    "problem_kinds": "--reads 20",
    "rbm_digits": "--samples 800 --seeds 1 --units 50 --iterations 50",
    "sk_ground": "--sizes 48 64 96 --instances 0.2",
    "spiking_avalanches": "--side 16 --avalanches 5000 --warm-up 10000 --samples 20 --largest 32",
    "spiking_constraints": "--seconds 0.5 --networks 6",
    "spiking_recall": "--size 100 --loads 0.05 0.1 --swings 15 --seeds 1 --trials 5",
    "spiking_sampling": "--machines 1 --chains 100 --seconds 0.5",
    "spiking_timing": "--size 150 --loads 0.05 0.1 --noises 0 0.5 --seeds 1 --trials 5",
    "yield_curve": "--neurons 32 --patterns 3 --boards 30 --tour-boards 4",
}


@dataclass(frozen=True)
class Outcome:
    """Hold what became of one example."""

    name: str
    closing: str
    seconds: float
    error: str  # empty if it ended well


def closing_line(text: str) -> str:
    """The last line that says something beside where the figure is."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    places = ("wrote ", "written to ", "figure: ")
    told = [line for line in lines if not line.startswith(places) and not line.endswith(".png")]
    return told[-1] if told else "(says nothing)"


def run(path: Path, out: Path, limit_s: float) -> Outcome:
    """Run one example in a process of its own."""
    command = [sys.executable, str(path), *QUICK.get(path.stem, "").split()]
    if '"--out"' in path.read_text():
        command += ["--out", str(out / f"{path.stem}.png")]
    start = time.monotonic()
    environment = os.environ | {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=limit_s, env=environment, cwd=out)
        error = "" if done.returncode == 0 else closing_line(done.stderr) or f"exit code {done.returncode}"
        text = done.stdout
    except subprocess.TimeoutExpired:
        text, error = "", f"took longer than {limit_s:g} s"
    (out / f"{path.stem}.txt").write_text(text)
    return Outcome(path.stem, closing_line(text), time.monotonic() - start, error)


def main(argv: list[str] | None = None) -> int:
    """Run all and return the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--out", type=Path, default=Path("examples-out"), help="folder of figures and printed text")
    parser.add_argument("--jobs", type=int, default=2, help="examples at a time")
    parser.add_argument("--only", nargs="+", metavar="NAME", help="these examples alone, by name without .py")
    parser.add_argument("--limit", type=float, default=600.0, help="seconds that an example may take")
    options = parser.parse_args(argv)
    paths = [path for path in sorted(EXAMPLES.glob("*.py")) if not options.only or path.stem in options.only]
    if unknown := {*(options.only or []), *QUICK} - {path.stem for path in EXAMPLES.glob("*.py")}:
        print(f"error: examples has no {', '.join(sorted(unknown))}; correct --only, or QUICK in {__file__}")
        return 2
    out = options.out.resolve()
    out.mkdir(parents=True, exist_ok=True)
    failed, start = [], time.monotonic()
    with ThreadPoolExecutor(options.jobs) as pool:
        for one in pool.map(lambda path: run(path, out, options.limit), paths):
            print(f"{one.name} ({one.seconds:.0f} s): {one.error and 'FAILED: '}{one.error or one.closing}", flush=True)
            failed += [one.name] if one.error else []
    minutes = (time.monotonic() - start) / 60.0
    print(f"{len(paths) - len(failed)} of {len(paths)} examples ended well in {minutes:.1f} min; "
          f"figures in {options.out}" + (f"; failed: {', '.join(failed)}" if failed else ""))  # fmt: skip
    return 1 if failed else 0


if __name__ == "__main__":
    raise SystemExit(main())
