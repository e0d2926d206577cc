"""Leaves of a weighted rubric tree, judged one by one against gold (PaperBench JudgeEval, Starace et al. 2025).

Leaf by leaf: accuracy, and precision, recall and F1 averaged over the two classes, of each tree, and their plain means
over the trees. Up the tree: the value of a node is the weighted mean of its children's, weights counting within their
own parent only; ``root_score`` is what the judge gives a whole submission, ``gold_root_score`` what people gave it.

A leaf that was not read is left out, and its parent is the mean of the rest; that is the project's own rule, which
leaves out a whole subtree. The bounds of ``root_score`` say what the score is if all such leaves fail, or pass.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from statistics import fmean
from typing import Any, ClassVar, NamedTuple, Self

import msgspec

from judgebench.errors import DataError
from judgebench.metrics.contract import FigureKind, Measure, kinds
from judgebench.metrics.rates.agreement import macro_scores
from judgebench.metrics.scores.score import ScoreConfig, column_of, identity_of
from judgebench.records.flow import Metric, Sample, Verdict

_FIGURES = ("macro_f1", "macro_precision", "macro_recall", "accuracy")


class TreeScoreConfig(ScoreConfig, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Keys of ``score=dict(type=TreeScore, ...)``, beside those of every score.

    Attributes:
        tree: Meta column with the tree that a leaf belongs to.
        branch: Meta column with the way to a leaf from below the root: a list of ``[node, weight]``, the leaf last.
        category: Meta column with the leaf's category; empty for none.
        right: Decision that a leaf is fulfilled.
    """

    tree: str = "tree"
    branch: str = "branch"
    category: str = ""
    right: str = "correct"


class _JudgedLeaf(NamedTuple):
    tree: str
    branch: list[tuple[str, float]]
    category: str
    gold: bool
    said: bool | None


class TreeScore(Measure):
    """See the module's docstring; shares in percent, ``root_score`` too."""

    Config: ClassVar[type[msgspec.Struct]] = TreeScoreConfig
    compares_with_gold: ClassVar[bool] = True
    figures: ClassVar[Mapping[str, FigureKind]] = {
        **kinds(*_FIGURES, better="high"),
        **kinds("category_f1", better="high"),
        **kinds("root_score", "gold_root_score", better=None),
        **kinds("root_error", unit="points", better="low"),
        **kinds("leaves", "nodes", "depth", "fulfilled", unit="count", better=None),
        **kinds("unread", unit="count", better="low"),
    }

    def __init__(self, config: TreeScoreConfig) -> None:
        self.config = config
        self._leaves: list[_JudgedLeaf] = []
        self._unread = 0

    def identity(self) -> dict[str, Any]:
        """Return name, version and config."""
        return identity_of("tree", 1, self.config)

    def add(self, sample: Sample, repeat: int, verdict: Verdict, rule: Verdict | None = None) -> None:  # noqa: ARG002 - gold stands in place of the rule
        """Take in the verdict about one leaf.

        Raises:
            DataError: The item has no gold decision, or does not say where in its tree it stands.
        """
        if not isinstance(sample.gold, str):
            raise DataError(f"Item {sample.key or sample.id} has no gold decision.")
        branch = [(str(node), float(weight)) for node, weight in column_of(sample, self.config.branch)]
        category = str(sample.meta.get(self.config.category, "")) if self.config.category else ""
        ok = verdict.status == "ok" and verdict.decision is not None
        said = verdict.decision == self.config.right if ok else None
        self._unread += verdict.status == "unparsed"
        tree = str(column_of(sample, self.config.tree))
        self._leaves.append(_JudgedLeaf(tree, branch, category, sample.gold == self.config.right, said))

    def merge(self, later: Self) -> None:
        """Take in what was judged about the samples that follow."""
        self._leaves.extend(later._leaves)
        self._unread += later._unread

    def right(self, sample: Sample, verdict: Verdict) -> bool | None:
        """Say whether the judge is right about a leaf; ``None`` where nothing was read."""
        if verdict.status != "ok" or verdict.decision is None or not isinstance(sample.gold, str):
            return None
        return (verdict.decision == self.config.right) == (sample.gold == self.config.right)

    def result(self) -> dict[str, Metric]:
        """Return the figures, ``macro_f1`` first."""
        trees: dict[str, list[_JudgedLeaf]] = {}
        for leaf in self._leaves:
            trees.setdefault(leaf.tree, []).append(leaf)
        found: dict[str, Metric] = {}
        of_trees = {tree: _agreement(leaves) for tree, leaves in trees.items()}
        for name in _FIGURES:
            found[name] = _mean([figures[name] for figures in of_trees.values()])
            found |= {f"{name}/{tree}": figures[name] for tree, figures in of_trees.items()}
        for category in dict.fromkeys(leaf.category for leaf in self._leaves if leaf.category):
            own = [[leaf for leaf in leaves if leaf.category == category] for leaves in trees.values()]
            found[f"category_f1/{category}"] = _mean([_agreement(leaves)["macro_f1"] for leaves in own if leaves])
        roots = {tree: (_root(leaves), _gold_root(leaves)) for tree, leaves in trees.items()}
        errors = [abs(said.value - gold) for said, gold in roots.values() if said.value is not None]
        note = "" if errors else "no leaf was read"
        found["root_error"] = Metric(value=fmean(errors) if errors else None, n=len(errors), note=note)
        for tree, (said, gold) in roots.items():
            found[f"root_score/{tree}"] = said
            found[f"gold_root_score/{tree}"] = Metric(value=gold, n=len(trees[tree]))
        found["unread"] = Metric(value=float(self._unread), n=len(self._leaves))
        for tree, leaves in trees.items():
            counts = {
                "leaves": len(leaves),
                "nodes": 1 + len({node for leaf in leaves for node, _ in leaf.branch}),
                "depth": 1 + max(len(leaf.branch) for leaf in leaves),
                "fulfilled": sum(leaf.gold for leaf in leaves),
            }
            found |= {f"{name}/{tree}": Metric(value=float(n), n=len(leaves)) for name, n in counts.items()}
        return found


def _agreement(leaves: Sequence[_JudgedLeaf]) -> dict[str, Metric]:
    pairs = Counter((leaf.said, leaf.gold) for leaf in leaves if leaf.said is not None)
    n = sum(pairs.values())
    scores = macro_scores(pairs, (True, False))
    hits = sum(count for (said, gold), count in pairs.items() if said == gold)
    values = {
        "macro_f1": scores.f1,
        "macro_precision": scores.precision,
        "macro_recall": scores.recall,
        "accuracy": hits / n if n else None,
    }
    left_out = len(leaves) - n
    note = f"{left_out} leaves without a readable verdict are left out" if left_out else ""
    return {
        name: Metric(value=None if value is None or not n else 100 * value, n=n, note=note if n else "no leaf was read")
        for name, value in values.items()
    }


def _mean(parts: Sequence[Metric]) -> Metric:
    known = [one.value for one in parts if one.value is not None]
    n = sum(one.n for one in parts)
    return Metric(value=fmean(known) if known else None, n=n, note="" if known else "no leaf was read")


def _root(leaves: Sequence[_JudgedLeaf]) -> Metric:
    values = [None if leaf.said is None else float(leaf.said) for leaf in leaves]
    read = sum(value is not None for value in values)
    value = up_the_tree([(leaf.branch, one) for leaf, one in zip(leaves, values, strict=True)])
    ends = [
        up_the_tree([(leaf.branch, end if one is None else one) for leaf, one in zip(leaves, values, strict=True)])
        for end in (0.0, 1.0)
    ]
    bounds = (100 * (ends[0] or 0.0), 100 * (ends[1] or 0.0)) if read < len(leaves) else None
    note = "" if value is not None else "no leaf was read"
    return Metric(value=None if value is None else 100 * value, n=read, bounds=bounds, note=note)


def _gold_root(leaves: Sequence[_JudgedLeaf]) -> float:
    return 100 * (up_the_tree([(leaf.branch, float(leaf.gold)) for leaf in leaves]) or 0.0)


def up_the_tree(leaves: Sequence[tuple[Sequence[tuple[str, float]], float | None]]) -> float | None:
    """Return the value of the root of a weighted tree.

    Args:
        leaves: Of each leaf the way to it from below the root (node, weight within its parent), and its value; ``None``
            for one that is left out.

    Returns:
        The weighted mean of weighted means, 0 where all weights of a node are 0; ``None`` where every leaf is left out.
    """
    ends = [value for branch, value in leaves if not branch]
    if ends:  # the leaf itself, once for each repetition
        read = [value for value in ends if value is not None]
        return fmean(read) if read else None
    nodes: dict[str, tuple[float, list[tuple[Sequence[tuple[str, float]], float | None]]]] = {}
    for branch, value in leaves:
        (node, weight), *rest = branch
        nodes.setdefault(node, (weight, []))[1].append((rest, value))
    known = [(weight, value) for weight, below in nodes.values() if (value := up_the_tree(below)) is not None]
    if not known:
        return None
    total = sum(weight for weight, _ in known)
    return sum(weight * value for weight, value in known) / total if total else 0.0
