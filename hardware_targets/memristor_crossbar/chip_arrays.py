"""The arrays of a chip as a user asks for them: cells, wires, code of the weights, compensation, converters."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from neuromorph.ising import Float
from neuromorph.protocol import DoesNotFit

from .differential_pairs import DifferentialPairs
from .digitized_products import Converters
from .phase_change_cell import DATA, PhaseChange
from .tiled_array import CORE, TiledArray
from .weight_code import WeightCode
from .write_verify import notes_on_prices, pulses_of_cells

CORES = int(DATA["cores"].value)


@dataclass(frozen=True)
class ChipArrays:
    """Arrays of a chip.

    Attributes
    ----------
    cell : PhaseChange
        Imperfections of the cells.
    wires : TiledArray
        Wires of an array.
    code : WeightCode
        How weights stand in cells.
    compensate : bool
        Whether targets make up for the IR drop.
    refinements : int
        Steps of this against the exact solve of the wires.
    converters : Converters or None
        Converters around the arrays; None: all is analog.
    """

    cell: PhaseChange
    wires: TiledArray
    code: WeightCode
    compensate: bool
    refinements: int
    converters: Converters | None

    def __post_init__(self) -> None:
        self.code.check(self.cell.levels)
        if not 0 <= self.refinements <= 20:
            raise ValueError(f"compensation_steps is {self.refinements}; give 0 to 20")
        if self.refinements and not (self.compensate and self.code.plain):
            raise ValueError(
                f"compensation_steps is {self.refinements}; it refines compensate=on for single pairs, without slices "
                "and offset columns"
            )

    @property
    def there(self) -> int:
        """Tiles of weights that the chip has."""
        return CORES * (CORE // self.wires.tile) ** 2

    @property
    def spins(self) -> int:
        """Size of the largest matrix."""
        side = self.wires.tile * math.isqrt(self.there // self.code.slices)
        return side - self.code.offset

    def amplifiers(self, n: int) -> int:
        """Count the amplifiers that add the currents of an output.

        Parameters
        ----------
        n : int
            Size of the matrix.

        Returns
        -------
        int
            One a tile and slice, and one that adds their outputs.
        """
        across = self.wires.across(n) * self.code.slices
        return across + (across > 1)

    def written(self, wanted: Float, stream: np.random.Generator) -> DifferentialPairs:
        """Program a matrix.

        Parameters
        ----------
        wanted : (n, n) float
            Weights, -1 .. 1.
        stream : numpy.random.Generator
            Stream of the cells.

        Returns
        -------
        DifferentialPairs
            The matrix as the cells hold it.
        """
        return DifferentialPairs.written(
            wanted, self.cell, self.wires, self.compensate, stream, code=self.code, refinements=self.refinements
        )

    def setup(self, pairs: DifferentialPairs) -> dict[str, float]:
        """Count what writing takes.

        Parameters
        ----------
        pairs : DifferentialPairs
            Written matrix.

        Returns
        -------
        dict of str to float
            Written cells and pulses.
        """
        targets = self.code.planes(np.clip(pairs.wanted, -1.0, 1.0), self.cell.levels)
        return {
            "written_cells": float(pairs.cells),
            "pulses": pulses_of_cells(targets, self.code.places(len(pairs.wanted)), self.cell),
        }

    def tiles(self, n: int) -> int:
        """Count the tiles that an n x n matrix takes; raise DoesNotFit if there are too few.

        Parameters
        ----------
        n : int
            Size of the matrix.

        Returns
        -------
        int
            Tiles.

        Raises
        ------
        DoesNotFit
            If the chip has not so many.
        """
        tiles = self.wires.across(self.code.outputs(n)) * self.wires.across(n) * self.code.slices
        tile, side = self.wires.tile, self.spins
        if tiles > self.there:
            what = "pairs" if self.code.plain else "weights"
            raise DoesNotFit(
                f"an array of {n} x {n} {what} takes {tiles} cores of {tile} x {tile}, the chip has {self.there} "
                f"({side} spins at most); take parts of the problem one after the other"
            )
        return tiles

    def notes(self, pairs: DifferentialPairs, tiles: int, tour: bool = False) -> tuple[str, ...]:
        """Say what was written, for people.

        Parameters
        ----------
        pairs : DifferentialPairs
            Written matrix.
        tiles : int
            Tiles that it takes.
        tour : bool
            Whether the matrix holds the distances of a tour.

        Returns
        -------
        tuple of str
            Sentences.
        """
        n = len(pairs.wanted)
        scaling = f", targets scaled by {pairs.scale:.3g} to make up for them" if pairs.scale != 1.0 else ""
        held = f"{n * (n - 1)} pairs of cells"
        if not self.code.plain:
            kind = "cells beside a reference column" if self.code.offset else "pairs of cells"
            slices = f" in {self.code.slices} slices" if self.code.slices > 1 else ""
            held = f"{n * (n - 1)} weights as {kind}{slices}, {pairs.cells} cells,"
        table = self.cell.table
        window = (
            ()
            if table is None
            else (
                f"cells of {table.name}: {1e6 * table.least * table.maximum_s:.3g} to {1e6 * table.maximum_s:.3g} uS",
            )
        )
        return (
            f"{held} on {tiles} of {self.there} cores, {self.cell.age_s:g} s after programming",
            f"wires of {self.wires.ohm:g} ohm from cell to cell, rows driven at "
            f"{'both ends' if self.wires.both_ends else 'one end'}: {pairs.lost:.2%} of the current lost{scaling}",
            *window,
            *notes_on_prices(self.cell, self.converters),
            *(("forces of a tour are priced so, and not rounded",) if tour and self.converters is not None else ()),
        )
