"""The recordings that tests read: the folder that ``JB_TEST_DATA`` names, else ``../shared/data``."""

from __future__ import annotations

from pathlib import Path

import pytest

from replay.folder import DATA, DATA_VARIABLE, WITHOUT_VARIABLE, excused


def recording(place: str, data: Path = DATA) -> Path:
    """Return a file or folder of recordings, such as ``pandalm/pairs.jsonl``.

    Where there is no data folder the test is skipped, and so it is where the study, whose name the place begins with,
    is excused by name. In a data folder that is there, everything else must be there too.
    """
    study = place.partition("/")[0]
    if not data.is_dir():
        pytest.skip(f"there is no data folder {data} (name one by {DATA_VARIABLE})")
    path = data / place
    if not path.exists():
        if study in excused():
            pytest.skip(f"{WITHOUT_VARIABLE} excuses {study}")
        pytest.fail(f"{path} is lost; docs/replay.md says where it comes from, {WITHOUT_VARIABLE}={study} excuses it")
    return path
