"""Dopant networks as targets: the Coulomb glass, neurons of dopants, a classifier."""
