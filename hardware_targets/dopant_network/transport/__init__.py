"""Currents of a dopant network: master equation, kinetic Monte Carlo, mean field, drift-diffusion."""
