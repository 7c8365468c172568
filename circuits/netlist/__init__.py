"""A circuit as plain data: elements, expressions, subcircuits, parameters."""
