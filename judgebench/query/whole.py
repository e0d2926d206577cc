"""All that a run holds about one verdict, gathered from its files."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TypeVar

import msgspec

from judgebench.content.parts import in_words
from judgebench.errors import DAMAGED
from judgebench.query.opened import OpenedIndex
from judgebench.query.shapes import Alternative, Item, ItemLine, Opinion, ShownCall
from judgebench.records.facts import Label, RecordedVerdict
from judgebench.records.findings import ReadSpan
from judgebench.records.flow import JudgeCall, Prediction
from judgebench.store.run_folder import RunFolder

T = TypeVar("T")


class Whole:
    """Gathers what belongs to one verdict.

    Args:
        folder: The run folder.
        opened: Its index.
    """

    def __init__(self, folder: RunFolder, opened: OpenedIndex) -> None:
        self._folder = folder
        self._sources = opened.sources
        self._index = opened.connection
        self._texts = opened.texts
        self._names: dict[Path, str] = {}
        self._files: dict[int, dict[str, str]] = {}

    def item(self, row: int, line: ItemLine, labels: list[Label], *, others: bool = True) -> Item:
        """Return all about one verdict.

        Args:
            row: Number of its result row.
            line: As in a list.
            labels: What people say about it.
            others: Whether other opinions and other answers are looked up.
        """
        source = self._sources[row]
        missing: list[str] = []
        verdict = self._verdict(row, line.id, line.repeat)
        prediction = self._prediction(row, line.id, line.repeat)
        if verdict is None:
            missing.append(f"{self._name(source.verdicts)} holds no verdict about it (yet).")
        if prediction is None and source.predictions is not None:
            missing.append(f"{self._name(source.predictions)} does not hold the answer.")
        calls = self._calls(row, line, verdict, missing)
        span = verdict.span if verdict is not None and verdict.span is not None and not verdict.span.call else None
        reference = prediction.gold if prediction is not None else verdict.gold if verdict is not None else None
        about = prediction or (calls[0].record if calls else None)
        return Item(
            line=line,
            uid=about.uid if about is not None else "",
            prompt=prediction.origin_prompt if prediction is not None else None,
            question=in_words(prediction.origin_prompt) if prediction is not None else "",
            reference=reference,
            answer=prediction.prediction if prediction is not None else "",
            reasoning=prediction.reasoning_content if prediction is not None else "",
            prediction=prediction,
            verdict=verdict,
            span=_place(span, verdict, prediction) if span is not None else None,
            calls=calls,
            opinions=self._opinions(row, line) if others else [],
            answers=self._answers(row, line) if others else [],
            repeats=self._repeats(row, line) if others else [],
            labels=labels,
            against=source.against,
            files=self._files_of(row),
            again=self._again(row, line),
            missing=missing,
        )

    def _name(self, path: Path) -> str:
        if path not in self._names:
            self._names[path] = path.relative_to(self._folder.path).as_posix()
        return self._names[path]

    def _files_of(self, row: int) -> dict[str, str]:
        if row not in self._files:
            source = self._sources[row]
            paths = {"verdict": source.verdicts, "prediction": source.predictions, "judge calls": source.calls}
            there = {kind: path for kind, path in paths.items() if path is not None and path.exists()}
            self._files[row] = {kind: self._name(path) for kind, path in there.items()}
        return self._files[row]

    def _again(self, row: int, line: ItemLine) -> str:
        place = shlex.quote(str(self._folder.path))
        if line.status == "not_judged":
            return f"jb --reuse {place}"
        if line.failed:
            return f"jb --reuse {place} --retry-failed"
        if self._sources[row].calls is None:  # a rule, or a panel of other judges
            return f"jb --reuse {place} --mode eval"
        words = ["jb", "try", "--item", str(self._folder.path), line.row, str(line.id)]
        if len({one.model for one in self._sources if one.row == line.row}) > 1:
            words += ["--model", line.model]
        return shlex.join([*words, *(["--repeat", str(line.repeat)] if line.repeat else [])])

    def _verdict(self, row: int, id: int, repeat: int) -> RecordedVerdict | None:
        place = self._index.execute(
            "SELECT verdict_at, verdict_size FROM items WHERE row = ? AND id = ? AND repeat = ?", (row, id, repeat)
        ).fetchone()
        if place is None or place[0] is None:
            return None
        found = self._texts.files.record(self._sources[row].verdicts, place[0], place[1], RecordedVerdict)
        return found if found is not None and (found.id, found.repeat) == (id, repeat) else None

    def _prediction(self, row: int, id: int, repeat: int) -> Prediction | None:
        place = self._index.execute(
            "SELECT answer_at, answer_size FROM items WHERE row = ? AND id = ? AND repeat = ?", (row, id, repeat)
        ).fetchone()
        path = self._sources[row].predictions
        if path is None or place is None or place[0] is None:
            return None
        found = self._texts.files.record(path, place[0], place[1], Prediction)
        return found if found is not None and (found.id, found.repeat) == (id, repeat) else None

    def _calls(self, row: int, line: ItemLine, verdict: RecordedVerdict | None, missing: list[str]) -> list[ShownCall]:
        path = self._sources[row].calls
        if path is None:
            return []
        found: dict[str, ShownCall] = {}
        said = {one.call: one for one in (verdict.presentations if verdict is not None else []) if one.call}
        for raw, at in self._texts.calls(row, line.id, line.repeat):
            try:
                call = msgspec.json.decode(raw, type=JudgeCall)
            except DAMAGED:
                missing.append(f"{self._name(path)}: the record at byte {at} cannot be read.")
                continue
            if call.uuid in found and call.status != "ok":
                continue
            read = said.get(call.uuid)
            span = read.span if read is not None else None
            if span is None and verdict is not None and verdict.span is not None and verdict.span.call == call.uuid:
                span = verdict.span
            found[call.uuid] = ShownCall(
                prompt=call.origin_prompt,
                reply=call.prediction,
                reasoning=call.reasoning_content,
                read=read,
                span=(span.start, span.end) if span is not None else None,
                record=call,
                path=self._name(path),
                at=at,
            )
        missing.extend(
            f"{self._name(path)} does not hold the judge call {call} that the verdict names."
            for call in said
            if call not in found
        )
        order = {call: number for number, call in enumerate(said)}
        return sorted(found.values(), key=lambda one: (order.get(one.record.uuid, len(order)), one.record.presentation))

    def _opinions(self, row: int, line: ItemLine) -> list[Opinion]:
        found = []
        for number, source in enumerate(self._sources):
            if number == row or (source.model, source.dataset) != (line.model, line.dataset):
                continue
            verdict = self._verdict(number, line.id, line.repeat)
            if verdict is not None:
                found.append(Opinion(row=source.row, judge=source.judge, verdict=verdict))
        return found

    def _answers(self, row: int, line: ItemLine) -> list[Alternative]:
        """Return other models' answers to the question, each with what the same judge says, or a judge or rule."""
        own = self._sources[row]
        rows: dict[str, int] = {}
        for number, source in enumerate(self._sources):
            other = source.dataset == own.dataset and source.model != own.model and source.predictions is not None
            if other and (source.row == own.row or source.model not in rows):
                rows[source.model] = number
        found = []
        for model, number in rows.items():
            same = self._sources[number].row == own.row
            for repeat, answer in self._texts_of(number, line.id):
                verdict = self._verdict(number, line.id, repeat) if same else None
                found.append(
                    Alternative(model=model, repeat=repeat, answer=answer, verdict=verdict, row=own.row if same else "")
                )
        return found

    def _repeats(self, row: int, line: ItemLine) -> list[Alternative]:
        return [
            Alternative(
                model=line.model,
                repeat=repeat,
                answer=answer,
                verdict=self._verdict(row, line.id, repeat),
                row=line.row,
            )
            for repeat, answer in self._texts_of(row, line.id)
            if repeat != line.repeat
        ]

    def _texts_of(self, row: int, id: int) -> list[tuple[int, str]]:
        stored = self._index.execute(
            "SELECT repeat, answer_at, answer_size FROM items WHERE row = ? AND id = ? ORDER BY repeat", (row, id)
        ).fetchall()
        found = []
        for repeat, at, size in stored:
            texts = self._texts.answer(row, id, repeat, at, size)
            if texts is not None:
                found.append((repeat, texts.prediction))
            elif self._sources[row].predictions is None:
                found.append((repeat, ""))
        return found


def _place(span: ReadSpan, verdict: RecordedVerdict | None, prediction: Prediction | None) -> tuple[int, int]:
    """Where the answer that a rule took stands in the recorded text, of which it may have seen no leading blanks."""
    text = prediction.prediction if prediction is not None else ""
    taken = (verdict.answer or "") if verdict is not None else ""
    blanks = len(text) - len(text.lstrip())
    moved = span.start + blanks, span.end + blanks
    return moved if taken and text[slice(*moved)].lower() == taken.lower() else (span.start, span.end)
