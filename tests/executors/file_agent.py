"""Stands in for the node of a batch system: runs one command detached, ends it when asked, writes down how it ended.

``python file_agent.py FOLDER LOG COMMAND...``: a file ``kill`` in the folder asks for the end; ``end`` holds the exit
code.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path


def main(folder: Path, log: Path, command: list[str]) -> None:
    if os.fork():
        os._exit(0)  # whoever started this is not the parent of what runs
    with log.open("ab") as output:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True
        )
    while (code := process.poll()) is None:
        if (folder / "kill").exists():
            os.killpg(process.pid, signal.SIGKILL)
        time.sleep(0.02)
    (folder / "end.part").write_text(str(code))
    (folder / "end.part").rename(folder / "end")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3:])
