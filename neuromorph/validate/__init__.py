"""Published results and physical laws that the suite stands on, run again: checks, their verdicts, table and page.

A check is a function that calls public functions of the suite and yields rows with what was published and what comes
out here. Each package offers a list of them as an entry point of the group ``neuromorph.checks``.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
