"""An array of probabilistic bits as a target of neuromorph, in a package of its own."""

from .target import ExamplePbits

__all__ = ["ExamplePbits"]
