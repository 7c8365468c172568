"""Lint for netlists: rules for what the engine of a dialect would refuse, drop or compute wrong."""
