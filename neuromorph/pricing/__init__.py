"""What a ledger means: boundaries, draws of what is not known of prices, sensitivities, standby, units of work."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
