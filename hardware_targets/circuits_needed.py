"""Check before ``circuits`` is imported that no other package of that name would be run."""

from neuromorph.runtime.package_ownership import require_circuits

require_circuits()
