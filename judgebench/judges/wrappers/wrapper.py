"""What methods share that are put around another judge: they hear what it asks and may ask it to go on."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, NamedTuple

import msgspec

from judgebench import plugins
from judgebench.errors import ConfigError
from judgebench.judges.core.contract import Ask, Case, JudgeMethod, method_from
from judgebench.records.flow import Prompt, Reply, Verdict


class Wrapper(JudgeMethod):
    """A judge method around others.

    Args:
        config: The method's config.
        judges: ``dict(type=..., ...)`` of the inner judges.
        where: Key under which they stand, for errors.
    """

    version: ClassVar[int] = 1

    def __init__(self, config: msgspec.Struct, judges: Sequence[Mapping[str, Any]], *, where: str = "judge") -> None:
        self._settings = config
        self._where = where
        self.inner = [inner_judge(spec, where=f"method.{where}") for spec in judges]
        self.needs_logprobs = any(judge.needs_logprobs for judge in self.inner)
        self.holds_workers = any(judge.holds_workers for judge in self.inner)
        self.decisions = list(dict.fromkeys(decision for judge in self.inner for decision in judge.decisions))

    @property
    def offers_schema(self) -> bool:
        """Whether a question of an inner judge comes with the schema of its reply."""
        return any(judge.offers_schema for judge in self.inner)

    def identity(self) -> dict[str, Any]:
        """Return the inner judges' identities and every other key."""
        keys = msgspec.to_builtins(self._settings)
        keys.pop(self._where, None)
        inner = [judge.identity() for judge in self.inner]
        return {"method": method_name(self), "version": self.version, **keys, "judges": inner}

    def prompts(self, case: Case) -> list[tuple[str, Prompt]]:
        """Return the first inner judge's rendered prompts, for a look before anything is sent."""
        return self.inner[0].prompts(case)

    async def aclose(self) -> None:
        """End what the inner judges hold."""
        for judge in self.inner:
            await judge.aclose()


class Said(NamedTuple):
    """One question of an inner judge and the reply to it."""

    presentation: str
    prompt: Prompt
    reply: Reply


class Listening:
    """An ``ask`` that remembers what it was asked and what was replied, in the order of the questions.

    Args:
        ask: Whom the questions go to.
        prefix: Stands before the presentations' names, so that rounds can be told apart in the recording.
    """

    def __init__(self, ask: Ask, prefix: str = "") -> None:
        self._ask = ask
        self._prefix = prefix
        self._said: list[Said | None] = []

    @property
    def said(self) -> list[Said]:
        """The questions that were replied to, in the order in which they were asked."""
        return [one for one in self._said if one is not None]

    async def __call__(self, prompt: Prompt, *, presentation: str = "", **params: Any) -> Reply:
        """Put the question and remember the reply."""
        return await self._listen(self._ask, prompt, presentation, params)

    async def once(self, prompt: Prompt, *, presentation: str = "", **params: Any) -> Reply:
        """Put a question that serves all repeats, see ``ask_once``, and remember the reply."""
        return await self._listen(getattr(self._ask, "once", self._ask), prompt, presentation, params)

    async def _listen(self, ask: Ask, prompt: Prompt, presentation: str, params: dict[str, Any]) -> Reply:
        place = len(self._said)
        self._said.append(None)
        named = f"{self._prefix}{'-' if self._prefix and presentation else ''}{presentation}"
        reply = await ask(prompt, presentation=named, **params)
        self._said[place] = Said(presentation, prompt, reply)
        return reply


def inner_judge(spec: Mapping[str, Any], *, where: str) -> JudgeMethod:
    """Make an inner judge from ``dict(type=..., ...)``.

    Raises:
        ConfigError: It cannot be made, or never asks.
    """
    name, options = plugins.split(spec, where=where)
    judge = method_from(name, options, where=where)
    if not judge.asks:
        raise ConfigError(f"{where}: {name} never asks a model, so it is not a judge.")
    return judge


def continued(prompt: Prompt, said: str, words: str) -> Prompt:
    """Return the prompt that goes on after a reply: as further messages, or as further text for completion services."""
    if isinstance(prompt, str):
        return f"{prompt}{said}\n\n{words}\n"
    return [*prompt, {"role": "assistant", "content": said}, {"role": "user", "content": words}]


def stated(verdict: Verdict) -> dict[str, Any]:
    """Return what a verdict says, without its details, as JSON values."""
    said = {"status": verdict.status, "decision": verdict.decision, "score": verdict.score, "reason": verdict.reason}
    return {name: value for name, value in said.items() if value not in (None, "")}


def with_details(verdict: Verdict, **details: Any) -> Verdict:
    """Return a verdict with further details; its span is dropped, because the last reply may be another one."""
    return msgspec.structs.replace(verdict, span=None, details={**verdict.details, **details})


def method_name(method: object) -> str:
    """Return the name of a method as identities write it: ``PairComparison`` is ``pair_comparison``."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", type(method).__name__).lower()
