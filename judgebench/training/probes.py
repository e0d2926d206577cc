"""The command ``jb train probe`` as a function: examples in, probe files, a judge config and a report out."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from statistics import fmean, stdev
from typing import Any

import msgspec

from judgebench import plugins
from judgebench.config.dump import judge_keys, python_text
from judgebench.errors import ConfigError, how_many
from judgebench.models.access import prompt_kind
from judgebench.records.run import JudgeConfig, Typed
from judgebench.store.journal import make_folder, write_atomically
from judgebench.training.asking import KeptLabels, labels_in_words
from judgebench.training.examples import LabelledText, TeacherFacts, by_aspect
from judgebench.training.features import FeatureStore, extract, same_model, store_folder
from judgebench.training.fitting import Figures, check_sklearn
from judgebench.training.probe_training import NOT_RUN, ProbePlan, Trained, prepare, train
from judgebench.training.services import NamedModel, served

_REPORT_SECONDS = 5.0
_METHOD = "judgebench.judges.methods.probe.Probe"


class TrainedProbes(msgspec.Struct, frozen=True, kw_only=True):
    """What came of a training.

    Attributes:
        probes: One for each aspect. ``teacher``: who gave the labels.
        config: The judge config that uses them. ``report``: all figures as JSON.
    """

    probes: list[Trained]
    teacher: TeacherFacts
    config: Path
    report: Path


async def train_probes(
    examples: list[LabelledText],
    teacher: TeacherFacts,
    model: NamedModel,
    plan: ProbePlan,
    out: Path,
    name: str,
    notify: Callable[[str], None],
    *,
    in_words: NamedModel | None = None,
) -> TrainedProbes:
    """Train a probe for each aspect of the examples.

    Args:
        examples: What is learned from.
        teacher: Who gave the labels.
        model: Whose states are read.
        plan: What is searched, and what is held out.
        out: Folder for probes, states and the config.
        name: Of the judge that is made.
        notify: Takes lines about the progress.
        in_words: The model that is asked for the same labels by a prompt; ``None`` leaves that comparison out.

    Raises:
        ConfigError: The model's type returns no states.
        JudgebenchError: The examples cannot be learned from, or the service cannot be used.
    """
    check_sklearn()
    plan = fitting_plan(model, plan)
    prepared = [prepare(aspect, found, plan) for aspect, found in by_aspect(examples).items()]
    store = FeatureStore(store_folder(out, model.keys, prepared[0].wanted))
    texts = [(text, one.wanted) for one in prepared for text in one.texts]
    async with served(model, notify) as (config, client):
        number = await extract(texts, client, store, at_once=config.batch_size, progress=_progress(notify))
    kept = len({text for text, _ in texts}) - number
    notify(f"states: {how_many(number, 'text was', 'texts were')} asked for, {kept} were there already")
    if in_words is None:
        trained = [await train(one, plan, store, teacher, out) for one in prepared]
    else:
        async with served(in_words, notify) as (config, client):
            kind, at_once = prompt_kind(config), config.batch_size
            labels = KeptLabels(out / "features" / f"{in_words.keys['abbr']}-asked.jsonl", same_model(in_words.keys))

            async def ask(shown: Sequence[str], classes: Sequence[Any]) -> list[Any]:
                return await labels_in_words(client, kind, shown, classes, at_once=at_once, kept=labels)

            trained = [await train(one, plan, store, teacher, out, ask=ask) for one in prepared]
    return TrainedProbes(
        probes=trained,
        teacher=teacher,
        config=_write_config(model, trained, out, name),
        report=_write_report(trained, teacher, out, name),
    )


def fitting_plan(model: NamedModel, plan: ProbePlan) -> ProbePlan:
    """Return the plan as the model's type allows it: any service of embeddings has one layer and its own pooling.

    Raises:
        ConfigError: The model's type returns no states.
    """
    kind = plugins.load(str(model.keys["type"]), "models")
    chooses = getattr(kind, "chooses_states", None)
    if chooses is None:
        raise ConfigError(
            f"The model {model.keys['abbr']!r} is of type {str(model.keys['type']).rpartition(':')[2]}, which writes "
            "text; a probe reads hidden states.",
            hint="Name a model of type StatesService or EmbeddingService, such as gemma3_270m_states.",
        )
    if chooses:
        return plan
    return msgspec.structs.replace(plan, layers=[-1], pools=["service"], span="service")


def _progress(notify: Callable[[str], None]) -> Callable[[int, int, float], None]:
    start: tuple[float, int] | None = None  # when the first text was done, which waits for the model, and how many were
    last = 0.0

    def say(done: int, total: int, rate: float) -> None:
        nonlocal start, last
        now = time.monotonic()
        if start is None:
            start, last = (now, done), now
        elif now - last >= _REPORT_SECONDS:
            last = now
            left = (now - start[0]) / (done - start[1]) * (total - done)
            notify(f"states: {done} of {total} texts, {rate:.0f} tokens/s, about {left / 60:.1f} min left")

    return say


def _write_config(model: NamedModel, trained: Sequence[Trained], out: Path, name: str) -> Path:
    probes = [str(one.path) for one in trained]
    judge = JudgeConfig(abbr=name, model=model.keys, method=Typed(type=_METHOD, options={"probes": probes}))
    text = (
        '"""A judge that reads hidden states; written by jb train probe. The paths count from where jb is run."""\n\n'
        f"judges = {python_text([judge_keys(judge)])}\n"
    )
    make_folder(out / "judges", "--out")
    path = out / "judges" / f"{name}.py"
    write_atomically(path, text.encode())
    return path


def _write_report(trained: Sequence[Trained], teacher: TeacherFacts, out: Path, name: str) -> Path:
    path = out / f"{name}.report.json"
    whole = {"teacher": teacher, "probes": [one.facts for one in trained], "not_run": NOT_RUN}
    write_atomically(path, msgspec.json.format(msgspec.json.encode(whole), indent=1) + b"\n")
    return path


def report_lines(found: TrainedProbes) -> Iterator[str]:
    """Yield the report of a training, for people."""
    for one in found.probes:
        yield from _probe_lines(one)
        yield ""
    for name, why in NOT_RUN.items():
        yield f"not run: {name} ({why})"
    yield _cost_line(found)


def _probe_lines(one: Trained) -> Iterator[str]:
    from tabulate import tabulate

    facts = one.facts
    layer, pool = facts.represent.layers[0], facts.represent.pools[0]
    searched = f"{_listed(facts.training['layers_searched'])} by {_listed(facts.training['pools_searched'])}"
    yield (
        f"{facts.name}: {facts.training['rows']} items to learn from, {one.n} held out; labels {_listed(one.classes)}; "
        f"layer {layer}, pool {pool} (of layers {searched})\n"
    )
    rows = [
        [
            name,
            f"{figures.macro_f1:.3f}",
            _interval(figures.macro_f1_interval),
            f"{figures.weighted_f1:.3f}",
            _interval(figures.weighted_f1_interval),
            f"{figures.accuracy:.3f}",
            _spread(figures),
        ]
        for name, figures in one.figures.items()
    ]
    headers = ["held out", "macro F1", "95 %", "weighted F1", "95 %", "agreement", "macro F1 by split"]
    yield tabulate(rows, headers, tablefmt="simple", disable_numparse=True)
    name, gap, low, high = one.beside
    clear = "better than" if low > 0 else "worse than" if high < 0 else "not clearly different from"
    yield f"The probe is {clear} {name!r} on these items (macro F1 {gap:+.3f}, {low:+.3f}..{high:+.3f})."
    if note := next((figures.note for figures in one.figures.values() if figures.note), ""):
        yield f"The same model, asked: {note}; those count as wrong."
    selected = facts.training["selected_cross_validated_macro_f1"]
    yield f"(The cross-validated score that chose it, {selected:.3f}, is no estimate: it was chosen for being high.)"


def _cost_line(found: TrainedProbes) -> str:
    tokens = sum(one.tokens for one in found.probes)
    seconds = sum(one.seconds for one in found.probes)
    calls = how_many(len(found.probes), "call")
    line = f"An item costs the probe {calls}, {tokens:.0f} tokens read and {seconds:.2f} s"
    teacher = found.teacher
    if teacher.calls is None:
        return f"{line}; what it cost the teacher is not recorded."
    known = f", {teacher.tokens:.0f} tokens" if teacher.tokens is not None else ""
    price = f", {teacher.cost:.6f} {teacher.currency}" if teacher.cost is not None else ""
    return f"{line}; the teacher took {teacher.calls:.1f} calls{known}, {teacher.seconds or 0:.2f} s{price}."


def _listed(values: Sequence[Any]) -> str:
    return ", ".join(str(one) for one in values)


def _interval(ends: tuple[float, float] | None) -> str:
    return f"{ends[0]:.3f}..{ends[1]:.3f}" if ends else "-"


def _spread(figures: Figures) -> str:
    seeds = figures.by_seed
    return f"{fmean(seeds):.3f} ± {stdev(seeds):.3f}" if len(seeds) > 1 else "-"
