"""Structured output: whether a service holds a judge's replies to the JSON schema of its parser.

What a service says of itself is no proof: some take the key of another version, heed nothing of it and answer 200. So a
*canary* is asked once, before the first question: it is told to say a word that its schema does not allow. Only a
service that enforces the schema can reply with the word that it does allow.

What the canary finds holds for the whole task. There is no way back for a single item: figures made of two kinds of
replies would mean nothing.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, NamedTuple

from judgebench.content.prompts import fit
from judgebench.errors import ConfigError, EndpointError, ReuseError
from judgebench.identity.questions import sampling_params
from judgebench.judges.parsers.reading import answer_part
from judgebench.models.access import configured, model_config
from judgebench.models.contract import Dialect
from judgebench.models.service_errors import excerpt
from judgebench.records.flow import Reply, Request
from judgebench.records.run import JudgeConfig

Hold = Callable[[Mapping[str, Any], Mapping[str, Any]], dict[str, Any]]
"""Gives the parameters of a request, from a schema and the other parameters."""

_WORD = "jb-7f3a9c"
_SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {"word": {"type": "string", "enum": [_WORD]}},
    "required": ["word"],
    "additionalProperties": False,
}
_PROMPT = "Reply with the word hello, and nothing else."
_HINT = "Take another service or model, or set constrain='auto' or 'off'."
FREE = "constrain is 'auto', and the service did not hold the judge's replies to a JSON schema, so they were free"


class Constraint(NamedTuple):
    """What the canary found.

    Attributes:
        key: Key of the request by which the service holds replies to a schema; empty where it does not.
        why: What came instead, in a few words; empty where it does.
    """

    key: str
    why: str = ""

    def finding(self) -> str:
        """Return the sentence about it, for a judge with ``constrain="auto"``."""
        return f"its service does not hold replies to a schema ({self.why}), so they are free"

    def check_same(self, before: str | None, task: str) -> None:
        """Refuse to mix two kinds of replies in one file.

        Args:
            before: The key of the replies that a task has recorded; ``None`` where there are none.
            task: Its name.

        Raises:
            ReuseError: The service now does otherwise.
        """
        if before is not None and before != self.key:
            then = f"held to a schema by {before}" if before else "free"
            now = f"its service holds them to it by {self.key}" if self.key else self.finding()
            raise ReuseError(
                f"The replies recorded for {task} were {then}, and now {now}.",
                hint="Judge with the same service, judge everything again with --rejudge, or accept the change with "
                "--redo-changed.",
            )


def hold_of(judge: JudgeConfig, key: str | None) -> Hold | None:
    """Return what puts a schema into the parameters of a question; ``None`` where replies are free."""
    dialect = _dialect_of(judge) if key else None
    if dialect is None or not key:
        return None
    return lambda schema, params: dialect.held_to(schema, params, key)


def _dialect_of(judge: JudgeConfig) -> Dialect | None:
    """Return the protocol of the judge's model, if it has a key for a schema."""
    kind = configured(judge.model).kind
    return kind() if issubclass(kind, Dialect) and kind.schema_keys else None


def without_keys(judge: JudgeConfig) -> Constraint | None:
    """Return what is known without asking: that the model's type has no key for a schema.

    Raises:
        ConfigError: The judge requires one.
    """
    if _dialect_of(judge) is not None:
        return None
    config = model_config(judge.model)
    why = f"{config.type.rpartition('.')[2]} has no key for one"
    if judge.constrain == "require":
        raise ConfigError(
            f"The judge {judge.abbr or config.abbr!r} has constrain='require', and its model cannot be held to a "
            f"schema: {why}.",
            hint=_HINT,
        )
    return Constraint("", why)


def known_for_files(judge: JudgeConfig, known: str | None) -> None:
    """Refuse to write a judge's questions to a file before it is known whether replies are held to a schema.

    Raises:
        ConfigError: It is not known.
    """
    if known is None:
        raise ConfigError(
            f"The judge {judge.abbr!r} has constrain={judge.constrain!r}, and its service has to be asked whether that "
            "works, which files cannot do.",
            hint="Set constrain='off' for this judge.",
        )


async def constraint_of(judge: JudgeConfig, ask: Callable[[Request], Awaitable[Reply]]) -> Constraint:
    """Find out by a canary whether the service holds a judge's replies to a schema, and by which key.

    Args:
        judge: A judge whose ``constrain`` is not ``off``.
        ask: Sends a request to its service, past any cache.

    Raises:
        ConfigError: The judge requires it, and its model's type has no key for a schema.
        EndpointError: It requires it, and the service does not; or no reply came by which it could be told.
    """
    dialect = _dialect_of(judge)
    if dialect is None:
        return without_keys(judge) or Constraint("")
    name = judge.abbr or str(judge.model["abbr"])
    params = sampling_params(judge.model)
    why = ""
    for key in dialect.schema_keys:
        held = dialect.held_to(_SCHEMA, params, key)
        reply = await ask(Request(prompt=fit(_PROMPT, dialect.prompt_kind), params=held))
        if reply.error is not None and reply.error.kind not in {"bad_request", "empty_reply", "content_filter"}:
            raise EndpointError(
                f"Whether the service of the judge {name!r} holds replies to a schema could not be found out: "
                f"{reply.error.message}.",
                hint="Try again with --reuse once it answers, or set constrain='off'.",
            )
        if _enforced(reply):
            return Constraint(key)
        said = reply.error.message if reply.error is not None else f"it answered {excerpt(reply.text)[:60]!r}"
        why = why or f"asked with {key}, {said}"
    if judge.constrain == "require":
        raise EndpointError(
            f"The judge {name!r} has constrain='require', and its service does not hold replies to a schema: {why}.",
            hint=_HINT,
        )
    return Constraint("", why)


def _enforced(reply: Reply) -> bool:
    try:
        said = json.loads(answer_part(reply.text).text or "")
    except ValueError:
        return False
    return reply.status == "ok" and isinstance(said, dict) and said.get("word") == _WORD
