"""Judge calls that an earlier setting of the run recorded, and that the present one asks for again.

Calls that a changed judge replaced are put aside, and are taken back with the setting. ``compare_with="a"`` records the
calls about a and b with b, every two models of a league with the one whose abbr sorts first. Where prompt, parameters
and judge model are the same, so is the question: a changed setting asks only what is new.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from judgebench.config.schema import JudgeConfig
from judgebench.records import JudgeCall
from judgebench.store.asked import read_asked
from judgebench.store.layout import RunFolder, in_league
from judgebench.store.recorded import Recorded


def replaced_file(path: Path) -> Path:
    """Return where the calls of a file of judge calls are kept that calls of other settings have replaced."""
    return path.with_name(f"{path.name}.replaced")


class Earlier:
    """Finds calls in the other files that may hold what a task asks.

    Where the config leaves the name of the judge model to its service, nothing is found: it may be another one now.

    Args:
        run: The run folder.
        model: The tested model of the task.
        data_abbr: Abbr of the data set.
        judge: The judge.
        enter: Keeps a file open until the stage is done (``stack.enter_context``).
    """

    def __init__(
        self,
        run: RunFolder,
        model: str,
        data_abbr: str,
        judge: JudgeConfig,
        enter: Callable[[Recorded[JudgeCall]], Recorded[JudgeCall]],
    ) -> None:
        declared = judge.league or judge.abbr
        sides = ((model, judge.compare_with), (judge.compare_with, model)) if judge.compare_with else ()
        paths = [
            run.predictions(player, data_abbr, name)
            for player, opponent in sides
            for name in (declared, in_league(declared, opponent))
            if _compared_with(run.asked(player, data_abbr, name)) == opponent
        ]
        own = run.predictions(model, data_abbr, judge.abbr)
        named = judge.model.get("model") or judge.model.get("path")
        paths = [replaced_file(own), *(path for path in paths if path != own)] if named else []
        self._files = [enter(Recorded(path, JudgeCall)) for path in paths if path.exists()]

    def get(self, id: int, repeat: int, uuid: str) -> JudgeCall | None:
        """Return a call that succeeded, found by what was asked; ``None`` where there is none."""
        for recorded in self._files:
            if recorded.status(id, repeat, uuid) == "ok":
                return recorded.get(id, repeat, uuid)
        return None


def _compared_with(asked_file: Path) -> object:
    """Return whom a file's calls compare with: a baseline's file does not say so by its name."""
    asked = read_asked(asked_file)
    return asked.settings.get("compare_with") if asked is not None else None
