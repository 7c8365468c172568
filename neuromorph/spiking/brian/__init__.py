"""Brian2 as the simulator: networks built once and run again, compiled programs, a cache of measured neurons."""
