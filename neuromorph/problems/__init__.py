"""Problems of the user's field, each with the reader of its file format.

``load`` reads any of them; ``Tsp.from_coordinates``, ``Tsp.from_matrix``, ``MaxCut.from_edges``, ``Recall`` take data.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
