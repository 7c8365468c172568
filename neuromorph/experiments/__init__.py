"""Experiments on one model: recall of patterns, sampling, and both with spikes."""
