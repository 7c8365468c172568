"""Tolerances: component spread, mismatch and drift of circuits as they are made, and the yield of working boards."""
