"""Noise in time: currents drawn from a seed, the same in the differential equation and in every dialect of SPICE."""
