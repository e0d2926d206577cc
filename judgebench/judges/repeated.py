"""Ask the whole judge several times and fold its verdicts: repeat and vote (self-consistency, Wang et al. 2022)."""

from __future__ import annotations

from typing import Any

import msgspec

from judgebench.errors import ConfigError
from judgebench.judges import load
from judgebench.judges.asking import Ask, JudgeItem
from judgebench.judges.folds import ViewReading, fold_views
from judgebench.judges.grammars.reading import Reading, as_verdict
from judgebench.judges.wrapper import Listening, Wrapper, stated
from judgebench.records import Verdict


class Repeated(Wrapper):
    """Runs another judge ``times`` times, one after the other, and folds what it decides.

    Methods of views have ``repeats`` of their own, which fold replies; this one folds whole verdicts, of any judge. The
    judge model needs a temperature above 0, else the votes are copies.
    """

    class Config(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
        """Keys of ``method=dict(type=Repeated, ...)``.

        Attributes:
            judge: ``dict(type=..., ...)`` of any judge that asks.
            times: How often it decides.
            fold: How its verdicts become one, such as ``dict(type="majority", unread="drop")``.
        """

        judge: dict[str, Any]
        fold: dict[str, Any]
        times: int = 3

    def __init__(self, config: Config) -> None:
        if config.times < 2:
            raise ConfigError(f"method.times: must be 2 or more, not {config.times}.")
        super().__init__(config, [config.judge])
        self.config = config
        self._fold, self._fold_config = load.fold_of(config.fold, where="method.fold")

    async def judge(self, item: JudgeItem, ask: Ask) -> Verdict:
        """Decide several times and fold."""
        verdicts = [
            await self.inner[0].judge(item, Listening(ask, f"vote{number}")) for number in range(self.config.times)
        ]
        return folded(verdicts, self._fold, self._fold_config, [f"vote{number}" for number in range(len(verdicts))])


def folded(verdicts: list[Verdict], fold: Any, config: Any, names: list[str]) -> Verdict:
    """Return the fold of whole verdicts, with each of them in the details."""
    for verdict in verdicts:
        if verdict.status not in {"ok", "unparsed"}:
            return verdict  # nothing was asked: the item lacks what the judge needs
    views = [
        ViewReading(
            view=name,
            reading=Reading(status="ok", label=one.label, score=one.score)
            if one.status == "ok"
            else Reading(status="unparsed", reason=one.reason),
        )
        for name, one in zip(names, verdicts, strict=True)
    ]
    return as_verdict(fold_views(views, fold, config), votes_cast=[stated(one) for one in verdicts])
