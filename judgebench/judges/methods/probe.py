"""A judge that reads the hidden states of a small model instead of its words (Representation-as-a-judge, INSPECTOR).

It asks the model for the states of one text about the item and applies a linear probe, which ``jb train probe`` has
fitted on the judgments of an expensive judge. There is nothing to parse, so no reply is ever unread; instead, a
judgment fails where the states are not those that the probe was trained on.

Source: Li et al., "Rethinking LLM-as-a-Judge: Representation-as-a-Judge with Small Language Models via Semantic
Capacity Asymmetry", ICLR 2026, arXiv:2601.22588.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec

from judgebench.content.prompts import fields_of, render
from judgebench.content.vectors import array_of
from judgebench.errors import ConfigError
from judgebench.judges.core.contract import Ask, Case, JudgeMethod, all_of
from judgebench.judges.core.showing import Showing, shown
from judgebench.judges.probe_file import ProbeFile, check_numeric, read_probe
from judgebench.records.findings import PresentationVerdict
from judgebench.records.flow import Prompt, Reply, Verdict
from judgebench.records.represent import StatesFacts, represent_params


class Probe(JudgeMethod):
    """Asks for hidden states once for each probe, and returns the class that the probe reads in them.

    One probe whose classes are words gives a decision; classes that are numbers give a score. Several probes are
    several aspects: each is a presentation of the verdict, and the score is their sum, INSPECTOR's ``total_score``.
    """

    class Config(Showing, frozen=True, kw_only=True, forbid_unknown_fields=True):
        """Keys of ``method=dict(type=Probe, ...)``, beside those of ``Showing``.

        Attributes:
            probes: Files ``*.probe.npz``; a path that is not absolute counts from the folder in which ``jb`` is run.
        """

        probes: list[str]

    version = 1

    def __init__(self, config: Config) -> None:
        if not config.probes:
            raise ConfigError("method.probes: names no file.", hint="Make one with: jb train probe --help")
        self.config = config
        self.files = [read_probe(Path(name).expanduser()) for name in config.probes]
        names = [one.facts.name for one in self.files]
        if len(set(names)) != len(names):
            raise ConfigError(f"method.probes: the names of the probes must differ, and they are {', '.join(names)}.")
        self._needed = frozenset(name for one in self.files for name in fields_of(one.facts.prompt))
        if len(self.files) > 1:
            check_numeric(self.files)
        self._numeric = [one.probe.classes.dtype.kind in "iuf" for one in self.files]
        if all(self._numeric):
            ends = [(float(min(one.probe.classes)), float(max(one.probe.classes))) for one in self.files]
            self.scale = (sum(low for low, _ in ends), sum(high for _, high in ends))
        else:
            self.decisions = [str(name) for name in self.files[0].probe.classes.tolist()]

    def identity(self) -> dict[str, Any]:
        """Return the hashes of the probes, each of which holds its prompt, layer and weights."""
        return {
            "method": "probe",
            "version": self.version,
            "probes": [{"name": one.facts.name, "sha256": one.sha256} for one in self.files],
            **{name: value for name, value in msgspec.to_builtins(self.config).items() if name != "probes"},
        }

    def notes(self) -> list[str]:
        """Return how each probe did on the items that its training held out."""
        return [said for one in self.files if (said := _held_out(one))]

    def prompts(self, case: Case) -> list[tuple[str, Prompt]]:
        """Return the texts whose states are asked for.

        Raises:
            ConfigError: A prompt names a field that does not exist.
        """
        seen = shown(case, self.config, needed=self._needed)
        return [(self._presentation(one), self._text(one, seen.fields)) for one in self.files]

    async def judge(self, case: Case, ask: Ask) -> Verdict:
        """Ask for the states and read them.

        Raises:
            ConfigError: A prompt names a field that does not exist.
        """
        seen = shown(case, self.config, needed=self._needed)
        if (unjudged := seen.unjudged) is not None:
            return unjudged
        replies = await all_of(
            ask(
                self._text(one, seen.fields),
                presentation=self._presentation(one),
                **represent_params(one.facts.wanted()),
            )
            for one in self.files
        )
        read = [self._read(number, reply) for number, reply in enumerate(replies)]
        failed = next((one for one in read if one.status != "ok"), None)
        if failed is not None:
            return Verdict(status=failed.status, reason=failed.reason, presentations=read if len(read) > 1 else [])
        if len(read) == 1:
            (only,) = read
            return Verdict(
                status="ok",
                decision=only.decision,
                score=only.score,
                probabilities=only.probabilities,
                presentations=read,
            )
        return Verdict(status="ok", score=sum(one.score or 0.0 for one in read), presentations=read)

    def _presentation(self, one: ProbeFile) -> str:
        return one.facts.name if len(self.files) > 1 else ""

    def _text(self, one: ProbeFile, fields: dict[str, Any]) -> str:
        text = render(one.facts.prompt, fields, where=f"the prompt of the probe {one.facts.name!r}")
        assert isinstance(text, str)
        return text

    def _read(self, number: int, reply: Reply) -> PresentationVerdict:
        one = self.files[number]
        name = self._presentation(one)
        states = array_of(reply.parts, reply.media)
        if states is None:
            reason = "the reply holds no states: the service writes text, or the vector is too long for a record"
            return PresentationVerdict(presentation=name, status="judge_failed", reason=reason)
        facts = msgspec.convert((reply.extra or {}).get("represent", {}), StatesFacts)
        if reason := one.facts.differs(facts):
            return PresentationVerdict(presentation=name, status="judge_failed", reason=reason)
        if states.size != len(one.probe.mean):
            reason = (
                f"the vector has {states.size} numbers, and the probe {one.facts.name!r} takes {len(one.probe.mean)}"
            )
            return PresentationVerdict(presentation=name, status="judge_failed", reason=reason)
        row = states.reshape(1, -1).astype("float64")
        (label,) = one.probe.predict(row)
        numeric = self._numeric[number]
        return PresentationVerdict(
            presentation=name,
            status="ok",
            decision=None if numeric else str(label),
            score=float(label) if numeric else None,
            probabilities=one.probe.probabilities(row)[0],
        )


def _held_out(one: ProbeFile) -> str:
    figures = one.facts.held_out
    if not isinstance(found := figures.get("probe"), dict) or "macro_f1" not in found:
        return ""
    low, high = found.get("macro_f1_interval", (None, None))
    interval = f" ({low:.2f}..{high:.2f})" if isinstance(low, float) and isinstance(high, float) else ""
    by = f" labelled by {one.facts.teacher}" if one.facts.teacher else ""
    return (
        f"The probe {one.facts.name} was trained on {one.facts.training.get('rows', 'some')} items{by}; on the "
        f"{figures.get('n', '?')} that were held out its macro F1 is {found['macro_f1']:.2f}{interval}."
    )
