"""Execution on this machine: time limits, signals, threads, pieces of long loops."""
