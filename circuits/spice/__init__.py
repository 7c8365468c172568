"""Circuits as SPICE text in several dialects, and netlists from outside as data."""
