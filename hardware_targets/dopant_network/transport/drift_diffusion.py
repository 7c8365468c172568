r"""Room temperature: holes that drift and diffuse in their own space charge.

.. math:: \nabla \cdot (\epsilon \nabla \phi) = -e (p + N_D - N_A), \qquad \nabla \cdot J = 0, \qquad
          J = e \mu p E - e D \nabla p, \quad D = \mu k T / e

on the cells of ``mesh``, with the flux of Scharfetter and Gummel between two of them,

.. math:: J_{ij} = e \mu V_T\, w_{ij} \big( B(\delta)\, p_i - B(-\delta)\, p_j \big), \qquad
          \delta = (\phi_j - \phi_i) / V_T, \quad B(x) = x / (e^x - 1),

where phi is the potential, E its field, p the density of holes, N_D - N_A the doping, J the current density, mu the
mobility, D the diffusivity, V_T = k T / e and w_ij the coupling of two cells. The flux is exact where the field is
constant along an edge. Electrodes hold ``contact_m3`` holes at the applied voltage; no current leaves through the rest
of the outline. Newton's method solves both equations at once, in steps of the voltages that grow as it converges. The
layer is uniform in depth, ``thickness_m`` thick, and its field lies in the plane.

Next to an electrode p = p_c / (1 + x / l)^2 with l = sqrt(2) Debye lengths, ``SemiconductorLayer.skin_m``. On
``device_mesh(..., skin_m=layer.skin_m)``, which resolves that, currents converge with the square of the spacing as long
as the potential changes by less than k T / e over a cell; on meshes that are fine at the ends of electrodes alone they
are some three times further off. ``mesh_convergence.refine_mesh`` measures it.

The nonlinearity is that of space charge: J = 9 eps mu V^2 / 8 L^3 between two plates (Mott and Gurney, 1940). It is
approached from above, since the contacts spill holes into the layer: 1 um apart and undoped, J is 18.2 times the law at
50 mV, 1.98 times at 1 V and 1.19 times at 8 V; where V is not many kT / e the layer is ohmic.
Source: Scharfetter and Gummel, IEEE Trans. Electron Devices 16, 64 (1969).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from importlib.resources import files

import numpy as np
from numpy.typing import ArrayLike
from scipy import sparse
from scipy.constants import elementary_charge, epsilon_0
from scipy.sparse.linalg import splu

from neuromorph.datum import Datum, read_data
from neuromorph.ising import Float
from neuromorph.runtime.limits import checkpoint

from ..device.device import silicon
from ..device.hopping_network import thermal_voltage
from ..device.mesh import Mesh

_NEWTON, _CLOSE = 30, 1e-10  # largest number of Newton steps; relative change at which they end
_LEAST = 0.1  # least fraction of its holes that a cell keeps in one step
_SMALLEST_STEP = 1e-4  # smallest step of the voltages, as a fraction of the way to the requested ones


def drift_diffusion_data() -> dict[str, Datum]:
    """Read the numbers of ``drift_diffusion.toml``.

    Returns
    -------
    dict of str to Datum
        Constants by name.
    """
    return read_data(files(__package__).joinpath("drift_diffusion.toml").read_text())


@dataclass(frozen=True)
class SemiconductorLayer:
    """Layer in which holes move, SI units.

    :func:`silicon_layer` has the defaults of ``drift_diffusion.toml``.

    Attributes
    ----------
    relative_permittivity : float
        Permittivity over that of vacuum.
    mobility_m2_vs : float
        mu of holes, m^2/Vs.
    doping_m3 : float
        N_D - N_A of the background, 1/m^3: positive where it repels holes.
    contact_m3 : float
        p_c, holes at every electrode, 1/m^3.
    thickness_m : float
        Thickness, m.
    temperature_k : float
        Temperature, K.
    """

    relative_permittivity: float
    mobility_m2_vs: float
    doping_m3: float
    contact_m3: float
    thickness_m: float
    temperature_k: float

    def __post_init__(self) -> None:
        for name, value in vars(self).items():
            if not (np.isfinite(value) and (value > 0.0 or name == "doping_m3")):
                raise ValueError(
                    f"{name} is {value}; it must be finite{'' if name == 'doping_m3' else ' and positive'}"
                )

    @property
    def skin_m(self) -> float:
        """Depth of a fall of the holes to a quarter, sqrt(2 eps k T / e^2 p_c), m."""
        epsilon = self.relative_permittivity * epsilon_0
        thermal = thermal_voltage(self.temperature_k)
        return float(np.sqrt(2.0 * epsilon * thermal / (elementary_charge * self.contact_m3)))


def silicon_layer() -> SemiconductorLayer:
    """Return an n-type layer of silicon with implanted p-type contacts at 300 K.

    Returns
    -------
    SemiconductorLayer
        Layer.
    """
    d = drift_diffusion_data()
    names = ("hole_mobility", "background_donors", "contact_holes", "thickness", "room_temperature")
    return SemiconductorLayer(silicon().relative_permittivity, *(d[name].value for name in names))


@dataclass(frozen=True, eq=False)
class SteadyState:
    """A steady state.

    Attributes
    ----------
    potentials_v, holes_m3 : (m,) float
        Potential, V, and density of holes, 1/m^3, at the vertices of the mesh.
    currents_a : (k,) float
        Currents into the electrodes, A.
    flows_a : (k, k) float
        Holes that come into electrode i (row) from electrode j (column), times e, A: the currents are what comes in
        less what goes out; the diagonal is 0.
    steps : int
        Steps of Newton's method over all voltages on the way.
    converged : bool
        Whether the voltages were reached.
    message : str
        The reason if they were not.
    """

    potentials_v: Float
    holes_m3: Float
    currents_a: Float
    flows_a: Float
    steps: int
    converged: bool
    message: str


@dataclass(frozen=True, eq=False)
class HoleFlow:
    """One layer on one mesh, to be solved at many voltages.

    Attributes
    ----------
    mesh : Mesh
        The cells.
    layer : SemiconductorLayer
        The layer.
    """

    mesh: Mesh
    layer: SemiconductorLayer

    @cached_property
    def _levers(self) -> Float:
        return self.mesh.levers()

    @cached_property
    def _rest(self) -> tuple[Float, Float, int, bool]:
        """Equilibrium without voltages: p = exp(-psi) and Poisson's equation."""
        psi = np.zeros(len(self.mesh.points))
        return self._newton(psi, np.ones_like(psi), equilibrium=True)

    def solve(self, voltages_v: ArrayLike, start: SteadyState | None = None) -> SteadyState:
        """Solve for the steady state at given voltages.

        Parameters
        ----------
        voltages_v : (k,) float
            Voltages of the electrodes, V.
        start : SteadyState, optional
            State from which the voltages are changed; None starts at equilibrium.

        Returns
        -------
        SteadyState
            The state; ``converged`` is False where Newton's method did not reach the voltages.
        """
        v = np.asarray(voltages_v, dtype=float)
        mesh, thermal = self.mesh, thermal_voltage(self.layer.temperature_k)
        if v.shape != (mesh.electrodes,) or not np.isfinite(v).all():
            raise ValueError(
                f"voltages have shape {v.shape}; give a finite one for each of {mesh.electrodes} electrodes"
            )
        common = float(v.min())  # only differences count
        goal = (v - common) / thermal
        if start is None:
            psi, p, steps, _ = self._rest
            now = np.zeros_like(v)
        else:
            psi, p, steps = start.potentials_v / thermal, start.holes_m3 / self.layer.contact_m3, 0
            now = np.array([psi[mesh.owner == e].mean() for e in range(v.size)])
            psi, now = psi - common / thermal, now - common / thermal
        done, step, converged = 0.0, 1.0, True
        while done < 1.0:
            step = min(step, 1.0 - done)
            tried = psi + self._levers @ (step / (1.0 - done) * (goal - now))
            tried, holes, took, converged = self._newton(tried, p)
            steps += took
            if converged:
                now = now + step / (1.0 - done) * (goal - now)
                psi, p, done = tried, holes, done + step
                step *= 3.0
            else:
                step /= 4.0
                if step < _SMALLEST_STEP:
                    break
        p, flows = self._continuity(psi)
        message = "steady" if converged else f"stopped at {done:.1%} of the voltages: no convergence beyond"
        currents = (flows - flows.T).sum(axis=1)
        potentials, holes = psi * thermal + common, p * self.layer.contact_m3
        return SteadyState(potentials, holes, currents, flows, steps, converged, message)

    def _continuity(self, psi: Float) -> tuple[Float, Float]:
        """Compute holes and the flows between electrodes for a given potential.

        The equation is linear in p: holes of each electrode are found apart from the others', and the current between
        two electrodes is the difference of the flows that each sends to the other, sums of positive numbers. At an
        electrode, drift and diffusion cancel to the last digits; here there is nothing to cancel.
        """
        mesh, layer, m = self.mesh, self.layer, psi.size
        i, j = mesh.edges.T
        delta = psi[j] - psi[i]
        out, back = mesh.couplings * bernoulli_function(delta)[0], mesh.couplings * bernoulli_function(-delta)[0]
        rates = _matrix(m, (i, j, out), (j, i, back))  # from row to column
        balance = sparse.csr_array(sparse.diags_array(np.asarray(rates.sum(axis=1)).ravel()) - rates.T)
        free, held = np.flatnonzero(mesh.owner < 0), np.flatnonzero(mesh.owner >= 0)
        of = (mesh.owner[:, None] == np.arange(mesh.electrodes)).astype(float)
        inner, right = sparse.csc_array(balance[free][:, free]), -(balance[free][:, held] @ of[held])
        factors = splu(inner)
        found = factors.solve(right)
        shares = of.copy()
        shares[free] = found + factors.solve(right - inner @ found)  # one refinement
        sent = of.T @ (rates.T @ shares)  # (into, from)
        unit = elementary_charge * layer.mobility_m2_vs * thermal_voltage(layer.temperature_k) * layer.contact_m3
        np.fill_diagonal(sent, 0.0)
        return np.asarray(shares.sum(axis=1)), unit * layer.thickness_m * sent

    def _newton(self, psi: Float, p: Float, *, equilibrium: bool = False) -> tuple[Float, Float, int, bool]:
        """Solve both equations from a guess and return (psi, p, steps, converged).

        psi is in V_T, p in contact densities.
        """
        mesh, layer = self.mesh, self.layer
        epsilon = layer.relative_permittivity * epsilon_0
        charge = mesh.areas * (elementary_charge * layer.contact_m3 / (epsilon * thermal_voltage(layer.temperature_k)))
        doping, m = layer.doping_m3 / layer.contact_m3, p.size
        (i, j), w = mesh.edges.T, mesh.couplings
        free = np.flatnonzero(mesh.owner < 0)
        laplace = _matrix(m, (i, i, w), (j, j, w), (i, j, -w), (j, i, -w))
        both = np.r_[free, m + free]
        every = np.arange(m)
        if equilibrium:
            p = np.exp(-psi)
        for step in range(1, _NEWTON * (3 if equilibrium else 1) + 1):
            checkpoint()
            poisson = laplace @ psi - charge * (p + doping)
            if equilibrium:
                matrix = laplace + _matrix(m, (every, every, charge * p))
                change = splu(sparse.csc_array(matrix[free][:, free])).solve(-poisson[free])
                psi = psi.copy()
                psi[free] += np.clip(change, -2.0, 2.0)  # p follows exponentially
                p = np.exp(-psi)
                worst = float(np.abs(change).max())
            else:
                delta = psi[j] - psi[i]
                (out, out_slope), (back, back_slope) = bernoulli_function(delta), bernoulli_function(-delta)
                flux = w * (out * p[i] - back * p[j])
                slope = w * (out_slope * p[i] + back_slope * p[j])  # d flux / d delta
                balance = np.bincount(i, flux, m) - np.bincount(j, flux, m)
                by_psi = _matrix(m, (i, j, slope), (i, i, -slope), (j, j, -slope), (j, i, slope))
                by_p = _matrix(m, (i, i, w * out), (i, j, -w * back), (j, j, w * back), (j, i, -w * out))
                whole = sparse.block_array([[laplace, _matrix(m, (every, every, -charge))], [by_psi, by_p]]).tocsr()
                change = splu(sparse.csc_array(whole[both][:, both])).solve(-np.r_[poisson, balance][both])
                if not np.isfinite(change).all():
                    return psi, p, step, False
                psi, p, before = psi.copy(), p.copy(), p
                psi[free] += change[: free.size]
                p[free] = np.maximum(p[free] + change[free.size :], _LEAST * p[free])
                worst = float((np.abs(change[: free.size]) / (1.0 + np.abs(psi[free]))).max())
                worst = max(worst, float((np.abs(p - before) / np.maximum(p, before)).max()))
            if worst < _CLOSE:
                return psi, p, step, True
        return psi, p, step, False


def bernoulli_function(x: Float) -> tuple[Float, Float]:
    """Compute B(x) = x / (e^x - 1) and its slope, without overflow or cancellation.

    Parameters
    ----------
    x : ndarray
        Argument.

    Returns
    -------
    (ndarray, ndarray)
        B and dB/dx.
    """
    size = np.abs(x)
    small = size < 1e-4
    safe = np.where(small, 1.0, size)
    decay = np.exp(-safe)
    positive = np.where(small, 1.0 - size / 2.0 + size**2 / 12.0, safe * decay / -np.expm1(-safe))  # B(|x|)
    value = np.where(x < 0.0, positive + size, positive)
    mirrored = np.where(x < 0.0, positive, positive + size)  # B(-x)
    slope = np.where(small, -0.5 + x / 6.0, value * (1.0 - mirrored) / np.where(small, 1.0, x))
    return value, slope


def mott_gurney(layer: SemiconductorLayer, voltage_v: float, length_m: float) -> float:
    """Compute the space-charge-limited current density J = 9 eps mu V^2 / 8 L^3.

    The law holds for two plates without doping, at V far above k T / e; how far above, the module says.

    Parameters
    ----------
    layer : SemiconductorLayer
        The layer.
    voltage_v, length_m : float
        V between the plates and L, their distance.

    Returns
    -------
    float
        J, A/m^2.

    References
    ----------
    Mott and Gurney, Electronic Processes in Ionic Crystals (1940).
    """
    epsilon = layer.relative_permittivity * epsilon_0
    return 9.0 * epsilon * layer.mobility_m2_vs * voltage_v**2 / (8.0 * length_m**3)


def _matrix(m: int, *parts: tuple[np.ndarray, np.ndarray, Float]) -> sparse.csr_array:
    rows, columns, values = (np.concatenate(part) for part in zip(*parts, strict=True))
    return sparse.csr_array(sparse.coo_array((values, (rows, columns)), shape=(m, m)))
