"""From a finished run to a corrected accuracy, as a person does it: in a terminal, one key for each answer."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import struct
import subprocess
import sys
import termios
from pathlib import Path

from judgebench.store.run_folder import RunFolder
from judgebench.trust.corrected import corrected_scores
from tests.e2e.harness import environment
from tests.trust.made import judged, judged_run

TRUTH = [number % 3 > 0 for number in range(120)]


class Terminal:
    """A terminal of 80 columns in which somebody types commands and presses keys; both are counted.

    Attributes:
        commands: How many commands were typed. ``keys``: how many keys were pressed in them.
        screen: All that was shown.
    """

    def __init__(self, folder: Path) -> None:
        self.commands = self.keys = 0
        self.screen = ""
        self._folder = folder
        self._ours, self._theirs = pty.openpty()
        fcntl.ioctl(self._theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))

    def start(self, *words: str) -> subprocess.Popen[bytes]:
        self.commands += 1
        return subprocess.Popen(
            [sys.executable, "-m", "judgebench", *words],
            cwd=self._folder, env=environment({"COLUMNS": "", "TERM": "dumb"}), start_new_session=True,
            stdin=self._theirs, stdout=self._theirs, stderr=self._theirs,
        )  # fmt: skip

    def press(self, key: str) -> None:
        self.keys += 1
        os.write(self._ours, key.encode())

    def until(self, shown: str) -> str:
        """Return what is shown up to a text that is waited for."""
        said = ""
        while shown not in said:
            said += os.read(self._ours, 65536).decode()
        self.screen += said
        return said

    def settings(self) -> list[object]:
        """Return how the terminal takes keys."""
        return termios.tcgetattr(self._theirs)

    def close(self) -> None:
        os.close(self._ours)
        os.close(self._theirs)


def test_fifty_keys_and_two_commands_make_a_corrected_accuracy(tmp_path: Path) -> None:
    run = judged_run(tmp_path / "20260101_000000", TRUTH, judged(TRUTH, sensitivity=0.95, specificity=0.7)).path
    terminal = Terminal(tmp_path)
    before = terminal.settings()
    drawing = terminal.start("label", "draw", str(run), "--n", "50")
    terminal.until("jb label add")
    assert drawing.wait(timeout=200) == 0
    labelling = terminal.start("label", str(run), "--annotator", "ada")
    try:
        for _ in range(50):
            shown = terminal.until("[q quit] ")
            number = int(re.findall(r"What is twice (\d+)\?", shown)[-1])
            assert "strict" not in shown, "blind"
            terminal.press("c" if TRUTH[number] else "x")
        terminal.until("by the labels alone")
        assert labelling.wait(timeout=200) == 0
    finally:
        labelling.kill()
        labelling.wait()
    assert terminal.settings() == before
    assert terminal.commands <= 4
    assert terminal.keys <= 50
    (score,) = corrected_scores(RunFolder(run))
    assert score.corrected is not None
    assert score.corrected.ci95 is not None
    low, high = score.corrected.ci95
    assert f"corrected by 50 labels: {score.corrected.value:.2f} ({low:.2f}..{high:.2f})" in terminal.screen
    assert low < 100 * sum(TRUTH) / len(TRUTH) < high
    assert all(len(line) <= 80 or "jb label" in line for line in terminal.screen.splitlines())
    terminal.close()
