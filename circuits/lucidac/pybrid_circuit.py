"""A program as a circuit of pybrid-computing, anabrid's package, which configures and runs the machine."""

from __future__ import annotations

from typing import Any

from .machine_program import CONSTANT_GIVER, MACHINE_INTEGRATORS, MachineProgram

_REMEDY = "pip install 'neuromorph[lucidac]'"


def pybrid_circuit(program: MachineProgram, mac: str = "00-00-00-00-00-00") -> Any:
    """Return a program as a circuit that ``LucipyWrapper.set_circuit`` takes.

    Parameters
    ----------
    program : MachineProgram
        The program.
    mac : str, default "00-00-00-00-00-00"
        Address of the machine.

    Returns
    -------
    pybrid.lucipy.circuits.Circuit
        The circuit; its integrators of neurons are probed in order.

    Raises
    ------
    ImportError
        If pybrid-computing is not installed; the message has the remedy.
    """
    try:
        from pybrid.lucipy.circuits import Circuit
    except ImportError as error:
        raise ImportError(f"pybrid-computing is not installed; {_REMEDY}") from error
    circuit = Circuit(mac)
    integrators = [circuit.int(ic=float(value)) for value in program.initial]
    multipliers = [circuit.mul() for _ in range(2 * len(integrators))]
    one = circuit.const() if any(lane.source == CONSTANT_GIVER for lane in program.lanes) else None
    for lane in program.lanes:
        if lane.source == CONSTANT_GIVER:
            source: Any = one
        elif lane.source < MACHINE_INTEGRATORS:
            source = integrators[lane.source]
        else:
            source = multipliers[lane.source - MACHINE_INTEGRATORS]
        if lane.target < MACHINE_INTEGRATORS:
            target: Any = integrators[lane.target]
        else:
            multiplier, side = divmod(lane.target - MACHINE_INTEGRATORS, 2)
            target = multipliers[multiplier].b if side else multipliers[multiplier].a
        circuit.connect(source, target, weight=lane.coefficient)
    for integrator in integrators:
        circuit.probe(integrator)
    return circuit
