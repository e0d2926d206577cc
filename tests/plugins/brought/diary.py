"""A listener of one's own, which a package brings by its entry point: it writes a line for each task that ends."""

from __future__ import annotations

from pathlib import Path

import msgspec

from judgebench import Listener
from judgebench.plugins import Plugin

PLUGIN = Plugin(listeners={"Diary": "diary:Diary"})


class DiaryConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``path`` is the file; ``token`` stands for what a service of messages would want."""

    path: str
    token: str = ""


class Diary(Listener):
    """Writes down what it hears."""

    Config = DiaryConfig

    def task(self, row):
        if row.over:
            self.write(f"{row.stage} {row.status}")

    def finding(self, kind, text, *, task=""):
        self.write(f"{kind}: {text}")

    def done(self, *, exit_code, scores, next_command):
        self.write(f"done {exit_code} {scores[0].name} {scores[0].value:.1f} {len(self.config.token)}")

    def write(self, line):
        with Path(self.config.path).open("a") as file:
            file.write(f"{line}\n")
