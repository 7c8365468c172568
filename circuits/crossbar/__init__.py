"""Crossbars of memristors: wire resistance, IR drop, sneak paths and selectors."""
