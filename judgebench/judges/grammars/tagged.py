"""A verdict between tags, after reasoning between others."""

from __future__ import annotations

import re

import msgspec

from judgebench.errors import ConfigError
from judgebench.judges.grammars.numbers import number_of, outside
from judgebench.judges.grammars.reading import ConfiguredGrammar, Reading, silent, unparsed
from judgebench.records import Reply


class Tagged(ConfiguredGrammar):
    """Reads what stands between the last ``<answer>`` and ``</answer>``: a number, a label, or several numbers.

    Flex-Judge's form (Ko et al. 2025). Its fallbacks (a number after "score", else the first number from 1 to 5 that
    stands alone) are left out: they pick up numbers of the reasoning. Two tags with different contents leave the reply
    unparsed, as does a tag that is never closed.
    """

    class Config(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
        """Keys of ``grammar=dict(type="tagged", ...)``.

        Attributes:
            tag: Name of the tag.
            labels: Label by the tag's text, compared without regard to case; empty reads numbers.
            count: How many numbers the tag holds. One is the score; two are the scores of a first and a second answer,
                whose label is ``A``, ``B`` or ``tie``; of more the score is the greatest, and all are in
                ``values["scores"]``.
            low: Least number. ``high``: greatest.
        """

        tag: str = "answer"
        labels: dict[str, str] = {}
        count: int = 1
        low: float | None = None
        high: float | None = None

    config: Config

    def __init__(self, config: Config) -> None:
        if not re.fullmatch(r"\w+", config.tag) or config.count < 1:
            raise ConfigError("Grammar tagged: tag must be a word, and count 1 or more.")
        super().__init__(config)
        self._label = {text.strip().lower(): label for text, label in config.labels.items()}

    def labels(self) -> list[str]:
        """Return the labels in the order of the config."""
        if not self.config.labels and self.config.count == 2:
            return ["A", "B", "tie"]
        return list(dict.fromkeys(self.config.labels.values()))

    def read(self, reply: Reply) -> Reading:
        """Read the last tag, if all of them say the same."""
        text, name = reply.text, self.config.tag
        if not text.strip():
            return silent(reply)
        spans: list[tuple[int, int]] = []
        start = text.find(f"<{name}>")
        while start >= 0:
            start += len(name) + 2
            end = text.find(f"</{name}>", start)
            if end < 0:
                return unparsed(f"<{name}> is never closed")
            spans.append((start, end))
            start = text.find(f"<{name}>", end)
        if not spans:
            return unparsed(f"there is no <{name}>")
        if len({text[start:end].strip() for start, end in spans}) > 1:
            return unparsed(f"several <{name}> say different things")
        start, end = spans[-1]
        return self._stated(text[start:end].strip(), (start, end))

    def _stated(self, written: str, span: tuple[int, int]) -> Reading:
        if self._label:
            label = self._label.get(written.lower())
            return (
                Reading(status="ok", label=label, span=span) if label else unparsed(f"{written[:40]!r} is no verdict")
            )
        numbers = [number_of(one) for one in written.strip("[]()").replace(",", " ").split()]
        known = [one for one in numbers if one is not None]
        if len(known) < len(numbers) or len(known) != self.config.count:
            return unparsed(f"{written[:40]!r} is not {self.config.count} numbers")
        if any(outside(one, self.config.low, self.config.high) for one in known):
            return unparsed(f"a number of {written[:40]!r} is outside the scale")
        if len(known) == 1:
            return Reading(status="ok", score=known[0], span=span)
        if len(known) > 2:
            return Reading(status="ok", score=max(known), span=span, values={"scores": known})
        apart = known[0] - known[1]
        preferred = "A" if apart > 0 else "B" if apart < 0 else "tie"
        return Reading(
            status="ok", label=preferred, score=apart, span=span, values={"first": known[0], "second": known[1]}
        )
