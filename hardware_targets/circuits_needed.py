"""Imported before ``circuits``: where another package has that name, says what to do and runs none of its code."""

from neuromorph.runtime.package_ownership import require_circuits

require_circuits()
