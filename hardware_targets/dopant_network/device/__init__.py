"""A dopant network as it is made: electrodes, dopants, potentials, hopping sites."""
