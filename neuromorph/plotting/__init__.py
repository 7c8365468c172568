"""Axes, style, numbers and files of figures, for every package."""
