"""Drawings of a neuron and of the array."""
