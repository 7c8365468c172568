"""Schematics of neurons, of the resistor array and of the circuit that anneals a tour."""
