"""Run folders made record by record, as ``jb`` writes them, so that a test says what is in one."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import msgspec

from judgebench.records.facts import RecordedVerdict, answer_hash
from judgebench.records.findings import PresentationVerdict, ReadSpan
from judgebench.records.flow import JudgeCall, Prediction, Usage
from judgebench.records.manifest import ManifestJudge, ManifestRow, RunManifest


def prediction(
    id: int, text: str, *, question: str = "", gold: str = "", dataset: str = "toy", **more: Any
) -> Prediction:
    """Return an answer of a tested model."""
    return Prediction(
        data_abbr=dataset,
        id=id,
        uid=f"{id:016x}",
        success=more.get("status", "ok") == "ok",
        status=more.pop("status", "ok"),
        uuid=f"{id:032x}",
        origin_prompt=[{"role": "user", "content": question or f"What is twice {id}?"}],
        prediction=text,
        gold=gold or str(2 * id),
        usage=Usage(prompt_tokens=9, completion_tokens=len(text.split())),
        latency=0.5,
        **more,
    )


def call(id: int, reply: str, *, name: str = "", dataset: str = "toy", **more: Any) -> JudgeCall:
    """Return a judge call about an answer."""
    return JudgeCall(
        data_abbr=dataset,
        id=id,
        uid=f"{id:016x}",
        success=True,
        status="ok",
        uuid=f"{id:030x}{(name or 'XX')[:1].encode().hex()}",
        origin_prompt=f"Is the answer to question {id} right?",
        prediction=reply,
        presentation=name,
        **more,
    )


def verdict(
    id: int, decision: str | None, *, calls: Iterable[JudgeCall] = (), text: str = "", **more: Any
) -> RecordedVerdict:
    """Return a verdict; the last word of each call's reply is where it was read."""
    said = [
        PresentationVerdict(
            presentation=one.presentation,
            order=one.presentation if one.presentation in {"AB", "BA"} else "",  # type: ignore[arg-type]
            prefers=more.pop(f"prefers_{one.presentation}", None),
            call=one.uuid,
            status="ok" if decision else "unparsed",
            decision=decision,
            span=ReadSpan(start=one.prediction.rfind(" ") + 1, end=len(one.prediction)) if decision else None,
        )
        for one in calls
    ]
    return RecordedVerdict(
        id=id,
        key=f"q-{id}",
        status=more.pop("status", "ok" if decision else "unparsed"),
        decision=decision,
        presentations=said,
        answer_hash=answer_hash(text) if text else "",
        **more,
    )


class MadeRun:
    """A run folder to be filled.

    Args:
        path: The folder.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._rows: list[ManifestRow] = []
        self._judges: list[ManifestJudge] = []

    def add(
        self,
        model: str,
        dataset: str,
        judge: str = "",
        *,
        predictions: Iterable[Prediction] | None = None,
        calls: Iterable[JudgeCall] | None = None,
        verdicts: Iterable[RecordedVerdict] | None = None,
        against: str = "",
    ) -> None:
        """Write a result row and name it in the manifest."""
        row = f"{dataset}-{judge}" if judge else dataset
        answers, asked = f"predictions/{model}/{dataset}.jsonl", f"predictions/{model}/{row}.jsonl"
        place = f"verdicts/{model}/{row}.jsonl"
        if predictions is not None:
            self.write(answers, predictions)
        if calls is not None:
            self.write(asked, calls)
        if verdicts is not None:
            self.write(place, verdicts)
        self._rows.append(
            ManifestRow(
                model=model,
                row=row,
                dataset=dataset,
                judge=judge,
                predictions=answers,
                judge_calls=asked if calls is not None else "",
                verdicts=place,
                result=f"results/{model}/{row}.json",
            )
        )
        if judge:
            self._judges.append(
                ManifestJudge(abbr=judge, dataset=dataset, method="ReferenceVerifier", compare_with=against)
            )
        self.close()

    def close(self) -> None:
        """Write the manifest."""
        manifest = RunManifest(
            format=1, run=self.path.name, state="done", exit_code=0, rows=self._rows, judges=self._judges
        )
        self.path.mkdir(parents=True, exist_ok=True)
        (self.path / "run.json").write_bytes(msgspec.json.encode(manifest))

    def write(self, name: str, records: Iterable[Any]) -> None:
        """Write a file of records."""
        place = self.path / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(msgspec.json.Encoder().encode_lines(records))
