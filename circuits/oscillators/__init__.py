"""LC oscillators as an Ising machine: a tank with a negative resistance, resistors between tanks, one pump for all."""
