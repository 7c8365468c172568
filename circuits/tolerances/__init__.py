"""Circuits as they are made: parts that differ, and the boards that still work."""
