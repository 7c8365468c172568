"""Synthesis of circuits from networks: neurons, synapses, component values, initial states."""
