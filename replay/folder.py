"""Where the recordings are, and which studies need not be among them."""

from __future__ import annotations

import os
from pathlib import Path

ROOT = Path(__file__).parents[1]
DATA_VARIABLE = "JB_TEST_DATA"
"""Environment variable that names the folder of recordings."""
WITHOUT_VARIABLE = "JB_TEST_WITHOUT"
"""Environment variable with the names of studies, with blanks between them, whose recordings need not be there."""
DATA = Path(os.environ.get(DATA_VARIABLE) or ROOT.parent / "shared" / "data")


def excused() -> list[str]:
    """Return the studies that the environment excuses."""
    return os.environ.get(WITHOUT_VARIABLE, "").split()
