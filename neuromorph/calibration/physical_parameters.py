"""Parameters of a model of the device that simulations of it tell from measured currents, or do not tell.

The simulator belongs to the package of the device, which offers it as an entry point of the group
``neuromorph.inferences`` under the name of the kind of device: a function of ``MeasuredChords``, the number of draws
and a generator, which returns ``PhysicalParameters``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import entry_points
from typing import TypeAlias

import numpy as np
from numpy.typing import ArrayLike

from ..estimate import Estimate
from ..ising import Float
from .current_surface import CurrentSurface

TOLD = 0.2  # least part by which the data narrow a parameter that they tell
INFERENCE_GROUP = "neuromorph.inferences"
_INNER = 1.0 / 3.0  # the lower voltage over the upper one
_EDGE = 0.98  # of the range that was measured
_WARMER = 1.2  # least ratio of temperatures that counts as several


@dataclass(frozen=True, eq=False)
class MeasuredChords:
    """Chord conductances I / V of electrodes, one of them swept and the others at 0 V.

    Attributes
    ----------
    electrodes : tuple of str
        Names of the e electrodes.
    kelvins : (t,) float
        Temperatures, K, rising.
    volts : (v,) float
        Voltages above 0, V, rising.
    chords_s : (e, t, v, 2) float
        Conductances at +V and -V, S.
    errors_s : (e, t, v, 2) float
        Standard deviations, S.
    """

    electrodes: tuple[str, ...]
    kelvins: Float
    volts: Float
    chords_s: Float
    errors_s: Float


@dataclass(frozen=True, eq=False)
class InferredParameter:
    """Physical parameter, or combination of some, given measured currents.

    Attributes
    ----------
    name, unit : str
        Name, SI unit ("1" for none).
    estimate, prior : Estimate
        Median and 95 % interval with the data and without.
    contraction : float
        1 - standard deviation with the data over that without, of the logarithm where ``logarithmic``.
    logarithmic : bool
        Whether widths are those of the logarithm.
    draws : (draws,) float
        Draws, together with those of the other parameters.
    """

    name: str
    unit: str
    estimate: Estimate
    prior: Estimate
    contraction: float
    logarithmic: bool
    draws: Float

    @property
    def told(self) -> bool:
        """Whether the data narrow the parameter by a fifth at least."""
        return self.contraction >= TOLD


@dataclass(frozen=True, eq=False)
class PhysicalParameters:
    """Parameters of the model of a device, given measured currents.

    Attributes
    ----------
    parameters : tuple of InferredParameter
        Parameters and combinations.
    likeness : float
        p-value of "the device is one of those that were simulated".
    model : str
        What was simulated, for people.
    remarks : tuple of str
        Sentences: which parameters no current tells apart, what the told ones rest on.
    """

    parameters: tuple[InferredParameter, ...]
    likeness: float
    model: str
    remarks: tuple[str, ...] = ()


InferenceFunction: TypeAlias = Callable[[MeasuredChords, int, np.random.Generator], PhysicalParameters]


def inferred_parameter(
    name: str, unit: str, draws: ArrayLike, prior: ArrayLike, *, logarithmic: bool
) -> InferredParameter:
    """Summarize draws of a parameter with the data and without.

    Parameters
    ----------
    name, unit : str
        Name, SI unit.
    draws, prior : (n,), (m,) float
        Draws with the data and without.
    logarithmic : bool
        Whether widths are those of the logarithm.

    Returns
    -------
    InferredParameter
        Parameter.
    """
    with_data, without = np.asarray(draws, dtype=float), np.asarray(prior, dtype=float)
    scaled = [np.log(each) if logarithmic else each for each in (with_data, without)]
    narrowed = 1.0 - float(scaled[0].std() / scaled[1].std())
    ends = [Estimate(*np.quantile(each, [0.5, 0.025, 0.975]).tolist()) for each in (with_data, without)]
    return InferredParameter(name, unit, ends[0], ends[1], narrowed, logarithmic, with_data)


def measured_chords(surface: CurrentSurface, names: tuple[str, ...], kelvin: float | None) -> MeasuredChords:
    """Take chord conductances from a surface of currents.

    Parameters
    ----------
    surface : CurrentSurface
        Currents.
    names : tuple of str
        Names of the settings; the last one is the temperature where it changes.
    kelvin : float or None
        Temperature where it does not change, K.

    Returns
    -------
    MeasuredChords
        Conductances at two voltages, and at one temperature or three.

    Raises
    ------
    ValueError
        If there is no temperature, or a range does not hold 0 V between its ends.
    """
    heated = names[-1] == "temperature"
    count = len(names) - heated
    high = surface.low + 2.0 * surface.span
    if heated:
        ends = float(surface.low[-1]), float(high[-1])
        kelvins = np.geomspace(*ends, 3) if ends[0] > 0.0 and ends[1] > _WARMER * ends[0] else np.array([sum(ends) / 2])
    elif kelvin is not None:
        kelvins = np.array([kelvin])
    else:
        raise ValueError("there is no temperature; add a column of it, constant or not")
    reach = _EDGE * float(np.minimum(-surface.low[:count], high[:count]).min())
    if not reach > 0.0:
        raise ValueError("an electrode was not swept through 0 V")
    volts = reach * np.array([_INNER, 1.0])
    rows = [
        np.r_[np.where(np.arange(count) == e, sign * v, 0.0), [t] * heated]
        for e in range(count)
        for t in kelvins
        for v in volts
        for sign in (1.0, -1.0)
    ]
    mean, sd = surface.predict(np.array(rows))
    known = np.sqrt(np.maximum(sd**2 - (surface.spread * surface.noise_a) ** 2, (0.01 * sd) ** 2))
    shape = (count, len(kelvins), 2, 2)
    size = np.abs(mean.reshape(shape)), known.reshape(shape)
    per = volts[:, None]
    return MeasuredChords(names[:count], kelvins, volts, size[0] / per, size[1] / per)


def installed_inference(device: str) -> InferenceFunction | None:
    """Find the inference that an installed package offers for a kind of device.

    Parameters
    ----------
    device : str
        Kind.

    Returns
    -------
    callable or None
        Function of chords, number of draws and generator; None where there is none.
    """
    for point in entry_points(group=INFERENCE_GROUP, name=device):
        found: InferenceFunction = point.load()
        return found
    return None
