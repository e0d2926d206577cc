"""Writing and reading ``labels/draws/<row>.json``: which answers were drawn to be labelled."""

from __future__ import annotations

from pathlib import Path

import msgspec

from judgebench.errors import DataError
from judgebench.records.draws import Draw
from judgebench.store.journal import DamagedError, Decoder, make_folder, write_atomically
from judgebench.store.run_folder import RunFolder


def draw_file(run: RunFolder, row: str) -> Path:
    """Return the file of a row's draw."""
    return run.labels(row).parent / "draws" / f"{row}.json"


def write_draw(run: RunFolder, draw: Draw) -> None:
    """Write a draw in the place of the row's former one.

    Raises:
        DiskError: It cannot be written.
    """
    path = draw_file(run, draw.row)
    make_folder(path.parent)
    write_atomically(path, msgspec.json.encode(draw))


def read_draws(run: RunFolder) -> list[Draw]:
    """Return the draws of a run, the newest last.

    Raises:
        DataError: One is damaged.
    """
    decode = Decoder(Draw)
    found = []
    for path in sorted((run.path / "labels/draws").glob("*.json")):
        try:
            found.append(decode.read(path))
        except (OSError, DamagedError) as error:
            raise DataError(
                f"The draw {path} cannot be read: {error}.",
                hint="Remove the file, then draw again: jb label draw RUN --n N",
            ) from error
    return sorted(found, key=lambda draw: draw.time)
