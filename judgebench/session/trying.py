"""A judge outside of a run: resolve it, start its service where it launches one, judge, stop the service.

The case is what somebody typed or sent, or an item of a run: then it is what the run's own judges were shown, and the
judge is theirs unless another is named. The run stays as it is: to ask again about the items that look wrong, and keep
what is said, would move the score in one direction.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from judgebench.errors import InternalError, ReuseError, UsageError, visible
from judgebench.records.request import Selection

if TYPE_CHECKING:
    from judgebench.query import Item, RunQuery
    from judgebench.records.run import JudgeConfig, RunConfig
    from judgebench.records.spending import Limits
    from judgebench.stages.one_judgment import OneJudgment, ReadyJudge


class ItemOfRun(NamedTuple):
    """Which answer of a run a judge is to look at.

    Attributes:
        row: Name of the result row. ``id``: ``Sample.id``.
        repeat: Number of the tested model's repetition.
        model: Abbr of the tested model; may be empty where one alone has the row.
    """

    row: str
    id: int
    repeat: int = 0
    model: str = ""


class TriedAgain(NamedTuple):
    """What a judge says of an item of a run.

    Attributes:
        judge: Who was asked. ``judgment``: what came of it.
        item: The item as the run has it. ``answers``: what the judge was shown, the other answer too.
    """

    judge: JudgeConfig
    judgment: OneJudgment
    item: Item
    answers: list[str]


@asynccontextmanager
async def open_judge(
    selection: Selection,
    notify: Callable[[str], None],
    *,
    abbr: str = "",
    prices: str = "",
    dedup: bool = False,
    cache: str = "",
    limits: Limits | None = None,
) -> AsyncIterator[ReadyJudge]:
    """Give the one judge of a selection, ready to look at cases; its launched service stops with the context.

    Args:
        selection: Names the judge, folders of configs and overrides.
        notify: Takes a line about a service that is being launched.
        abbr: Which judge, where the selection names several; empty where it names one.
        prices: The user's own table of prices; empty for none.
        dedup: Ask identical questions once where the temperature is 0.
        cache: Folder of the cache of replies; empty for none.
        limits: What may be spent in all; ``None`` sets no limit.

    Raises:
        UsageError: The selection names no judge or several, or none of this abbr.
        JudgebenchError: The judge cannot be used.
    """
    judge, secrets = _named_judge(selection, abbr)
    async with _started(
        judge, secrets, notify, prices=prices, dedup=dedup, cache=cache, limits=limits
    ) as ready:  # fmt: skip
        yield ready


async def try_judge(
    selection: Selection,
    fields: Mapping[str, str],
    answers: list[str],
    reference: str | None,
    images: list[Path],
    notify: Callable[[str], None],
    *,
    abbr: str = "",
    prices: str = "",
) -> tuple[JudgeConfig, OneJudgment]:
    """Let the one judge of a selection look at one case.

    Args:
        selection: Names the judge, folders of configs and overrides.
        fields: What was asked, by the name of the field.
        answers: One answer; two for a judge that compares, more for one that ranks.
        reference: The right answer, for judges that are shown one.
        images: Files of images that belong to the question.
        notify: Takes a line about a service that is being launched.
        abbr: Which judge, where the selection names several; empty where it names one.
        prices: The user's own table of prices; empty for none.

    Raises:
        UsageError: The selection names no judge or several, or none of this abbr.
        JudgebenchError: The judge cannot be used.
    """
    from judgebench.content.media import MediaSource
    from judgebench.stages.one_judgment import case_by_hand, judge_one

    async with open_judge(selection, notify, abbr=abbr, prices=prices) as ready:
        with tempfile.TemporaryDirectory(prefix="jb-try-") as folder:
            sources = [
                MediaSource(value=path.name, folder=str(path.absolute().parent), place="--image", column=str(path))
                for path in images
            ]
            case = case_by_hand(fields, answers, reference, sources, folder)
            return ready.config, await judge_one(ready, case, folder)


async def try_item(
    run: RunQuery,
    which: ItemOfRun,
    selection: Selection,
    notify: Callable[[str], None],
    *,
    abbr: str = "",
    prices: str = "",
) -> TriedAgain:
    """Let a judge look at an item of a run once more; nothing of it is kept.

    Args:
        run: The run.
        which: The item.
        selection: Names a judge, folders of configs and overrides; without a judge that of the row is asked.
        notify: Takes a line about a service that is being launched.
        abbr: Which judge, where the selection names several; empty where it names one.
        prices: The user's own table of prices; empty for none.

    Raises:
        UsageError: There is no such item, it has no answer, or no judge is asked about it.
        ReuseError: The run does not say how it was made, or the data have changed since.
        JudgebenchError: The judge cannot be used.
    """
    from judgebench.config.resolve import load_run
    from judgebench.session.reuse import newest_config
    from judgebench.stages.case_of_item import case_of_item
    from judgebench.stages.one_judgment import judge_one
    from judgebench.store.run_folder import RunFolder

    folder = RunFolder(run.path)
    item = run.item(which.row, which.id, which.repeat, model=which.model)
    file, plan = newest_config(folder)
    named = bool(selection.judges)
    config = load_run(Selection(config=str(file), overrides=[] if named else selection.overrides))
    own = _own_judge(config, item)
    judge, secrets = _named_judge(selection, abbr) if named else (own, config.secrets)
    if judge is None or not judge.model:
        raise UsageError(
            f"The row {item.line.row!r} is decided by a rule or made of other judges' verdicts: nobody is asked.",
            hint=f"Read the verdicts again with: jb --reuse {run.path} --mode eval, or name a JUDGE.",
        )
    case = case_of_item(run, item, config.datasets[item.line.dataset], config.models, own, plan.options)
    shown = case.answers or [case.answer, *([case.baseline] if case.baseline is not None else [])]
    async with _started(judge, secrets, notify, prices=prices) as ready:
        judgment = await judge_one(ready, case, str(folder.attachments))
    return TriedAgain(judge, judgment, item, shown)


def _named_judge(selection: Selection, abbr: str) -> tuple[JudgeConfig, dict[str, str]]:
    from judgebench.config.resolve import load_judges

    found = load_judges(selection)
    named = [one for one in found.judges if abbr in {one.abbr, ""}]
    if len(named) != 1:
        names = ", ".join(one.abbr for one in found.judges)
        raise UsageError(
            f"There is no judge {visible(abbr)!r} among these: {names}."
            if abbr
            else f"One judge can be tried at a time, and this names {len(named)}: {names}.",
            hint=f"Choose one with: --judge {found.judges[-1].abbr}" if found.judges else "",
        )
    return named[0], found.secrets


def _own_judge(config: RunConfig, item: Item) -> JudgeConfig | None:
    """Return the judge of an item's row, as the run's newest config has it; ``None`` where a rule decides."""
    line = item.line
    dataset, model = config.datasets.get(line.dataset), config.models.get(line.model)
    if dataset is None or model is None:
        raise ReuseError(
            f"The newest config of the run has no row {line.row!r} of {line.model!r}.",
            hint="Judge it by hand: jb try JUDGE --question TEXT --answer TEXT",
        )
    if not line.judge and dataset.method is None:
        return None
    try:
        return dataset.judge_of(line.judge, model)
    except InternalError:
        raise ReuseError(
            f"The newest config of the run has no judge {line.judge!r} of {line.dataset!r} any more.",
            hint="Name the judge that is to look at the item: jb try JUDGE --item ...",
        ) from None


@asynccontextmanager
async def open_judges(
    selection: Selection, notify: Callable[[str], None], *, prices: str = "", dedup: bool = False, cache: str = ""
) -> AsyncIterator[list[ReadyJudge]]:
    """Give all judges of a selection, each ready to look at cases; arguments are those of ``open_judge``.

    Raises:
        UsageError: One is a panel.
        JudgebenchError: One cannot be used.
    """
    from judgebench.config.resolve import load_judges

    found = load_judges(selection)
    async with AsyncExitStack() as stack:
        yield [
            await stack.enter_async_context(
                _started(judge, found.secrets, notify, prices=prices, dedup=dedup, cache=cache)
            )
            for judge in found.judges
        ]


@asynccontextmanager
async def _started(
    judge: JudgeConfig,
    secrets: Mapping[str, str],
    notify: Callable[[str], None],
    *,
    prices: str = "",
    dedup: bool = False,
    cache: str = "",
    limits: Limits | None = None,
) -> AsyncIterator[ReadyJudge]:
    """Start what a judge needs, give the judge, and stop it; arguments are those of ``open_judge``."""
    from judgebench.executors.services import Services, launched, services_environment
    from judgebench.stages.one_judgment import price_for, ready_judge

    environ: dict[str, Any] = {**os.environ, **secrets}
    price = price_for(judge, prices, environ)
    models = launched(judge.model)
    with tempfile.TemporaryDirectory(prefix="jb-try-") as folder:
        services = Services(models.values(), run_dir=Path(folder), environment=environ, notify=notify)
        try:
            environ |= services_environment(await services.addresses(models))
            async with ready_judge(judge, environ, price=price, dedup=dedup, cache=cache, limits=limits) as ready:
                yield ready
        finally:
            await services.stop_all()
