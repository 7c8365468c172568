"""Cells that a designer takes into other tools: Verilog-A modules, and a neuron as schematics of LTspice and xschem."""
