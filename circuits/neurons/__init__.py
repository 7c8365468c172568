"""Amplifiers: ideal, of op-amps, of transistors."""
