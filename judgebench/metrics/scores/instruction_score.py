"""Instructions followed: by answer, by instruction, and over repeats (IFEval, IFBench, MMMT-IF)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import Any, ClassVar, NamedTuple, Self

import msgspec

from judgebench.metrics.contract import FigureKind, Measure, kinds
from judgebench.metrics.scores.score import ScoreConfig, cluster_of, identity_of
from judgebench.metrics.statistics.intervals import Cluster, share_of
from judgebench.records.flow import Metric, Sample, Verdict


class InstructionScoreConfig(ScoreConfig, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Keys of ``score=dict(type=InstructionScore, ...)``, beside those of every score.

    Attributes:
        instructions: Meta column of the instructions, whose names give parts; empty gives none.
    """

    instructions: str = "instructions"


class _FollowedAnswer(NamedTuple):
    cluster: Cluster
    id: int
    followed: list[bool]
    names: list[str]


class InstructionScore(Measure):
    """``prompt_accuracy``: answers that follow all; ``instruction_accuracy``: followed of all instructions, pooled.

    ``pif`` is the mean over answers of the share that they follow. With N repeats ``pif_n_k/N-K`` is the share of
    samples of whose N answers at least K follow everything. Source of both: E. L. Epstein et al. (2024), MMMT-IF: A
    Challenging Multimodal Multi-Turn Instruction Following Benchmark, arXiv:2409.18216.
    """

    Config: ClassVar[type[msgspec.Struct]] = InstructionScoreConfig
    figures: ClassVar[Mapping[str, FigureKind]] = {
        **kinds("prompt_accuracy", "instruction_accuracy", "pif", "pif_n_k", better="high"),
        **kinds("unread", unit="count", better="low"),
    }

    def __init__(self, config: InstructionScoreConfig) -> None:
        self.config = config
        self._answers: list[_FollowedAnswer] = []
        self._planned: defaultdict[int, int] = defaultdict(int)
        self._unread = 0

    def identity(self) -> dict[str, Any]:
        """Return name, version and config."""
        return identity_of("instruction", 1, self.config)

    def add(self, sample: Sample, repeat: int, verdict: Verdict, rule: Verdict | None = None) -> None:  # noqa: ARG002 - there is no rule beside
        """Take in which instructions one answer follows."""
        self._planned[sample.id] += 1
        self._unread += verdict.status == "unparsed"
        if verdict.status == "ok" and verdict.steps:
            named = sample.meta.get(self.config.instructions) or []
            names = [str(one[0]) for one in named]
            followed = [step.correct for step in verdict.steps]
            self._answers.append(_FollowedAnswer(cluster_of(sample, self.config), sample.id, followed, names))

    def merge(self, later: Self) -> None:
        """Take in what was judged about the samples that follow."""
        self._answers.extend(later._answers)
        for sample, planned in later._planned.items():
            self._planned[sample] += planned
        self._unread += later._unread

    def result(self) -> dict[str, Metric]:
        """Return the figures, ``prompt_accuracy`` first."""
        answers = self._answers
        planned = sum(self._planned.values())
        perfect = [float(all(one.followed)) for one in answers]
        clusters = [one.cluster for one in answers]
        missing = planned - len(answers)
        bounds = (sum(perfect) / planned, (sum(perfect) + missing) / planned) if planned else None
        pooled = [(one.cluster, float(followed)) for one in answers for followed in one.followed]
        found = {
            "prompt_accuracy": share_of(perfect, clusters, missing=missing, bounds=bounds),
            "instruction_accuracy": share_of([one for _, one in pooled], [one for one, _ in pooled]),
            "pif": share_of([sum(one.followed) / len(one.followed) for one in answers], clusters),
            **self._over_repeats(),
        }
        parts: defaultdict[str, list[tuple[Cluster, float]]] = defaultdict(list)
        for one in answers:
            for name, followed in zip(one.names, one.followed, strict=False):
                parts[name].append((one.cluster, float(followed)))
        for name, own in sorted(parts.items()):
            found[f"instruction_accuracy/{name}"] = share_of([one for _, one in own], [one for one, _ in own])
        return {**found, "unread": Metric(value=float(self._unread), n=planned)}

    def _over_repeats(self) -> dict[str, Metric]:
        repeats = max(self._planned.values(), default=0)
        if repeats < 2:
            return {}
        perfect: defaultdict[int, int] = defaultdict(int)
        scored: defaultdict[int, int] = defaultdict(int)
        for one in self._answers:
            perfect[one.id] += all(one.followed)
            scored[one.id] += 1
        whole = [sample for sample, count in scored.items() if count == repeats]
        left_out = len(self._planned) - len(whole)
        note = f"{left_out} samples with fewer than {repeats} scored answers are left out" if left_out else ""
        found = {}
        for least in range(1, repeats + 1):
            share = share_of([float(perfect[sample] >= least) for sample in whole], whole)
            found[f"pif_n_k/{repeats}-{least}"] = msgspec.structs.replace(share, note=note or share.note)
        return found
