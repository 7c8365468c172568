"""Hopfield networks on LUCIDAC, a real analog computer: programs of one machine, plans of more."""
