"""``python -m replay.page``: prints ``docs/replay.md``, which says where the recordings of every study come from."""

from __future__ import annotations

import sys

from replay.sources import SOURCES

_HEAD = """\
# Replay

<!-- Made by: python -m replay.page > docs/replay.md (make docs) -->

`make replay` (or `python -m replay`) replays recorded judges and models through `jb`, without any network, and compares
every published figure with ours: to 1e-9, or to half a unit of the last printed digit where figures were rounded.

- The recordings are in a folder with a subfolder for each study: `--data-dir FOLDER`, else the environment variable
  `JB_TEST_DATA`, else `../shared/data`. If there is no such folder, `replay` says so in one sentence and ends with 0.
- If the folder is there, every study must be in it. A folder that is not there, a lost file, an emptied expectation, a
  figure of which we have none, and a folder without a study are errors (exit code 1). `--without STUDY` excuses a study
  by name, as do the names in `JB_TEST_WITHOUT`; `--only STUDY` runs some alone. An unknown name ends with 2.
- `make catalogue-check DATA=FOLDER` (or `python -m replay.catalogue --data-dir FOLDER`) reads every file of a described
  dataset (`docs/datasets/`) that is in a folder: it counts the items and names the row that is not of the published
  layout. Without a folder it checks that every config loads, names source, place and licence, and has its page.
- Figures that cannot be computed from what is public are listed with the reason and counted apart.

## Where the recordings come from

Each row gives the public repository with its commit, the files, and what is done to them to make the folder of that
name. The expected figures beside them (`expected.json`, or the folder's README) are those that the source prints, or
were computed from its files by its published rule.

| study | repository and commit | files | steps | figures at least |
| --- | --- | --- | --- | --- |
"""


def text() -> str:
    """Return the page."""
    rows = (
        f"| `{name}` | {one.repository} | {one.files} | {one.steps} | {one.at_least} |\n"
        for name, one in SOURCES.items()
    )
    return _HEAD + "".join(rows)


if __name__ == "__main__":
    sys.stdout.write(text())
