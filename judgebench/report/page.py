"""The report as one HTML page for somebody who knows nothing of the tool: sentences, scores, judges, items, tables.

The page is one file: no script, nothing fetched, one style sheet, every text escaped.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from html import escape
from typing import NamedTuple

from judgebench.metrics.comparisons.ranked import RankedModel, Ranking, Rated
from judgebench.records.diagnostics import Diagnostics
from judgebench.records.figures import Metric
from judgebench.report.bars import Axis, axis_of, bar
from judgebench.report.doubts import Doubt
from judgebench.report.results import printable
from judgebench.report.schema import ResultFacts, Summary, SummaryRow, SummarySentence
from judgebench.report.sentences import phrases_of
from judgebench.report.style import STYLE
from judgebench.report.tables import TextTable
from judgebench.report.wording import amount, figure, interval, listed, many

MOST_ITEMS = 12
"""Doubtful verdicts that the page shows."""
MOST_SLICES = 60
LONG = 40
"""Characters from which on a cell may break its line."""
_SENTENCE = 600
_NOTE = 1000

_ABOUT = {
    "better": "Who is better",
    "score": "The score",
    "unsure": "What cannot be told",
    "judge": "The judge",
    "unscored": "What was not scored",
}
_WORDS = {
    "95% interval": "Where the number may lie if the same were done with other questions of this kind; the wider, the "
    "less is known. Bars show it.",
    "judge": "A language model that decides about answers. It makes mistakes too, so it is tested beside the models.",
    "rule": "A program that compares an answer with the right one, where that can be done.",
    "verdict": "What a judge or a rule decided about one answer. A reply that cannot be read is never guessed.",
}


def page(summary: Summary, items: Sequence[Doubt], tables: Sequence[TextTable], notes: Sequence[str],
         remarks: Sequence[str]) -> str:  # fmt: skip
    """Return the page.

    Args:
        summary: What was found.
        items: Verdicts to look at first.
        tables: Everything else in tables.
        notes: Footnotes, those of the tables included.
        remarks: Sentences about the summary as a whole.
    """
    phrases = phrases_of(summary)
    colours = {model: at for at, model in enumerate(summary.models)}
    title = _title(summary)
    parts = [
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">",
        f"<title>{_text(title)} – judgebench {_text(summary.run)}</title><style>{STYLE}</style></head><body><main>",
        f'<header><h1>{_text(title)}</h1><p class="sub">{_below(summary)}</p></header>',
        *_said(summary.sentences),
        *_scores(summary, phrases, colours),
        *_judges(summary, phrases),
        *_rankings(summary, phrases, colours),
        *_slices(summary, phrases, colours),
        *_items(items, phrases),
    ]
    if tables:
        parts.append("<section><h2>All figures</h2>")
        parts += [_table(table) for table in tables]
        parts.append("</section>")
    if notes or remarks:
        parts.append('<section class="notes"><h2>Notes</h2>')
        parts += ["<ol>", *(f"<li>{_text(text, _NOTE)}</li>" for text in notes), "</ol>"] if notes else []
        parts += [f"<p>{_text(remark, _NOTE)}</p>" for remark in remarks]
        parts.append("</section>")
    words = "".join(f"<dt>{word}</dt><dd>{meaning}</dd>" for word, meaning in _WORDS.items())
    parts.append(f'<section class="words"><h2>Words</h2><dl>{words}</dl></section>')
    return "\n".join([*parts, "</main></body></html>", ""])


def _title(summary: Summary) -> str:
    datasets = list(dict.fromkeys(_dataset_of(one) for one in summary.results if one.kind == "result"))
    models = listed(summary.models) if len(summary.models) < 4 else many(len(summary.models), "model")
    where = listed(datasets) if len(datasets) < 4 else many(len(datasets), "dataset")
    return f"{models} on {where}" if datasets else models


def _dataset_of(one: ResultFacts) -> str:
    return one.dataset.removesuffix(f"-{one.judge}") if one.judge else one.dataset


def _below(summary: Summary) -> str:
    judges = list(dict.fromkeys(one.judge for one in summary.results if one.judge))
    stamp = summary.timestamp
    day = f"{stamp[:4]}-{stamp[4:6]}-{stamp[6:8]}" if len(stamp) >= 8 and stamp[:8].isdigit() else stamp
    parts = [f"run {summary.run}", day]
    if judges:
        parts.append(f"judged by {listed(judges)}")
    return " · ".join(_text(part) for part in parts)


def _said(sentences: Sequence[SummarySentence]) -> Iterator[str]:
    by_part: dict[str, list[SummarySentence]] = {}
    for one in sentences:
        by_part.setdefault(one.about, []).append(one)
    if not by_part:
        return
    yield '<dl class="say">'
    for about, heading in _ABOUT.items():
        own = by_part.get(about, [])
        if own:
            said = "".join(f"<p>{_sentence(one)}</p>" for one in own)
            yield f'<dt class="{about}">{heading}</dt><dd class="{about}">{said}</dd>'
    yield "</dl>"


def _sentence(one: SummarySentence) -> str:
    rest = one.rest if not one.strong or one.rest[:1] in ".,:; " else f" {one.rest}"
    strong = f"<b>{_text(one.strong, _SENTENCE)}</b>" if one.strong else ""
    blank = " " if rest.startswith(" ") and strong else ""
    return f"{strong}{blank}{_text(rest, _SENTENCE)}"


def _scores(summary: Summary, phrases: dict[str, str], colours: dict[str, int]) -> Iterator[str]:
    rows = [row for row in summary.rows if row.kind != "heading" and row.headline]
    facts = {(one.model, one.dataset): one for one in summary.results}
    if not rows:
        return
    metrics = [cell.metric for row in rows for cell in row.cells.values() if cell.metric is not None]
    yield f"<section><h2>Scores</h2>{_scores_head('model', metrics, 'scored')}"
    for row in rows:
        axis = axis_of(cell.metric for cell in row.cells.values() if cell.metric is not None)
        yield f'<tbody><tr class="part"><th colspan="5">{_text(_headed(row, phrases))}</th></tr>'
        for model, cell in row.cells.items():
            counts = facts[model, row.dataset].counts if (model, row.dataset) in facts else None
            scored = f"{counts.ok:,} of {counts.planned:,}" if counts is not None else "–"
            marks = ", ".join(map(str, cell.notes))
            yield _line(model, cell.metric, marks, scored, bar_of=(axis, colours.get(model, 0)))
        yield "</tbody>"
    yield "</table></div></section>"


def _scores_head(first: str, metrics: Iterable[Metric], last: str) -> str:
    """Return the beginning of a table of bars; their ends are named where all of them have the same."""
    units = {one.unit for one in metrics if one.value is not None}
    ends = "<span>0</span><span>100%</span>" if units == {"percent"} else "<span>with its interval</span>"
    return (
        f'<div class="wide"><table class="scores"><thead><tr><th>{first}</th><th class="n">value</th>'
        f'<th class="plot">{ends}</th><th>95% interval</th><th class="n">{last}</th></tr></thead>'
    )


def _headed(row: SummaryRow, phrases: dict[str, str]) -> str:
    where = phrases.get(row.dataset, row.dataset).removeprefix("on ")
    return f"{where}: {row.metric.replace('_', ' ')}" if row.metric != "-" else where


def _line(name: str, metric: Metric | None, marks: str, last: str, *, bar_of: tuple[Axis, int]) -> str:
    metric = metric or Metric(value=None)
    value = figure(metric) if metric.value is not None else "–"
    held = interval(metric).removeprefix("95% interval ")
    above = f"<sup>{marks}</sup>" if marks else ""
    return (
        f'<tr><td class="long">{_text(name)}</td><td class="n">{_text(value)}{above}</td>'
        f'<td class="plot">{bar(metric, *bar_of)}</td><td class="soft">{_text(held)}</td>'
        f'<td class="n soft">{_text(last)}</td></tr>'
    )


class JudgeFigure(NamedTuple):
    """A column of the table of judges."""

    name: str
    header: str
    unit: str
    complement: bool = False


_FIGURES = (
    JudgeFigure("agreement", "agrees with the rule", "percent"),
    JudgeFigure("false_positive_rate", "wrong answers called right", "percent"),
    JudgeFigure("false_negative_rate", "right answers called wrong", "percent"),
    JudgeFigure("score_shift", "too kind (+) or too strict (-)", "points"),
    JudgeFigure("consistency", "decides otherwise in the other order", "percent", complement=True),
    JudgeFigure("first_shown_rate", "answer shown first wins", "percent"),
    JudgeFigure("longer_preferred", "longer answer wins", "percent"),
)


def _judges(summary: Summary, phrases: dict[str, str]) -> Iterator[str]:
    """Show the judge as one under test, beside the models."""
    by_row: dict[str, list[tuple[str, list[str]]]] = {}
    for one in summary.results:
        cells = [_judge_cell(one.diagnostics, column) for column in _FIGURES]
        if one.kind == "result" and any(cells):
            by_row.setdefault(one.dataset, []).append((one.model, cells))
    if not by_row:
        return
    yield "<section><h2>The judge under test</h2>"
    for row, members in by_row.items():
        shown = [at for at in range(len(_FIGURES)) if any(cells[at] for _, cells in members)]
        heads = "".join(f'<th class="n">{_FIGURES[at].header}</th>' for at in shown)
        where = _text(phrases.get(row, row).removeprefix("on "))
        yield f'<div class="wide"><table class="judge"><thead><tr><th>{where}</th>{heads}</tr></thead><tbody>'
        for model, cells in members:
            numbers = "".join(f'<td class="n">{cells[at] or "–"}</td>' for at in shown)
            yield f'<tr><td class="long">{_text(model)}</td>{numbers}</tr>'
        yield "</tbody></table></div>"
    yield "</section>"


def _judge_cell(diagnostics: Diagnostics, column: JudgeFigure) -> str:
    metric: Metric | None = getattr(diagnostics, column.name)
    if metric is None or metric.value is None:
        return ""
    value, ends = metric.value, metric.ci95
    if column.complement:
        value, ends = 100 - value, (100 - ends[1], 100 - ends[0]) if ends is not None else None
    sign = column.unit == "points"
    held = interval(Metric(value=value, ci95=ends, unit="percent"), sign=sign).removeprefix("95% interval ")
    shown = amount(value, column.unit, sign=sign).removesuffix(" points").removesuffix(" point")
    return f'{_text(shown)}<span class="ci">{_text(held)}</span>'


def _rankings(summary: Summary, phrases: dict[str, str], colours: dict[str, int]) -> Iterator[str]:
    for ranking in summary.rankings:
        if ranking.kind != "comparisons" and not ranking.pairs:
            continue
        metrics = {entry.model: _strength(entry, ranking) for entry in ranking.models}
        axis = axis_of(metrics.values())
        where = phrases.get(ranking.dataset, f"on {ranking.dataset}")
        by = {"bradley_terry": "Bradley-Terry rating"}.get(ranking.by, ranking.by.replace("_", " "))
        yield f"<section><h2>Ranking {_text(where)}, by {_text(by)}</h2>"
        yield f"{_scores_head('place and model', metrics.values(), 'won, tied, lost')}<tbody>"
        for entry in ranking.models:
            place = "–" if entry.rank is None else str(entry.rank)
            if entry.ranks is not None and entry.ranks[0] != entry.ranks[1]:
                place += f" (may be {entry.ranks[0]} to {entry.ranks[1]})"
            name = f"{place} · {entry.model}{' (baseline)' if entry.baseline else ''}"
            record = f"{entry.wins}, {entry.ties}, {entry.losses}"
            yield _line(name, metrics[entry.model], "", record, bar_of=(axis, colours.get(entry.model, 0)))
        yield "</tbody></table></div></section>"


def _strength(entry: RankedModel, ranking: Ranking) -> Metric:
    if ranking.by == "bradley_terry":
        return _as_metric(entry.bradley_terry)
    return (entry.win_rate if ranking.by == "win_rate" else entry.score) or Metric(value=None)


def _as_metric(rated: Rated | None) -> Metric:
    if rated is None:
        return Metric(value=None)
    low, high = rated.ci95 or (None, None)
    ends = None if low is None or high is None else (low, high)
    return Metric(value=rated.value, ci95=ends, unit="rating")


def _slices(summary: Summary, phrases: dict[str, str], colours: dict[str, int]) -> Iterator[str]:
    by_part: dict[tuple[str, str, str], dict[str, list[tuple[str, Metric, str]]]] = {}
    for one in summary.results:
        for part in one.slices:
            metric = part.metrics.get(one.headline)
            if metric is not None:
                key = (one.dataset, part.by, one.headline)
                named = "(none)" if part.value is None else part.value
                scored = f"{part.counts.ok:,} of {part.counts.planned:,}"
                by_part.setdefault(key, {}).setdefault(named, []).append((one.model, metric, scored))
    left = MOST_SLICES
    for (row, by, name), parts in by_part.items():
        if left <= 0:
            yield "<p>More slices are in results/.</p>"
            return
        metrics = [metric for lines in parts.values() for _, metric, _ in lines]
        axis = axis_of(metrics)
        where = phrases.get(row, f"on {row}")
        yield f"<section><h2>{_text(name.replace('_', ' ').capitalize())} by {_text(by)} {_text(where)}</h2>"
        yield _scores_head("model", metrics, "scored")
        for value, lines in list(parts.items())[:left]:
            yield f'<tbody><tr class="part"><th colspan="5">{_text(value)}</th></tr>'
            yield from (
                _line(model, metric, "", scored, bar_of=(axis, colours.get(model, 0)))
                for model, metric, scored in lines
            )
            yield "</tbody>"
        left -= len(parts)
        yield "</table></div></section>"


def _items(items: Sequence[Doubt], phrases: dict[str, str]) -> Iterator[str]:
    if not items:
        return
    yield "<section><h2>Items to look at first</h2>"
    shown_items = _of_each_result(items)
    for one in shown_items[:MOST_ITEMS]:
        where = phrases.get(one.dataset, f"on {one.dataset}")
        why = one.verdict.why.replace("unparsed", "reply not read", 1) or "(no reason)"
        yield f"<article><h3>{_text(why)}</h3>"
        yield f'<p class="sub">item {_text(one.item)} of {_text(where.removeprefix("on "))}, {_text(one.model)}</p><dl>'
        said = one.verdict
        texts = {"question": said.question, "right answer": said.reference, **said.answers}
        texts |= {f"{name} says" if name == "judge" else name: text for name, text in said.judge_replies.items()}
        shown = [(name, text) for name, text in texts.items() if text]
        yield "".join(f"<dt>{_text(name)}</dt><dd>{_text(text, _NOTE)}</dd>" for name, text in shown)
        yield "</dl></article>"
    if len(shown_items) > MOST_ITEMS:
        yield f"<p>{len(shown_items) - MOST_ITEMS} more are in the .md beside this page.</p>"
    yield "</section>"


def _of_each_result(items: Sequence[Doubt]) -> list[Doubt]:
    """Return the first of each result, then the second of each, and so on; what both models of a pair have, once."""
    before: Counter[tuple[str, str]] = Counter()
    at: list[tuple[int, Doubt]] = []
    for number, one in enumerate(items):
        if any(other.dataset == one.dataset and other.verdict == one.verdict for other in items[:number]):
            continue
        at.append((before[one.dataset, one.model], one))
        before[one.dataset, one.model] += 1
    return [one for _, one in sorted(at, key=lambda pair: pair[0])]


def _table(table: TextTable) -> str:
    heads = ["<br>".join(_text(line) for line in head.split("\n")) for head in table.headers]
    said = f"<p>{_text(table.said, _SENTENCE)}</p>" if table.said else ""
    lines = [f"<h3>{_text(table.title)}</h3>{said}", '<div class="wide"><table><thead>']
    lines += [_row(heads, "th", table.numeric), "</thead><tbody>"]
    lines += [_row(map(_text, row), "td", table.numeric) for row in table.rows]
    return "\n".join([*lines, "</tbody></table></div>"])


def _row(cells: Iterable[str], tag: str, numeric: set[int]) -> str:
    shown = []
    for at, cell in enumerate(cells):
        kind = "n" if at in numeric else "long" if tag == "td" and len(cell) > LONG else ""
        shown.append(f'<{tag} class="{kind}">{cell}</{tag}>' if kind else f"<{tag}>{cell}</{tag}>")
    return f"<tr>{''.join(shown)}</tr>"


def _text(text: str, limit: int = 200) -> str:
    return escape(printable(text, limit))
