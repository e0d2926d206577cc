"""Conversations to be continued: rows of messages, which ``role="conversation"`` of a prompt sends as they are."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

import msgspec

from judgebench.content.parts import transcript_of
from judgebench.datasets.columns import Row, SourceConfig
from judgebench.datasets.judge_samples import JudgeSamples, JudgeSamplesConfig, value_at
from judgebench.errors import DataError

MESSAGES = "messages"
"""Field of the messages that are sent."""
TRANSCRIPT = "conversation"
"""Field of the same conversation as a text, which a judge is shown."""
_ROLES = ("system", "developer", "user", "assistant")


class ConversationRowsConfig(JudgeSamplesConfig, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Keys of ``type=ConversationRows``, beside those of ``JudgeSamples``.

    Attributes:
        conversation_column: Column of the messages (``role``, ``content``).
        rubric_column: Column of criteria with points, which are checked: a list of ``criterion``, ``points`` (signed)
            and ``tags``, one of them at least with points above 0. They become the column ``rubrics``.
    """

    conversation_column: str
    rubric_column: str = ""

    def further_columns(self) -> dict[str, Any]:
        """Return the columns of the conversation and of the criteria."""
        said = {self.conversation_column: [{"role": "user", "content": "..."}]}
        criteria = {self.rubric_column: [{"criterion": "...", "points": 1, "tags": []}]} if self.rubric_column else {}
        return super().further_columns() | said | criteria


class ConversationRows(JudgeSamples):
    """Gives each item the fields ``messages`` and ``conversation``."""

    Config: ClassVar[type[JudgeSamplesConfig]] = ConversationRowsConfig
    config: ConversationRowsConfig

    def rows(self, data_dir: Path | None) -> Iterator[Row]:
        """Yield the rows with their conversation in both forms.

        Raises:
            DataError: A row has no conversation that ends with a user's message, or criteria that cannot be counted.
        """
        for row in super().rows(data_dir):
            messages = self._messages(row)
            more: dict[str, Any] = {MESSAGES: messages, TRANSCRIPT: transcript_of(messages)}
            if self.config.rubric_column:
                more["rubrics"] = self._rubrics(row)
            yield row._replace(values={**row.values, **more})

    def _columns(self) -> SourceConfig:
        own = super()._columns()
        rubrics = ["rubrics"] if self.config.rubric_column else []
        return msgspec.structs.replace(
            own,
            input_columns=[*own.input_columns, MESSAGES, TRANSCRIPT],
            meta_columns=list(dict.fromkeys([*own.meta_columns, *rubrics])),
        )

    def _messages(self, row: Row) -> list[dict[str, str]]:
        column = self.config.conversation_column
        listed = value_at(row, column)
        fitting = isinstance(listed, list) and listed and all(map(_is_message, listed))
        if not fitting or listed[-1]["role"] != "user":
            raise DataError(
                f"{row.place}: the column {column!r} must hold a list of messages that ends with one of the user, "
                f"not {listed!r:.60}.",
                hint='Each is {"role": "user", "content": "..."}; the roles are ' + ", ".join(_ROLES) + ".",
            )
        return [{"role": one["role"], "content": one["content"]} for one in listed]

    def _rubrics(self, row: Row) -> list[dict[str, Any]]:
        column = self.config.rubric_column
        listed = row.values.get(column)
        if not isinstance(listed, list) or not listed or not all(map(_is_criterion, listed)):
            raise DataError(
                f"{row.place}: the column {column!r} must hold a list of criteria (criterion, points, tags), "
                f"not {listed!r:.60}."
            )
        if not any(one["points"] > 0 for one in listed):
            raise DataError(f"{row.place}: no criterion in {column!r} has points above 0, so no share can be computed.")
        return [
            {"criterion": one["criterion"], "points": one["points"], "tags": list(one.get("tags") or [])}
            for one in listed
        ]


def _is_message(one: Any) -> bool:
    return isinstance(one, dict) and one.get("role") in _ROLES and isinstance(one.get("content"), str)


def _is_criterion(one: Any) -> bool:
    if not isinstance(one, dict) or not isinstance(one.get("criterion"), str):
        return False
    points, tags = one.get("points"), one.get("tags") or []
    is_number = isinstance(points, int | float) and not isinstance(points, bool)
    return is_number and isinstance(tags, list) and all(isinstance(tag, str) for tag in tags)
