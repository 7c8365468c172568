"""Certificates that the ODE of a circuit and its run in SPICE agree."""
