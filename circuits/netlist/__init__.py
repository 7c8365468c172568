"""Circuits as plain data: devices, expressions, subcircuits, parameters."""
