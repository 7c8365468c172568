from .analog_tours import analog_tours
from .by_macros import ByMacros
from .city_distances import CityDistances, distances_of
from .imperfections import Imperfections
from .iterated_search import iterate_swaps
from .macros import PathMacro
from .one_tree import one_tree_bound
from .paths import Macro
from .solve import MacroSolution, solve_by_macros
from .swap_network import swap_links

__all__ = [  # noqa: RUF022  by theme
    "analog_tours",
    "solve_by_macros",
    "MacroSolution",
    "Macro",
    "PathMacro",
    "Imperfections",
    "ByMacros",
    "swap_links",
    "iterate_swaps",
    "one_tree_bound",
    "CityDistances",
    "distances_of",
]
