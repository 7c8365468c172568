"""The numba inner loops, nothing else: plain arrays in, plain arrays out, GIL released, compiled code cached."""
