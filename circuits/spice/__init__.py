"""Circuits as SPICE text in several dialects, and netlists from outside read as data."""
