"""Finds calls in the other files of a run that may hold what a judge-infer task asks.

Calls that a changed judge replaced are put aside, and are taken back with the setting. ``compare_with="a"`` records the
calls about a and b with b, every two models of a round robin with the one whose abbr sorts first. Where prompt,
parameters and judge model are the same, so is the question: a changed setting asks only what is new.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from judgebench.identity.questions import others_weights, read_identity
from judgebench.records.flow import JudgeCall
from judgebench.records.run import JudgeConfig
from judgebench.store.recorded import Recorded
from judgebench.store.run_folder import RunFolder, in_round_robin


def replaced_file(path: Path) -> Path:
    """Return where the calls of a file of judge calls are kept that calls of other settings have replaced."""
    return path.with_name(f"{path.name}.replaced")


class ReusedCalls:
    """Finds calls in the other files that may hold what a task asks.

    Where the config leaves the name of the judge model to its service, nothing is found: it may be another one now.

    Args:
        run: The run folder.
        model: The tested model of the task.
        data_abbr: Abbr of the dataset.
        judge: The judge.
        own: The task's own file of judge calls.
        settings: What decides the judge's verdicts now.
        enter: Keeps a file open until the stage is done (``stack.enter_context``).
    """

    def __init__(
        self,
        run: RunFolder,
        model: str,
        data_abbr: str,
        judge: JudgeConfig,
        own: Path,
        settings: dict[str, Any],
        enter: Callable[[Recorded[JudgeCall]], Recorded[JudgeCall]],
    ) -> None:
        declared = judge.round_robin or judge.abbr
        sides = ((model, judge.compare_with), (judge.compare_with, model)) if judge.compare_with else ()
        paths = [
            run.predictions(tested_model, data_abbr, name)
            for tested_model, compared_model in sides
            for name in (declared, in_round_robin(declared, compared_model))
            if _compared_with(run.identity(tested_model, data_abbr, name), settings) == compared_model
        ]
        named = judge.model.get("model") or judge.model.get("path")
        paths = [replaced_file(own), *(path for path in paths if path != own)] if named else []
        self._files = [enter(Recorded(path, JudgeCall)) for path in paths if path.exists()]

    def get(self, id: int, repeat: int, uuid: str) -> JudgeCall | None:
        """Return a call that succeeded, found by what was asked; ``None`` where there is none."""
        for recorded in self._files:
            if recorded.status(id, repeat, uuid) == "ok":
                return recorded.get(id, repeat, uuid)
        return None


def _compared_with(identity_file: Path, settings: dict[str, Any]) -> object:
    """Return whom a file's calls compare with: a baseline's file does not say so by its name.

    Nobody where other weights judged there than ``settings`` name.
    """
    identity = read_identity(identity_file)
    if identity is None or others_weights(identity.settings, settings):
        return None
    return identity.settings.get("compare_with")
