"""Numbers as a reader of the pages sees them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from judgebench.metrics.comparisons.ranked import Rated
from judgebench.records.figures import Counts, Metric

STATUSES = ("ok", "unparsed", "judge_failed", "prediction_failed", "not_judged")
STATUS_WORDS = {
    "ok": "scored",
    "unparsed": "unread",
    "judge_failed": "judge failed",
    "prediction_failed": "model failed",
    "not_judged": "not judged",
}
CHECKED = frozenset({"correct", "incorrect"})
"""What a verdict about one answer says."""
_GOOD = frozenset({"correct", "valid", "holds"})
_BAD = frozenset({"incorrect", "invalid", "wrong"})


def number(value: float | None, unit: str = "percent") -> str:
    """Return a number with as many digits as its unit deserves; a dash where there is none."""
    if value is None:
        return "–"
    digits = {"percent": 1, "points": 1, "rating": 0, "count": 0, "place": 0, "characters": 0}.get(unit, 2)
    text = f"{value:,.{digits}f}"
    return text.replace("-", "−")


def figure(metric: Metric | None) -> str:
    """Return the value of a metric."""
    return number(metric.value, metric.unit or "percent") if metric is not None else "–"


def interval(metric: Metric | None) -> str:
    """Return the 95% interval of a metric; empty where it has none."""
    if metric is None or metric.ci95 is None:
        return ""
    low, high = (number(end, metric.unit or "percent") for end in metric.ci95)
    return f"{low} to {high}" if "−" in low else f"{low}–{high}"


def rating(one: Rated | None) -> str:
    """Return a rating with its interval; a dash where there is none."""
    if one is None or one.value is None:
        return "–"
    ends = [number(end, "rating") for end in one.ci95 or () if end is not None]
    return f"{number(one.value, 'rating')} ({'–'.join(ends)})" if len(ends) == 2 else number(one.value, "rating")


def bounds(metric: Metric | None) -> str:
    """Return what a metric would be if all that is unscored were worst, or best; empty where that is the value."""
    if metric is None or (ends := metric.worst_and_best()) is None:
        return ""
    low, high = (number(end, metric.unit or "percent") for end in ends)
    return f"{low} … {high}" if low != high else ""


def whole(value: float | None) -> str:
    """Return a whole number with its thousands apart."""
    return "–" if value is None else f"{value:,.0f}"


def short(value: float) -> str:
    """Return a large number in few characters: ``1.9 M``."""
    for size, sign in ((1e9, " G"), (1e6, " M"), (1e4, " k")):
        if value >= size:
            return f"{value / (1e3 if sign == ' k' else size):.{0 if sign == ' k' else 2}f}{sign}"
    return f"{value:,.0f}"


def share(counts: Counts) -> str:
    """Return how many of the planned items are scored, in percent."""
    if not counts.planned:
        return "–"
    if counts.ok == counts.planned:
        return "100%"
    return f"{min(99.9, 100 * counts.ok / counts.planned):.1f}%"


def seconds(value: float) -> str:
    """Return a span of time in words."""
    if value < 1:
        return f"{1000 * value:.0f} ms"
    if value < 120:
        return f"{value:.1f} s" if value < 10 else f"{value:.0f} s"
    minutes = value / 60
    return f"{minutes:.0f} min" if minutes < 120 else f"{minutes / 60:.1f} h"


def when(text: str) -> str:
    """Return a time in ISO 8601 as people write it; what is none stays."""
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        return text
    return f"{time.day} {time:%b %Y, %H:%M}"


def lasted(started: str, ended: str) -> str:
    """Return how long a run took; empty where nobody knows."""
    try:
        return seconds((datetime.fromisoformat(ended) - datetime.fromisoformat(started)).total_seconds())
    except (ValueError, TypeError):
        return ""


def in_a_row(words: Sequence[str]) -> str:
    """Return words as a sentence has them: ``a, b and c``."""
    return " and ".join(filter(None, (", ".join(words[:-1]), words[-1] if words else "")))


def sign_of(status: str, decision: str | None, score: float | None = None) -> tuple[str, str, str]:
    """Return how a verdict is shown: the class of its colour, its sign, and its word.

    Colour is never alone: ✓ correct, ✗ incorrect, ? unread, ! failed, – not judged.
    """
    if status != "ok":
        signs = {"unparsed": ("?", "unread"), "not_judged": ("–", "not judged")}
        return "unsure", *signs.get(status, ("!", STATUS_WORDS.get(status, status)))
    if decision in _GOOD or decision in _BAD:
        return ("good", "✓", str(decision)) if decision in _GOOD else ("bad", "✗", str(decision))
    if decision is None and score is not None:
        return "plain", f"{score:g}", "score"
    return "plain", str(decision), str(decision)
