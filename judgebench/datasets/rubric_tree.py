"""Rubric trees whose leaves people graded: one item for each leaf (PaperBench JudgeEval, Starace et al. 2025)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar, NamedTuple

from judgebench.datasets.columns import Row
from judgebench.datasets.jsonl_file import opened
from judgebench.datasets.judge_samples import JudgeSamples, JudgeSamplesConfig
from judgebench.datasets.samples import candidates
from judgebench.errors import DataError, MissingDataError


class RubricTreeConfig(JudgeSamplesConfig, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Keys of ``type=RubricTree``; ``{split}`` in paths stands for the tree's name.

    Rows have the columns ``tree``, ``id``, ``requirements``, ``category``, ``context`` (the requirements above the
    leaf, from the root down), ``score``, ``branch`` (a list of ``[node, weight]`` from below the root to the leaf),
    ``paper`` and ``submission``.

    Attributes:
        paper: File with the paper's text; empty for rows without it.
        submission: Folder of the files that are judged; empty for rows without it. Its text files follow each other in
            the order of their paths, each under its path.
        most_characters: Characters of the submission that are shown; what is left out is said at its end.
    """

    key: str = "{tree}/{id}"
    gold_column: str = "score"
    paper: str = ""
    submission: str = ""
    most_characters: int = 400_000


class _Leaf(NamedTuple):
    node: dict[str, Any]
    context: list[str]
    branch: list[tuple[str, float]]


class RubricTree(JudgeSamples):
    """Reads files that hold a root each, with its ``requirements``, ``weight``, ``score`` and ``valid_score``.

    ``sub_tasks`` holds such nodes again. A subtree whose ``valid_score`` is false is left out, as the project does.
    """

    Config: ClassVar[type[JudgeSamplesConfig]] = RubricTreeConfig
    config: RubricTreeConfig

    def rows(self, data_dir: Path | None) -> Iterator[Row]:
        """Yield a row for each leaf.

        Raises:
            DataError: A node lacks a key, or holds something else than what it should.
            MissingDataError: The paper or the submission is not there.
        """
        for root in super().rows(data_dir):
            name = str(root.values.get("split") or Path(str(root.source)).stem)
            about = {"tree": name, **self._texts(name, data_dir)}
            for number, leaf in enumerate(_leaves(dict(root.values), root, [], [])):
                values = {
                    "id": leaf.node["id"],
                    "requirements": leaf.node["requirements"],
                    "category": leaf.node.get("task_category") or "",
                    "context": "\n".join(f"{'  ' * depth}- {text}" for depth, text in enumerate(leaf.context)),
                    "score": leaf.node["score"],
                    "branch": [list(step) for step in leaf.branch],
                }
                yield root._replace(values={**about, **values}, line=number)

    def _texts(self, name: str, data_dir: Path | None) -> dict[str, str]:
        found = {"paper": "", "submission": ""}
        if self.config.paper:
            with opened(self.other_file(self.config.paper.replace("{split}", name), data_dir)) as file:
                found["paper"] = file.read().decode("utf-8", "replace")
        if self.config.submission:
            found["submission"] = self._submission(self.config.submission.replace("{split}", name), data_dir)
        return found

    def _submission(self, path: str, data_dir: Path | None) -> str:
        folder = next((one for one in candidates(path, data_dir) if one.is_dir()), None)
        if folder is None:
            raise MissingDataError(
                f"The folder {path!r} of the submission was not found.",
                hint=f"Put the files that are judged at <folder>/{path} and pass --data-dir <folder>.",
            )
        parts: list[str] = []
        left = self.config.most_characters
        for file in sorted(one for one in folder.rglob("*") if one.is_file()):
            try:
                text = file.read_text("utf-8")
            except (UnicodeDecodeError, OSError):
                continue  # binary files show a judge nothing
            shown = f"## {file.relative_to(folder).as_posix()}\n{text}\n"
            if len(shown) > left:
                return "".join([*parts, shown[:left], "\n[the rest of the submission is left out]\n"])
            parts.append(shown)
            left -= len(shown)
        if not parts:
            raise DataError(f"{folder}: the folder of the submission holds no text file.")
        return "".join(parts)


def _leaves(node: Any, root: Row, context: list[str], branch: list[tuple[str, float]]) -> Iterator[_Leaf]:
    wanted: dict[str, type | tuple[type, ...]] = {"id": str, "requirements": str, "weight": (int, float)}
    if not isinstance(node, dict):
        raise DataError(f"{root.place}: a node of the tree must be an object, not {node!r:.60}.")
    for key, kind in wanted.items():
        if not isinstance(node.get(key), kind) or isinstance(node.get(key), bool):
            raise DataError(f"{root.place}: the node {node.get('id')!r:.60} has no {key!r} of the right kind.")
    if node["weight"] < 0:
        raise DataError(f"{root.place}: the node {node['id']!r:.60} has a weight below 0.")
    if node.get("valid_score") is False:
        return
    below = node.get("sub_tasks", [])
    if not isinstance(below, list):
        raise DataError(f"{root.place}: sub_tasks of the node {node['id']!r:.60} must be a list.")
    if not below:
        yield _Leaf({"score": None, **node}, context, branch)
    for one in below:
        named = one if isinstance(one, dict) else {}
        weight = named.get("weight")
        step = (str(named.get("id")), float(weight) if isinstance(weight, int | float) else 0.0)
        yield from _leaves(one, root, [*context, node["requirements"]], [*branch, step])
