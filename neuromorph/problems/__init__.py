"""Problems of the user's field, each with the reader of its file format."""

from .problem import Problem, Solution

__all__ = ["Problem", "Solution"]
