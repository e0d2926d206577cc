"""How this program starts further processes of itself."""

from __future__ import annotations

import sys
from pathlib import Path


def python_command(module: str, *arguments: str) -> list[str]:
    """Return the command of a module of ours; its process gets the import path that this one has."""
    safe_path = [] if {"", str(Path.cwd())} & set(sys.path) else ["-P"]
    return [sys.executable, *safe_path, "-m", module, *arguments]
