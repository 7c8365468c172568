"""From a circuit back to the network and the neurons that it realizes."""
