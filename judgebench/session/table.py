"""The shipped listeners by the names that configs write; see ``plugins.rooms``."""

from __future__ import annotations

LISTENERS: dict[str, str] = {}
"""What hears a run: ``listeners=[dict(type=...)]``. None is shipped: ``jb`` shows a board by itself."""
