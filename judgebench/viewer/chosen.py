"""The filter of a list as it stands in an address: what is seen can be sent to somebody else."""

from __future__ import annotations

import json
from collections.abc import Mapping
from urllib.parse import quote, urlencode

import msgspec

from judgebench.query import Filter, ItemKey

ONLY: dict[str, str] = {
    "wrong": "wrong",
    "unread": "unread",
    "rule": "judge ≠ rule",
    "judges": "judge ≠ judge",
    "flipped": "flipped by order",
    "truncated": "cut off",
    "failed": "failed",
    "not_judged": "not judged",
    "labelled": "labelled",
    "accepted": "judge ✓, rule ✗",
    "rejected": "judge ✗, rule ✓",
    "unscored": "not scored",
}
"""What a list can be narrowed to with one choice, and how that is called."""
COUNT_NAMES = {"rule": "against_rule", "judges": "against_judges"}
"""By which name of ``RunQuery.counts`` a choice is counted, where that is another."""
ALWAYS = ("wrong", "unread", "rule", "judges", "flipped", "truncated", "failed", "not_judged", "labelled")
"""Choices that are shown with their counts; the others are shown while they are chosen."""
_NAMES = ("row", "model", "judge", "only", "reason", "where", "text", "sort", "by", "id", "columns")
_MOST = 2_000


class Chosen(msgspec.Struct, frozen=True, kw_only=True):
    """What an address asks for.

    Attributes:
        row: As of ``Filter``. ``model``, ``judge``, ``where``, ``sort``: likewise.
        only: One of ``ONLY``.
        reason: Part of the reason for which an item has no verdict.
        text: Text to be found; between two slashes a regular expression.
        by: Field by whose values the list is counted.
        id: Number of one sample.
        columns: Names of the columns of the list that are not always there, with commas.
    """

    row: str = ""
    model: str = ""
    judge: str = ""
    only: str = ""
    reason: str = ""
    where: str = ""
    text: str = ""
    sort: str = ""
    by: str = ""
    id: str = ""
    columns: str = ""

    @classmethod
    def of(cls, query: Mapping[str, str]) -> Chosen:
        """Return what an address asks for; what it says besides is left out."""
        found = {name: query[name][:_MOST] for name in _NAMES if query.get(name, "").strip()}
        if found.get("only", "") not in {"", *ONLY}:
            found.pop("only")
        if not found.get("id", "0").isdecimal():
            found.pop("id")
        return cls(**found)

    def filter(self, *, narrowed: bool = True) -> Filter:
        """Return it as the query layer takes it; not ``narrowed``, without the one choice."""
        conditions = [f"({self.where})"] if self.where else []
        if self.reason:
            conditions.append(f"reason contains {json.dumps(self.reason)}")
        only = self.only if narrowed else ""
        if only == "unscored":
            conditions.append('status != "ok"')
        if only in {"accepted", "rejected"}:
            conditions.append(f'decision == "{"correct" if only == "accepted" else "incorrect"}"')
        disagree = {"rule": "rule", "judges": "judges", "accepted": "rule", "rejected": "rule"}.get(only, "")
        pattern = self.text[1:-1] if len(self.text) > 2 and self.text[0] == self.text[-1] == "/" else ""
        return Filter(
            row=self.row,
            model=self.model,
            judge=self.judge,
            id=int(self.id[:18]) if self.id else None,
            disagree=disagree,  # type: ignore[arg-type]
            where=" and ".join(conditions),
            text="" if pattern else self.text,
            regex=pattern,
            sort=self.sort,
            wrong=only == "wrong",
            unread=only == "unread",
            flipped=only == "flipped",
            truncated=only == "truncated",
            failed=only == "failed",
            not_judged=only == "not_judged",
            labelled=only == "labelled",
        )

    def query(self, **changes: str) -> str:
        """Return it as the end of an address, with some of it changed; begins with ``?`` unless it is empty."""
        values = {name: getattr(self, name) for name in _NAMES} | changes
        text = urlencode({name: value for name, value in values.items() if value})
        return f"?{text}" if text else ""

    @property
    def parts(self) -> list[tuple[str, str, str]]:
        """Return what is chosen besides the one choice: its name, how it reads, and the address without it."""
        words = {
            "row": "row",
            "model": "model",
            "judge": "judge",
            "reason": "reason",
            "where": "where",
            "text": "holds",
            "id": "item",
        }
        return [
            (name, f"{word}: {value}", self.query(**{name: ""}))
            for name, word in words.items()
            if (value := getattr(self, name))
        ]


def item_address(run: str, key: ItemKey, query: str = "", part: str = "") -> str:
    """Return the address of an item, with the list that it was opened from."""
    model, row = quote(key.model, safe=""), quote(key.row, safe="")
    return f"/runs/{run}/items/{model}/{row}/{key.id}/{key.repeat}{part}{query}"
