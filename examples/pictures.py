"""Ten pictures of 32 x 32 pixels from a folder, a third hidden, recalled: Hebb's rule beside the pseudo-inverse.

The pictures are letters, which resemble each other: they are far from orthogonal, and Hebb's states run together. The
projection on the span of the patterns (Personnaz, Guyon and Dreyfus, 1985) keeps each. Hidden pixels start at 0.

    python examples/pictures.py [--out DIR]
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

import neuromorph as nm
from neuromorph.problems import Recall, with_mask

LETTERS = "ABEGKMRSWZ"
SIDE = 32
RULES = ("hebb", "pseudo-inverse")


def draw_letters(folder: Path) -> None:
    """Draw a picture of each letter, grey at its edges as scans are, at twice the size that is stored."""
    for letter in LETTERS:
        picture = Image.new("L", (2 * SIDE, 2 * SIDE), 255)
        font = ImageFont.load_default(size=1.7 * SIDE)
        ImageDraw.Draw(picture).text((SIDE, SIDE), letter, fill=20, font=font, anchor="mm")
        picture.save(folder / f"{letter}.png")


def recall(memory: Recall) -> tuple[NDArray[np.int8], NDArray[np.float64]]:
    """Recall every picture once, and return the final states and their overlaps with the pictures meant."""
    device = nm.get_target("cpu-relaxation")
    run = device.run(device.program(memory, rng=0), memory.task(len(LETTERS), 0), len(LETTERS), 0)
    return run.spins, np.diagonal(memory.overlaps(run.spins))


def main(arguments: list[str] | None = None) -> dict[str, NDArray[np.float64]]:
    """Print the overlaps of both rules, and return them."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--out", type=Path, help="folder for the figure pictures.png")
    out = parser.parse_args(arguments).out
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        draw_letters(folder)
        memories = {rule: with_mask(nm.load(folder, rule=rule, size=(SIDE, SIDE)), "0.33") for rule in RULES}
    print("\n".join(memories["hebb"].notes))
    found, states = {}, {}
    for rule, memory in memories.items():
        states[rule], found[rule] = recall(memory)
        print(f"{rule:15s} overlap {found[rule].mean():.3f}, {(found[rule] == 1).sum()} of {len(LETTERS)} whole")
    if out is not None:
        out.mkdir(parents=True, exist_ok=True)
        _draw(memories["hebb"], states, out / "pictures.png")
        print(f"written: {out / 'pictures.png'}")
    whole = {rule: int((found[rule] == 1).sum()) for rule in RULES}
    print("published: the pseudo-inverse keeps every one of linearly independent patterns (Personnaz, Guyon and "
          f"Dreyfus 1985); ours, a third hidden, whole of {len(LETTERS)}: "
          + ", ".join(f"{rule} {count}" for rule, count in whole.items()))  # fmt: skip
    return found


def _draw(memory: Recall, states: dict[str, NDArray[np.int8]], path: Path) -> None:
    from matplotlib.figure import Figure

    cues = np.where(memory.hidden, 0.0, memory.patterns)
    rows = {"stored": memory.patterns, "cue, a third hidden": cues, **states}
    figure = Figure(figsize=(9.0, 4.0), layout="constrained")
    axes = figure.subplots(len(rows), len(LETTERS))
    for line, (title, pictures) in zip(axes, rows.items(), strict=True):
        for ax, picture in zip(line, pictures, strict=True):
            ax.imshow(picture.reshape(SIDE, SIDE), cmap="gray_r", vmin=-1, vmax=1)
            ax.set(xticks=[], yticks=[])
        line[0].set_title(title, loc="left", fontsize=9)
    figure.savefig(path, dpi=110)


if __name__ == "__main__":
    main()
