"""Extraction of the network that a circuit implements: the way back from elements to couplings and neurons."""
