"""Circuits as the text of SPICE's dialects, and back."""
