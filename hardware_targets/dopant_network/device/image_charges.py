r"""Image charges: the effect of the metal electrodes on the Coulomb forces between dopants.

A charge draws charge onto the electrodes around it, whose voltage is held. The potential of a unit charge at r' is

.. math:: \frac{1}{|r - r'|} - g(r, r'), \qquad g(r, r') = u(r)^T P^{-1} u(r')

where P_ab is the potential on panel a of the electrodes by a unit charge spread over panel b, and u_a(r) that at r. The
induced potential g is symmetric, and for one wide straight electrode it is the mirror image:
``g = 1 / |r - mirror of r'|``. It holds for arcs, for narrow electrodes and for images of images too, where mirror
charges of each electrode, taken one by one, would count too much. A charge sees its own image: an ionized acceptor at
distance d of a wide electrode gains e^2 / 16 pi eps d.

Neglected: the electrodes are tall walls above and below the layer, in infinite silicon, whose surfaces have no image
charges.
Source: Jackson, Classical Electrodynamics, 2.1; panels: Harrington, Field Computation by Moment Methods (1968), ch. 2.
"""

from __future__ import annotations

import numpy as np
from scipy.linalg import cho_factor, cho_solve

from neuromorph.ising import Float
from neuromorph.runtime.threads import single_threaded_blas

from .geometry import Electrode, Shape

_ALONG = 12  # number of panels along an electrode
_UP = 9  # number of levels of panels from the layer upwards (as many below), of growing height
_TALL = 2.0  # height of an electrode above the layer, over the device's largest width


@single_threaded_blas()
def induced_potential(shape: Shape, electrodes: tuple[Electrode, ...], points: Float, *, refine: int = 1) -> Float:
    """Compute the induced potential g of image charges between points.

    Parameters
    ----------
    shape : Disc or Rectangle
        The outline.
    electrodes : tuple of Electrode
        The contacts.
    points : (points, 2) float
        Positions in the layer, m.
    refine : int
        Factor on the number of panels.

    Returns
    -------
    (points, points) float
        g, 1/m.
    """
    middle, direction, half, low, high = _panels(shape, electrodes, refine)
    area = 4.0 * half * (high - low)  # with the mirrored half below the layer

    def potential(at: Float, height: Float) -> Float:
        """Compute the potential (m, panels) of a unit charge on each panel and its mirrored half."""
        away = at[:, None] - middle
        along = (away * direction).sum(axis=-1)
        across = np.abs(away[..., 0] * direction[:, 1] - away[..., 1] * direction[:, 0])
        total = np.zeros(along.shape)
        for bottom, top in ((low, high), (-high, -low)):
            for sign_u, u in ((1.0, along + half), (-1.0, along - half)):
                for sign_w, w in ((1.0, height[:, None] - bottom), (-1.0, height[:, None] - top)):
                    total += sign_u * sign_w * _corner(u, w, across)
        return total / area

    mutual = potential(middle, 0.5 * (low + high))
    reach = potential(points, np.zeros(len(points)))
    charge = cho_solve(cho_factor(0.5 * (mutual + mutual.T)), reach.T)
    g = reach @ charge
    return np.asarray(0.5 * (g + g.T))


def _panels(shape: Shape, electrodes: tuple[Electrode, ...], refine: int) -> tuple[Float, Float, Float, Float, Float]:
    """Cut the electrodes above the layer into panels.

    Returns the middle (p, 2), direction (p, 2), half a length (p,), lower and upper end (p,) of each.
    """
    # Charge gathers at the ends of an electrode: shorter panels there.
    ends = 0.5 * (1.0 - np.cos(np.linspace(0.0, np.pi, _ALONG * refine + 1)))
    tall = _TALL * shape.extent_m
    parts = []
    for electrode in electrodes:
        corner = shape.at(electrode.start_m + electrode.width_m * ends)
        if (np.diff(corner, axis=0) == 0.0).all(axis=1).any():
            raise ValueError(f"electrode of {electrode.width_m:g} m is too narrow for panels; widen it")
        step = corner[1:] - corner[:-1]
        length = np.linalg.norm(step, axis=1)
        first = electrode.width_m / (2.0 * _ALONG * refine)
        levels = np.r_[0.0, np.geomspace(first, tall, _UP * refine)]
        count = len(levels) - 1
        parts.append(
            (
                np.repeat(0.5 * (corner[1:] + corner[:-1]), count, axis=0),
                np.repeat(step / length[:, None], count, axis=0),
                np.repeat(0.5 * length, count),
                np.tile(levels[:-1], len(length)),
                np.tile(levels[1:], len(length)),
            )
        )
    middle, direction, half, low, high = (np.concatenate(part) for part in zip(*parts, strict=True))
    return middle, direction, half, low, high


def _corner(u: Float, w: Float, d: Float) -> Float:
    """Integrate 1 / r over u and w in the plane at distance d (indefinite integral)."""
    tiny = np.finfo(float).tiny
    r = np.sqrt(u * u + w * w + d * d)
    flat = np.arctan2(u * w, d * r)
    return np.asarray(
        u * np.arcsinh(w / np.maximum(np.hypot(u, d), tiny))
        + w * np.arcsinh(u / np.maximum(np.hypot(w, d), tiny))
        - d * flat
    )
