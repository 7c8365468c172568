"""Grey pictures recalled as grey: a modern Hopfield memory of continuous patterns, three of eight rows hidden.

Pictures are centered and have one length, so that none attracts the others; hidden pixels start at 0, the mean grey
of each. One step of attention finds the picture, grey as it was stored. Ramsauer et al., ICLR 2021.

    python examples/grey_pictures.py [--out DIR]
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from sklearn.datasets import load_digits

from neuromorph.associative_memory import ModernHopfield
from neuromorph.problems import hidden_pixels

BETA = 40.0


def main(arguments: list[str] | None = None) -> np.ndarray:
    """Print the largest error of a pixel, and return that of each picture; values go from 0 to 16."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--out", type=Path, help="folder for the figure grey_pictures.png")
    out = parser.parse_args(arguments).out
    images, labels = load_digits(return_X_y=True)
    pictures = images[[int(np.flatnonzero(labels == digit)[0]) for digit in range(10)]]
    mean = pictures.mean(axis=1, keepdims=True)
    length = np.linalg.norm(pictures - mean, axis=1, keepdims=True)
    hidden = hidden_pixels("0.33", (8, 8))
    cues = np.where(hidden, 0.0, (pictures - mean) / length)
    found = ModernHopfield((pictures - mean) / length, BETA).recall(cues).states * length + mean
    errors = np.abs(found - pictures).max(axis=1)
    print(f"ten grey digits, {hidden.mean():.0%} hidden: largest error of a pixel {errors.max():.3f} of 16")
    if out is not None:
        from matplotlib.figure import Figure

        out.mkdir(parents=True, exist_ok=True)
        figure = Figure(figsize=(9.0, 3.2), layout="constrained")
        rows = {"stored": pictures, "cue": cues * length + mean, "recalled": found}
        for line, (title, row) in zip(figure.subplots(3, 10), rows.items(), strict=True):
            for ax, picture in zip(line, row, strict=True):
                ax.imshow(picture.reshape(8, 8), cmap="gray_r", vmin=0, vmax=16)
                ax.set(xticks=[], yticks=[])
            line[0].set_title(title, loc="left", fontsize=9)
        figure.savefig(out / "grey_pictures.png", dpi=110)
        print(f"written: {out / 'grey_pictures.png'}")
    print("published: one step of attention retrieves a pattern that lies apart from the others (Ramsauer et al. 2021)"
          f"; ours: {(errors < 0.5).sum()} of {len(errors)} pictures to the grey level")  # fmt: skip
    return errors


if __name__ == "__main__":
    main()
