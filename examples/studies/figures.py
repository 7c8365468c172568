"""Run a study of this folder and draw its figures: front over chips, sensitivity, each parameter.

Run it: python examples/studies/figures.py examples/studies/crossbar_levels.toml --out levels
"""

from __future__ import annotations

import argparse
import tomllib
from pathlib import Path

from neuromorph.sweep import StudySummary, losses, pareto_front, read_summary, sweep, write_figures

HERE = Path(__file__).parent


def main(argv: list[str] | None = None) -> StudySummary:
    """Run the study, write its figures beside its results, and print the settings of the front."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("study", type=Path, nargs="?", default=HERE / "crossbar_levels.toml")
    parser.add_argument("--out", type=Path, default=None)
    parser.add_argument("--reads", type=int, default=None, help="fewer than in the file, to try it")
    parser.add_argument("--chips", type=int, default=None)
    options = parser.parse_args(argv)
    study = tomllib.loads(options.study.read_text())
    given = {"reads": options.reads, "chips": options.chips}
    study["study"] |= {name: value for name, value in given.items() if value is not None}
    out = options.out or Path(options.study.stem)
    state = sweep(study, out)
    print(f"{state.name}: {state.done} of {state.total} tasks")
    summary = read_summary(out)
    write_figures(out)
    values = losses(summary, ["energy", "accuracy"]).mean(axis=1)
    for target in dict.fromkeys(target for target, _ in summary.settings):
        mine = [k for k, (name, _) in enumerate(summary.settings) if name == target]
        for k, on in zip(mine, pareto_front(values[mine]), strict=True):
            if on:
                energy, loss = values[k]
                print(f"{target} {dict(summary.settings[k][1])}: {energy:.3g} J a read, accuracy {1 - loss:.4f}")
    return summary


if __name__ == "__main__":
    main()
