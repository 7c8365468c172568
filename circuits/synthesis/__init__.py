"""From a network to a circuit: neurons, synapses, component values, initial states."""
