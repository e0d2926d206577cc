"""A module that cannot be imported: it needs what is not installed."""

import no_such_package_of_jb  # noqa: F401
