"""``python -m neuromorph``."""

import sys

from .cli import main

sys.exit(main())
