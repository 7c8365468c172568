"""Shared machinery of the numba inner loops: arrays in, arrays out, GIL released, compiled code cached."""
