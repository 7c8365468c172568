"""The device: outline, electrodes, dopants, potentials, hopping network."""
