"""Graphs of annealers, and problems embedded in them."""
