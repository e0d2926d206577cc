"""``judgebench.load``: what a run folder holds, as typed records and as tables; nothing in it is changed.

A folder is read as it is: finished, running, or with files that are damaged or missing. What cannot be read is left out
and told in ``problems``.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Hashable, Iterator
from functools import cached_property
from glob import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, TypeVar

import msgspec

from judgebench.errors import DataError, ReuseError
from judgebench.records.facts import Label, RecordedVerdict
from judgebench.records.flow import Exchange, JudgeCall, Prediction, Prompt, TaskResult
from judgebench.records.run import Plan, row_name
from judgebench.report.current import Plans
from judgebench.report.results import read_result
from judgebench.store.journal import DamagedError, Decoder, open_file, read_file, reason_of
from judgebench.store.labels import valid_labels
from judgebench.store.lock import holder_of
from judgebench.store.run_folder import RunFolder, check_version, is_run

if TYPE_CHECKING:
    import pandas as pd
    import polars as pl
    import pyarrow as pa

    from judgebench.session.items import Items

T = TypeVar("T", bound=Exchange)
R = TypeVar("R", bound=msgspec.Struct)
Table = Literal["results", "slices", "samples", "predictions", "judge_calls", "verdicts", "labels"]
State = Literal["running", "finished", "unfinished"]
_PLAN = Decoder(Plan)


class SampleFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What a run folder holds about a sample; all of its row stands in the data file alone.

    Attributes:
        dataset: Abbr of the dataset.
        id: Number of the row.
        uid: Hash of its content; empty where the run holds nothing but a verdict about it.
        key: The data source's own name of it.
        prompt: What the first tested model was asked about it; ``None`` where none was, as in benchmarks of judges.
        reference: The right answer; in a benchmark of judges the true decision.
        meta: Its further columns, as far as a verdict names them.
    """

    dataset: str
    id: int
    uid: str = ""
    key: str | None = None
    prompt: Prompt | None = None
    reference: Any = None
    meta: dict[str, Any] = {}


class RecordFile(NamedTuple):
    """One file of predictions, of judge calls or of verdicts.

    Attributes:
        judge: Abbr of the judge; empty for predictions, for rules and for benchmarks of judges.
        judged: Whether it holds judge calls.
    """

    path: Path
    model: str
    dataset: str
    judge: str
    judged: bool


def load(path: str | os.PathLike[str]) -> LoadedRun:
    """Open a run folder: finished, running or damaged.

    Args:
        path: The run folder.

    Raises:
        ReuseError: It is no run folder, or was written by a version of another format.
    """
    folder = Path(path).expanduser()
    if not is_run(folder) and not any((folder / name).is_dir() for name in ("predictions", "results")):
        raise ReuseError(
            f"{folder} is no run folder: it has no run.json, no predictions/ and no results/.",
            hint="Name the folder of one run, such as outputs/default/20260101_120000.",
        )
    return LoadedRun(RunFolder(folder))


class LoadedRun:
    """A run folder, read when asked; made by ``load``.

    Attributes:
        path: The run folder.
        problems: What could not be read so far, a sentence each.
    """

    def __init__(self, folder: RunFolder) -> None:
        self._folder = folder
        self.path = folder.path
        self.problems: list[str] = []
        if not is_run(folder.path):
            self.problems.append(f"{folder.marker} is missing or damaged")
        elif folder.marker.exists():
            check_version(folder.marker, read_file(folder.marker))

    def __repr__(self) -> str:
        return f"LoadedRun({str(self.path)!r})"

    @property
    def state(self) -> State:
        """``running`` while somebody works on it, ``finished`` where every planned row has a current result."""
        if holder_of(self._folder) is not None:
            return "running"
        planned = set(Plans(self._folder).planned)
        has = {(result.model, result.dataset) for result in self.results}
        return "finished" if planned and planned <= has else "unfinished"

    @property
    def results(self) -> list[TaskResult]:
        """The results that can be read; those that newer work has made stale are left out, with a problem."""
        found = []
        plans = Plans(self._folder)
        for path in sorted((self.path / "results").glob("*/*.json")):
            try:
                result = read_result(path)
            except DataError as error:
                self._problem(error.message)
                continue
            if why := plans.stale(result):
                self._problem(f"{path}: {why}")
            else:
                found.append(result)
        return found

    def predictions(self, model: str = "", dataset: str = "") -> Iterator[Prediction]:
        """Yield the answers of the tested models, one for each sample and repeat.

        Args:
            model: Abbr of one model; empty for all.
            dataset: Abbr of one dataset; empty for all.
        """
        for file in self._files(judged=False, model=model, dataset=dataset):
            yield from self._records(file.path, Prediction, _by_answer)

    def judge_calls(self, model: str = "", dataset: str = "", judge: str = "") -> Iterator[JudgeCall]:
        """Yield the questions to the judges, with their replies.

        Args:
            model: Abbr of one tested model; empty for all.
            dataset: Abbr of one dataset; empty for all.
            judge: Abbr of one judge; empty for all.
        """
        for file in self._files(judged=True, model=model, dataset=dataset, judge=judge):
            yield from self._records(file.path, JudgeCall, _by_question)

    def verdicts(self, model: str = "", dataset: str = "", judge: str = "") -> Iterator[RecordedVerdict]:
        """Yield the verdicts, of judges and of rules, in the order of the samples.

        Args:
            model: Abbr of one tested model; empty for all.
            dataset: Abbr of one dataset; empty for all.
            judge: Abbr of one judge; empty for all, rules included.
        """
        for file in self._verdict_files(model, dataset, judge):
            for _, verdict in self._lines(file.path, RecordedVerdict):
                yield verdict

    def labels(self, dataset: str = "") -> Iterator[Label]:
        """Yield people's decisions about answers; of several by one annotator about one answer the last alone.

        Args:
            dataset: Abbr of one dataset; empty for all.
        """
        for path in self._label_files(dataset):
            yield from valid_labels(label for _, label in self._lines(path, Label)).values()

    def samples(self, dataset: str = "") -> Iterator[SampleFacts]:
        """Yield what the run holds about the samples, each once.

        Args:
            dataset: Abbr of one dataset; empty for all.
        """
        names = [file.dataset for judged in (False, True) for file in self._files(judged=judged, dataset=dataset)]
        names += [file.dataset for file in self._verdict_files("", dataset, "")]
        for name in dict.fromkeys(names):
            yield from self._samples_of(name)

    def _samples_of(self, dataset: str) -> Iterator[SampleFacts]:
        known = {verdict.id: verdict for verdict in self.verdicts(dataset=dataset)}
        seen: set[int] = set()
        for judged in (False, True):
            for file in self._files(judged=judged, dataset=dataset):
                for _, one in self._lines(file.path, Exchange):
                    if one.id in seen or (judged and file.judge):
                        continue
                    seen.add(one.id)
                    yield _sample(dataset, known.get(one.id), one, answers=not judged)
        for number in known.keys() - seen:
            yield _sample(dataset, known[number], None)

    def items(
        self,
        where: str = "",
        *,
        row: str = "",
        model: str = "",
        judge: str = "",
        wrong: bool = False,
        unread: bool = False,
        disagree: Literal["", "any", "rule", "judges"] = "",
        flipped: bool = False,
        truncated: bool = False,
        failed: bool = False,
        text: str = "",
        regex: str = "",
        sort: str = "",
    ) -> Items:
        """Return the items to look at, as ``jb items`` shows them: records when iterated, or a data frame.

        An index is kept in ``index/`` of the run folder, or in the user's cache; see ``docs/items.md``.

        Args:
            where: An expression, such as ``'category == "algebra" and score < 3'``.
            row: Name of a result row, or of a dataset.
            model: Abbr of a tested model.
            judge: Abbr of a judge.
            wrong: Only those that are called wrong.
            unread: Only those whose verdict cannot be read.
            disagree: Only those with which the ``rule`` or other ``judges`` disagree, or ``any`` of them.
            flipped: Only pairs about which the judge changed its mind with the order.
            truncated: Only those whose answer was cut off.
            failed: Only those without a usable reply.
            text: A text to be found in question, answer, reasoning or reply. ``regex``: likewise.
            regex: A regular expression to be found there.
            sort: Name of a field; with ``-`` before it the greatest first.

        Raises:
            UsageError: There is no such row, model, judge or field, or the expression cannot be read.
        """
        from judgebench.query import Filter, open_query
        from judgebench.session.items import Items

        chosen = Filter(
            row=row, model=model, judge=judge, where=where, wrong=wrong, unread=unread, disagree=disagree,
            flipped=flipped, truncated=truncated, failed=failed, text=text, regex=regex, sort=sort,
        )  # fmt: skip
        return Items(open_query(self.path), chosen)

    def to_arrow(self, table: Table = "results") -> pa.Table:
        """Return a table of the run.

        Args:
            table: ``results`` (a row for each metric), ``slices`` (for each metric of each slice), or ``samples``,
                ``predictions``, ``judge_calls``, ``verdicts``, ``labels`` (for each record).

        Raises:
            MissingExtraError: ``pyarrow`` is not installed.
            UsageError: There is no such table.
        """
        from judgebench.session.tables import arrow_table

        return arrow_table(table, self._rows_of(table))

    def to_pandas(self, table: Table = "results") -> pd.DataFrame:
        """Return a table of the run as a data frame; as ``to_arrow``.

        Raises:
            MissingExtraError: ``pyarrow`` or ``pandas`` is not installed.
            UsageError: There is no such table.
        """
        from judgebench.session.tables import data_frame

        return data_frame(self.to_arrow(table))

    def to_polars(self, table: Table = "results") -> pl.DataFrame:
        """Return a table of the run as a data frame of polars; as ``to_arrow``.

        Raises:
            MissingExtraError: ``pyarrow`` or ``polars`` is not installed.
            UsageError: There is no such table.
        """
        from judgebench.session.tables import polars_frame

        return polars_frame(self.to_arrow(table))

    def _rows_of(self, table: str) -> Iterator[dict[str, Any]]:
        if table in {"results", "slices"}:
            from judgebench.session.tables import result_rows, slice_rows

            for result in self.results:
                yield from result_rows(result) if table == "results" else slice_rows(result)
        elif table in {"predictions", "judge_calls"}:
            yield from self._exchange_rows(judged=table == "judge_calls")
        else:
            yield from self._fact_rows(table)

    def _exchange_rows(self, *, judged: bool) -> Iterator[dict[str, Any]]:
        from judgebench.session.tables import call_row, prediction_row

        for file in self._files(judged=judged):
            if file.judged:
                for call in self._records(file.path, JudgeCall, _by_question):
                    yield call_row(file.model, file.judge, call)
            else:
                for prediction in self._records(file.path, Prediction, _by_answer):
                    yield prediction_row(file.model, prediction)

    def _fact_rows(self, table: str) -> Iterator[dict[str, Any]]:
        from judgebench.session.tables import label_row, sample_row, verdict_row

        if table == "samples":
            yield from (sample_row(one) for one in self.samples())
        if table == "verdicts":
            for file in self._verdict_files("", "", ""):
                for _, verdict in self._lines(file.path, RecordedVerdict):
                    yield verdict_row(file.model, file.dataset, file.judge, verdict)
        if table == "labels":
            for path in self._label_files(""):
                yield from (label_row(path.stem, one) for one in self.labels(path.stem))

    def _files(self, *, judged: bool, model: str = "", dataset: str = "", judge: str = "") -> Iterator[RecordFile]:
        for path in sorted((self.path / "predictions").glob("*/*.jsonl")):
            file = self._file(path)
            if file is None or file.judged != judged:
                continue
            wanted = (model, file.model), (dataset, file.dataset), (judge, file.judge)
            if all(not want or want == have for want, have in wanted):
                yield file

    def _verdict_files(self, model: str, dataset: str, judge: str) -> Iterator[RecordFile]:
        for path in sorted((self.path / "verdicts").glob("*/*.jsonl")):
            whose = self._rows.get((path.parent.name, path.stem)) or (path.stem, "")
            file = RecordFile(path, path.parent.name, *whose, judged=True)
            wanted = (model, file.model), (dataset, file.dataset), (judge, file.judge)
            if all(not want or want == have for want, have in wanted):
                yield file

    def _label_files(self, dataset: str) -> list[Path]:
        return sorted((self.path / "labels").glob(f"{escape(dataset)}.jsonl" if dataset else "*.jsonl"))

    def _file(self, path: Path) -> RecordFile | None:
        """Return whose file it is: as a plan says, else as its own records say."""
        known = self._planned.get((path.parent.name, path.stem))
        if known is not None:
            return RecordFile(path, path.parent.name, *known)
        first = next(self._records(path, Exchange, _by_question), None)
        if first is None:
            return None
        judge = path.stem.removeprefix(first.data_abbr).removeprefix("-") if path.stem != first.data_abbr else ""
        return RecordFile(path, path.parent.name, first.data_abbr, judge, bool(judge))

    @cached_property
    def _planned(self) -> dict[tuple[str, str], tuple[str, str, bool]]:
        """By model and stem of a file: its dataset, its judge, and whether it holds judge calls."""
        found = {}
        for plan in self._plans:
            for model, abbr in plan.combinations:
                dataset = plan.datasets[abbr]
                found[model, abbr] = (abbr, "", dataset.method is not None)
                for judge in dataset.judges:
                    found[model, row_name(abbr, judge.abbr)] = (abbr, judge.abbr, True)
        return found

    @cached_property
    def _rows(self) -> dict[tuple[str, str], tuple[str, str]]:
        """By model and row: its dataset and its judge, as a plan says, else as its result says."""
        found = {(one.model, one.dataset): (one.data_abbr, one.judge or "") for one in self.results}
        for plan in self._plans:
            for model, abbr in plan.combinations:
                found |= {(model, row): (abbr, judge) for row, judge in plan.datasets[abbr].rows(model)}
        return found

    @cached_property
    def _plans(self) -> list[Plan]:
        found = []
        for path in self._folder.plans():
            try:
                data = read_file(path)
                check_version(path, data)
                found.append(_PLAN(data))
            except OSError as error:
                self._problem(f"{path}: {reason_of(error)}")
            except DamagedError as error:
                self._problem(f"{path}: {error}")
        return found

    def _records(self, path: Path, kind: type[T], key: Callable[[Exchange], Hashable]) -> Iterator[T]:
        """Yield the records that count: of several with one key the last that succeeded, else the last."""
        counts: dict[Hashable, tuple[int, bool]] = {}
        for place, record in self._lines(path, Exchange):
            ok = record.status == "ok"
            if ok or not counts.get(key(record), (0, False))[1]:
                counts[key(record)] = place, ok
        counting = {place for place, _ in counts.values()}
        for place, record in self._lines(path, kind):
            if place in counting:
                yield record

    def _lines(self, path: Path, kind: type[R]) -> Iterator[tuple[int, R]]:
        decode = Decoder(kind)
        try:
            with open_file(path, "rb") as file:
                for number, line in enumerate(file, 1):
                    if not line.endswith(b"\n"):
                        return  # torn, or still being written
                    try:
                        yield number, decode(line)
                    except DamagedError as error:
                        self._problem(f"{path}:{number}: {error}")
        except OSError as error:
            self._problem(f"{path}: {reason_of(error)}")

    def _problem(self, text: str) -> None:
        if text not in self.problems:
            self.problems.append(text)


def _sample(
    dataset: str, verdict: RecordedVerdict | None, exchange: Exchange | None, *, answers: bool = False
) -> SampleFacts:
    """Return what a verdict and an exchange about a sample say of it; ``answers`` where it is an answer's."""
    of_verdict = {"key": verdict.key, "meta": verdict.meta, "reference": verdict.gold} if verdict is not None else {}
    found = SampleFacts(dataset=dataset, id=exchange.id if exchange else verdict.id if verdict else -1, **of_verdict)
    if exchange is not None:
        found = msgspec.structs.replace(found, uid=exchange.uid)
        if answers:
            found = msgspec.structs.replace(found, prompt=exchange.origin_prompt, reference=exchange.gold)
    return found


def _by_answer(record: Exchange) -> Hashable:
    return record.id, record.repeat


def _by_question(record: Exchange) -> Hashable:
    return record.id, record.repeat, record.uuid
