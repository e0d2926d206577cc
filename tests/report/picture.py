"""Makes a picture of the beginning of a report: ``python -m tests.report.picture REPORT.html PICTURE.webp``."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from tests.viewer.browser import browser


def picture(report: Path, file: Path) -> None:
    """Write what a window of 1280 by 900 pixels shows of a report."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder, browser(Path(folder)) as page:
        page.size(1280, 900)
        page.theme("light")
        page.goto(report.resolve().as_uri())
        page.picture(file, format=file.suffix.removeprefix("."))


if __name__ == "__main__":
    picture(Path(sys.argv[1]), Path(sys.argv[2]))
