"""Energy accounts of circuits: what is delivered, dissipated and stored, by the ODE and by SPICE."""
