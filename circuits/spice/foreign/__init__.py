"""Netlists as people write them, read with the meaning that all simulators of SPICE's family give them."""
