"""The whole suite with 1,000 draws of each test."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.soak
@pytest.mark.timeout(3600)
def test_a_thousand_draws_are_equal() -> None:
    here = Path(__file__).parent
    command = [sys.executable, "-m", "pytest", str(here), "-m", "not soak", "-p", "no:cacheprovider"]
    done = subprocess.run(
        command, env=os.environ | {"JB_CONFORMANCE_DRAWS": "1000"}, cwd=here.parents[2], capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-3000:]
