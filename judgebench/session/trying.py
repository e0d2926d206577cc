"""Try a judge on one case: resolve it, start its service where it launches one, judge, stop the service."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from judgebench.errors import UsageError, visible

if TYPE_CHECKING:
    from judgebench.records.request import Selection
    from judgebench.records.run import JudgeConfig
    from judgebench.stages.one_judgment import OneJudgment


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
    from judgebench.config.resolve import load_judges
    from judgebench.executors.services import Services, launched, services_environment
    from judgebench.stages.one_judgment import case_by_hand, judge_one, price_for

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
    (judge,) = named
    with tempfile.TemporaryDirectory(prefix="jb-try-") as folder:
        case = case_by_hand(dict(fields), answers, reference, images, folder)
        environ: dict[str, Any] = {**os.environ, **found.secrets}
        price = price_for(judge, prices, environ)
        models = launched(judge.model)
        services = Services(models.values(), run_dir=Path(folder), environment=environ, notify=notify)
        try:
            addresses = await services.addresses(models)
            environ |= services_environment(addresses)
            return judge, await judge_one(judge, case, folder, environ, price=price)
        finally:
            await services.stop_all()
