"""How work runs on this machine: time limits, signals, threads, pieces of long loops."""
