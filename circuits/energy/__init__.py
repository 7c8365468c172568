"""Where the joules of a circuit go, by its equation and by SPICE."""
