"""``jb merge``: one run of the runs of all shards, each made by a ``jb`` of its own."""

from __future__ import annotations

import itertools
import os
import shutil
from array import array
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

import msgspec

from judgebench.datasets.samples import PlannedSamples
from judgebench.errors import DAMAGED, ReuseError, UsageError
from judgebench.identity.questions import FileIdentity, changed_keys, read_identity, write_identity
from judgebench.records.draws import Draw
from judgebench.records.flow import Sample
from judgebench.records.run import DatasetConfig, Plan, row_name
from judgebench.records.shards import MOST_SHARDS, Shard, shard_of
from judgebench.records.spending import Spending
from judgebench.session.reuse import newest_config
from judgebench.session.spending import spent_before
from judgebench.stages.shards import whole_identity
from judgebench.store.draws import read_draws, write_draw
from judgebench.store.journal import open_file, replacing, unreadable, write_atomically
from judgebench.store.labels import append_labels, read_labels
from judgebench.store.ledger import Ledger, LedgerEntry, read_ledger
from judgebench.store.lock import holder_of
from judgebench.store.recorded import RecordLine, compact
from judgebench.store.run_folder import RowFiles, RunFolder, is_run
from judgebench.store.runs import existing_run, new_run

_RESTS_ON = {"shard", "data", "predictions", "compared_model", "baseline"}
"""Parts of a selection that differ between folders, or between machines, although the same was chosen."""


class ShardRun(NamedTuple):
    """The run of one shard.

    Attributes:
        run: Its folder.
        shard: Which one it is.
        config: File of its resolved config.
        plan: Its newest plan.
    """

    run: RunFolder
    shard: Shard
    config: Path
    plan: Plan


def merge_runs(folders: Sequence[str], work_dir: Path) -> RunFolder:
    """Make one run of the runs of all shards; they stay as they are.

    Args:
        folders: Run folders, or folders that hold runs, of which the newest is taken.
        work_dir: Parent of the run that is made.

    Returns:
        The run: complete but for verdicts, results and summary, which are derived.

    Raises:
        ReuseError: They are not all shards of one run, finished, each once, asked with the same settings.
        DataError: A line of labels or a draw is damaged.
        DiskError: There is no room, or a file of a shard cannot be read.
    """
    parts = sorted((_shard_run(folder) for folder in folders), key=lambda one: one.shard)
    _check_shards(parts)
    rows = list(_rows(parts[0].plan))
    for part in parts:
        _check_same(parts[0], part)
        for model, dataset, judge in rows:
            _check_row(parts[0], part, model, row_name(dataset.abbr, judge))
    draws = [draw for part in parts for draw in read_draws(part.run)]  # before all is copied: one may be damaged
    run = new_run(work_dir, datetime.now().astimezone())
    try:
        _merge_into(run, parts, rows)
        _merge_draws(run, draws)
    except BaseException:
        shutil.rmtree(run.path, ignore_errors=True)
        raise
    return run


def _shard_run(folder: str) -> ShardRun:
    path = Path(folder).expanduser()
    try:
        run = RunFolder(Path(os.path.realpath(path))) if is_run(path) else existing_run(path, "latest")
    except ReuseError as error:
        raise ReuseError(
            f"The folder '{folder}' is no run and holds none.",
            hint="Name the run folders that --shard 0/N, --shard 1/N and so on have made, or folders that hold them.",
        ) from error
    if (holder := holder_of(run)) is not None:
        raise ReuseError(
            f"The run {run.path} is in use by process {holder.pid} on {holder.host}.",
            hint="Merge it when it has ended.",
        )
    config, plan = newest_config(run)
    if not plan.options.shard:
        raise ReuseError(
            f"The run {run.path} is of all items and not of a shard.",
            hint="Merge runs that were made with --shard 0/N, --shard 1/N and so on.",
        )
    return ShardRun(run, shard_of(plan.options.shard), config, plan)


def _check_shards(parts: Sequence[ShardRun]) -> None:
    """Refuse anything but each shard of one number once."""
    first = parts[0]
    count = first.shard.count
    if count > MOST_SHARDS:
        raise UsageError(f"{count} shards are more than the {MOST_SHARDS} that can be merged.")
    if (other := next((one for one in parts if one.shard.count != count), None)) is not None:
        raise ReuseError(
            f"{first.run.path} is the shard {first.shard} and {other.run.path} is {other.shard}: "
            "they divide the datasets into different numbers of parts.",
            hint="Merge the runs of one division.",
        )
    for one, two in itertools.pairwise(parts):
        if one.shard == two.shard:
            raise ReuseError(
                f"{one.run.path} and {two.run.path} overlap: both are the shard {one.shard}.",
                hint="Name only one of them.",
            )
    if missing := [
        str(Shard(index, count)) for index in range(count) if index not in {one.shard.index for one in parts}
    ]:
        raise ReuseError(
            f"Of {count} shards {len(missing)} {'is' if len(missing) == 1 else 'are'} missing: {', '.join(missing[:8])}"
            f"{', ...' if len(missing) > 8 else ''}.",
            hint=f"Make the missing with --shard {missing[0]} and so on, then name all folders.",
        )


def _rows(plan: Plan) -> Iterator[tuple[str, DatasetConfig, str]]:
    """Yield what has a file of records: tested model, dataset and judge; no judge for what the tested model says."""
    for model, abbr in plan.combinations:
        dataset = plan.datasets[abbr]
        yield model, dataset, ""
        yield from ((model, dataset, judge.abbr) for judge in dataset.judges if judge.model and judge.looks_at(model))


def _check_same(first: ShardRun, other: ShardRun) -> None:
    """Refuse runs of different models, datasets or judges, or of other items."""
    for what, one, two in (
        ("models", list(first.plan.models), list(other.plan.models)),
        ("datasets", list(first.plan.datasets), list(other.plan.datasets)),
    ):
        if one != two:
            raise _different(first, other, f"{what}: {', '.join(one)} -> {', '.join(two)}")
    for abbr, dataset in first.plan.datasets.items():
        if changes := changed_keys(_deciding(dataset), _deciding(other.plan.datasets[abbr])):
            raise _different(first, other, f"{abbr}: {'; '.join(changes)}")


def _deciding(dataset: DatasetConfig) -> dict[str, Any]:
    """Return what of a dataset decides its results; not where its data and services are."""
    plain: dict[str, Any] = msgspec.to_builtins(dataset)
    judges = {f"judge {judge['abbr']}": {**judge, "model": None} for judge in plain.pop("judges", [])}
    return {**{key: value for key, value in plain.items() if key != "loader"}, **judges}


def _check_row(first: ShardRun, part: ShardRun, model: str, row: str) -> None:
    """Refuse a row that is not finished, or was asked otherwise than that of the first shard."""
    files = part.run.files(model, row)
    found, one = read_identity(files.identity), read_identity(first.run.files(model, row).identity)
    size = files.predictions.stat().st_size if files.predictions.exists() else -1
    if found is None or one is None or found.size != size or found.ok + found.failed != found.planned:
        raise ReuseError(
            f"The shard {part.shard} in {part.run.path} is not finished: {model}/{row} is not complete.",
            hint=f"Go on with it first: jb --reuse {part.run.path}",
        )
    changes = changed_keys(_chosen(one), _chosen(found))
    if one.served_model != found.served_model and one.served_model and found.served_model:
        changes.append(f"served model: {one.served_model} -> {found.served_model}")
    if changes:
        raise _different(first, part, f"{model}/{row}: {'; '.join(changes)}")


def _chosen(identity: FileIdentity) -> dict[str, Any]:
    selection = {key: value for key, value in identity.selection.items() if key not in _RESTS_ON}
    selection.pop("loader", None)  # its path may be another on another machine
    return {**identity.settings, **selection}


def _different(first: ShardRun, other: ShardRun, changes: str) -> ReuseError:
    return ReuseError(
        f"{first.run.path} and {other.run.path} were made with different settings ({changes}), so they are no "
        "shards of one run.",
        hint="Make all shards with the same command, but for --shard.",
    )


def _merge_into(run: RunFolder, parts: Sequence[ShardRun], rows: Sequence[tuple[str, DatasetConfig, str]]) -> None:
    first = parts[0]
    plan = msgspec.structs.replace(
        first.plan,
        name=f"{run.timestamp}_{os.getpid()}",
        run_dir=str(run.path),
        timestamp=run.timestamp,
        options=msgspec.structs.replace(first.plan.options, shard=""),
        tasks=[],
    )
    for model, dataset, judge in rows:
        row = row_name(dataset.abbr, judge)
        own, files = run.files(model, row), [part.run.files(model, row) for part in parts]
        own.predictions.parent.mkdir(parents=True, exist_ok=True)
        uids = _merge_records(own, files, parts)
        answers = not judge and dataset.method is None
        compact(own.predictions, by="item" if answers else "question")
        found = [identity for one in files if (identity := read_identity(one.identity)) is not None]
        whole = whole_identity(run, plan, model, dataset, judge, found)
        if answers and any(one.selection.get("data") != whole.selection["data"] for one in found):
            _check_items(PlannedSamples(dataset, plan.options).read(), uids, own.predictions.stem)
        write_identity(own.identity, whole, completed=own.predictions)
    for part in parts:
        _bring(part.run, run)
    _merge_spending(run, [part.run for part in parts], plan.name)
    stem = run.configs / plan.name
    write_atomically(stem.with_suffix(".py"), _read(first.config))
    write_atomically(stem.with_suffix(".json"), msgspec.json.format(msgspec.json.encode(plan), indent=1))


def _check_items(samples: Iterable[Sample], uids: array[int], dataset: str) -> None:
    """Refuse shards that together do not hold the items that the data have now, each as it is now.

    Where a row changed between two shards, the one may have left it to the other, or hold what it was before. Only the
    rows tell: the data of one shard may lie on another machine, with another time of writing.
    """
    for sample in samples:
        if sample.id >= len(uids) or uids[sample.id] != _mark(sample.uid):
            missing = sample.id >= len(uids) or not uids[sample.id]
            raise ReuseError(
                f"Item {sample.id} of {dataset} {'is in no shard' if missing else 'is another one in its shard'}: "
                "the shards were not all made of the data as they are here.",
                hint="Make all shards with the same data, here too: jb --reuse DIR asks a shard's changed items again.",
            )


def _mark(uid: str) -> int:
    return hash(uid) or 1


def _merge_records(own: RowFiles, files: Sequence[RowFiles], parts: Sequence[ShardRun]) -> array[int]:
    """Write the records of all shards into one file, after a look at whose each is.

    Returns:
        By id of an item a mark of its content, 0 for none.
    """
    uids, owner = array("q"), array("H")
    """By id of an item, the number from 1 of the shard that it is in; 0 for none."""
    decode = msgspec.json.Decoder(RecordLine).decode
    with replacing(own.predictions) as target:
        for part, one in zip(parts, files, strict=True):
            with ExitStack() as stack:
                for line in stack.enter_context(_opened(one.predictions)):
                    try:
                        record = decode(line)
                    except DAMAGED:
                        _write_line(target, line)  # whoever reads it puts it aside
                        continue
                    if record.id >= len(owner):
                        more = record.id + 1 - len(owner) + len(owner) // 8
                        owner.extend(bytes(more))
                        uids.extend(bytes(more))
                    before, mine = owner[record.id], part.shard.index + 1
                    if before not in {0, mine} or not part.shard.holds(record.uid):
                        other = f", and in {parts[before - 1].run.path}" if before not in {0, mine} else ""
                        raise ReuseError(
                            f"Item {record.id} is in {one.predictions}{other}, but it does not belong to the shard "
                            f"{part.shard}: the shards were made of different data, or a file is of another run.",
                            hint="Make all shards with the same command and the same data, but for --shard.",
                        )
                    owner[record.id] = mine
                    uids[record.id] = _mark(record.uid)
                    _write_line(target, line)
    return uids


def _opened(path: Path) -> BinaryIO:
    try:
        return open_file(path, "rb")
    except OSError as error:
        raise unreadable(path, error) from error


def _read(path: Path) -> bytes:
    with _opened(path) as file:
        return file.read()


def _write_line(target: BinaryIO, line: bytes) -> None:
    target.write(line if line.endswith(b"\n") else line + b"\n")


def _bring(source: RunFolder, target: RunFolder) -> None:
    """Bring what else a run holds that it cannot get back: media by their hashes, and people's labels."""
    for path in source.attachments.glob("??/*") if source.attachments.is_dir() else ():
        place = target.attachments / path.parent.name / path.name
        if not place.exists() and not path.is_symlink():
            write_atomically(place, _read(path), synced=False)
    labels = source.path / "labels"
    for path in sorted(labels.glob("*.jsonl")) if labels.is_dir() else ():
        append_labels(target.labels(path.stem), read_labels(path))


def _merge_draws(target: RunFolder, all_draws: Sequence[Draw]) -> None:
    """Make one draw of the draws of each row: every answer keeps its probability, and each shard is a stratum.

    The shards take turns, so that whoever labels only a part has labelled some of each.
    """
    draws: dict[str, list[Draw]] = {}
    for draw in all_draws:
        draws.setdefault(draw.row, []).append(draw)
    for found in draws.values():
        turns = itertools.chain.from_iterable(itertools.zip_longest(*(draw.answers for draw in found)))
        write_draw(
            target,
            msgspec.structs.replace(
                found[0],
                strategy="stratified",
                population=sum(draw.population for draw in found),
                answers=[answer for answer in turns if answer is not None],
                time=max(draw.time for draw in found),
            ),
        )


def _merge_spending(target: RunFolder, sources: Sequence[RunFolder], plan: str) -> None:
    """Begin the ledger with what all shards have spent, where one of them kept a ledger."""
    if not any(source.ledger.exists() for source in sources):
        return
    currencies = {currency for source in sources if (currency := read_ledger(source.ledger)[1])}
    currency = currencies.pop() if len(currencies) == 1 else ""
    spent = sum((spent_before(source, currency) for source in sources), Spending())
    ledger = Ledger(target.ledger)
    ledger.write(LedgerEntry(plan=plan, before=spent, currency=currency))
    ledger.close()
