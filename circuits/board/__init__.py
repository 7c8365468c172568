"""A board that is handed over: parts with order codes, bill of materials, netlist for KiCad, and a page."""
