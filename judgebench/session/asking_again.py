"""Ask the judges of a run again about the same answers, and keep what they say beside the run.

What is asked is a run of its own, in ``again/<dataset>/``: its tested models give each chosen answer several times,
word for word, and its judges are those of the run. So it goes on where it was left, takes limits, launches services as
any run does, and asks nothing that it has asked before. No cache answers for the judge.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from judgebench.config.dump import dump_config
from judgebench.config.resolve import load_run
from judgebench.dashboard.display import Display
from judgebench.datasets.selection import place_in_shuffle
from judgebench.errors import UsageError
from judgebench.identity.questions import read_identity, write_identity
from judgebench.records.flow import Prediction
from judgebench.records.request import RunRequest, Selection
from judgebench.records.run import DatasetConfig, Options, Plan, RunConfig
from judgebench.session.outcome import Outcome
from judgebench.session.reuse import newest_config
from judgebench.session.session import Session
from judgebench.store.journal import make_folder, open_file, write_atomically
from judgebench.store.recorded import scan
from judgebench.store.run_folder import RunFolder, mark


class Again(NamedTuple):
    """How often, and about what, judges are asked again.

    Attributes:
        times: How often, beside the run's own verdicts.
        items: Answered items of each dataset that are taken, at most; ``None`` takes all.
        seed: Of their choice; more items hold the fewer ones.
    """

    times: int
    items: int | None = None
    seed: int = 0


def ask_again(
    run: RunFolder,
    wanted: Again,
    *,
    options: Options,
    display: Callable[[], Display],
    close: Callable[[Outcome, Display], Outcome],
    command: list[str],
) -> list[Outcome]:
    """Ask the judges of a run again; returns what came of it, by dataset.

    Args:
        run: The run.
        wanted: How often, and about what.
        options: Limits; what chooses samples or answers for the judge is set here.
        display: Makes what hears the work.
        close: Says the last words about each dataset.
        command: The command line, for the logs.

    Raises:
        UsageError: No judge of the run asks a model, or no answer is there to ask about.
        JudgebenchError: What keeps a run from starting.
    """
    file, plan = newest_config(run)
    config = load_run(Selection(config=str(file)))
    outcomes = []
    for abbr, dataset in config.datasets.items():
        if dataset.method is None and not any(judge.model for judge in dataset.judges):
            continue
        models = [model for model, other in config.combinations if other == abbr]
        answers = {model: _answers(run, model, dataset) for model in models}
        common = set.intersection(*(set(ids) for ids in answers.values()))
        ids = sorted(common, key=lambda id: place_in_shuffle(wanted.seed, id))[: wanted.items]
        if not ids:
            continue
        folder = RunFolder(run.path / "again" / abbr)
        _prepare(
            run,
            folder,
            file.with_suffix(".json"),
            dataset,
            {model: [answers[model][id] for id in sorted(ids)] for model in models},
            wanted,
        )
        selection = Selection(config=str(_config(folder, config, abbr, models, wanted.times)), config_dirs=[])
        request = RunRequest(
            selection=selection,
            mode="eval",
            work_dir=str(folder.path.parent),
            reuse=str(folder.path),
            options=_options(options, plan, ids),
        )
        outcomes.append(Session(request, command=command, display=display, close=close).run())
    if not outcomes:
        raise UsageError(
            f"In the run {run.timestamp} no judge has been asked about any answer, so none can be asked again.",
            hint="Name a run with a judge that asks a model.",
        )
    return outcomes


def _options(options: Options, plan: Plan, ids: Sequence[int]) -> Options:
    return msgspec.structs.replace(
        options,
        ids=[str(id) for id in sorted(ids)],
        num_prompts=None,
        shuffle=None,
        data_dir=options.data_dir or plan.options.data_dir,
        cache="",
        dedup=False,
        rejudge=False,
        labels="",
        preflight=False,
        go_on=True,
    )


class _PlaceOfAnswer(NamedTuple):
    """Where a record stands in a file."""

    path: Path
    offset: int
    size: int


def _answers(run: RunFolder, model: str, dataset: DatasetConfig) -> dict[int, _PlaceOfAnswer]:
    """Return where each item's first answer stands; of a benchmark of judges, where its first judge call does."""
    path = run.predictions(model, dataset.abbr)
    found: dict[int, _PlaceOfAnswer] = {}
    for line, offset, size in scan(path):
        if line.repeat == 0 and line.status == "ok":
            found[line.id] = _PlaceOfAnswer(path, offset, size)
    return found


def _prepare(
    run: RunFolder,
    folder: RunFolder,
    plan: Path,
    dataset: DatasetConfig,
    answers: dict[str, list[_PlaceOfAnswer]],
    wanted: Again,
) -> None:
    """Make the folder, with each chosen answer as often as it is judged."""
    make_folder(folder.path)
    if not folder.marker.exists():
        mark(folder)
    folder.create()
    if not folder.plans():  # which says in what format the answers are
        write_atomically(folder.configs / plan.name, plan.read_bytes())
    _share_attachments(run, folder)
    if dataset.method is not None:  # the items bring the answers along
        return
    for model, own in answers.items():
        files = folder.files(model, dataset.abbr)
        make_folder(files.predictions.parent)
        lines = b"".join(line for place in own for line in _repeated(place, wanted.times))
        write_atomically(files.predictions, lines)
        identity = read_identity(run.identity(model, dataset.abbr))
        if identity is not None:
            make_folder(files.identity.parent)
            count = len(own) * wanted.times
            known = msgspec.structs.replace(identity, planned=count, ok=count, failed=0)
            write_identity(files.identity, known, completed=files.predictions)


def _repeated(place: _PlaceOfAnswer, times: int) -> Iterator[bytes]:
    with open_file(place.path, "rb") as file:
        file.seek(place.offset)
        answer = msgspec.json.decode(file.read(place.size), type=Prediction)
    for number in range(times):  # the run has paid for it, so that it costs nothing here
        given = msgspec.structs.replace(answer, repeat=number, tries=0, usage=None)
        yield msgspec.json.encode(given) + b"\n"


def _share_attachments(run: RunFolder, folder: RunFolder) -> None:
    """Link the run's attachments, which are never changed, into the folder."""
    for path in run.attachments.rglob("*"):
        there = folder.attachments / path.relative_to(run.attachments)
        if path.is_file() and not there.exists():
            make_folder(there.parent)
            try:
                os.link(path, there)
            except OSError:  # another file system, or one without links
                write_atomically(there, path.read_bytes())


def _config(folder: RunFolder, config: RunConfig, abbr: str, models: Sequence[str], times: int) -> Path:
    """Write the config of what is asked again: one dataset, whose models give each answer several times."""

    def repeating(model: dict[str, Any]) -> dict[str, Any]:
        return {**model, "generation_kwargs": {**model.get("generation_kwargs", {}), "num_return_sequences": times}}

    only = msgspec.structs.replace(
        config,
        models={model: repeating(config.models[model]) for model in models},
        datasets={abbr: config.datasets[abbr]},
        combinations=[(model, abbr) for model in models],
        summarizer=msgspec.structs.replace(config.summarizer, dataset_abbrs=[], summary_groups=[]),
    )
    path = folder.path / "again.py"
    write_atomically(path, dump_config(only).encode())
    return path
