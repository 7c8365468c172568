"""One circuit through its differential equation and through SPICE, and how far apart they are."""
