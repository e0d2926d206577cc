"""The table of the docs that says what extreme judges get; ``python -m tests.mutations.page`` writes it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from judgebench.config.files import load_file
from judgebench.records.flow import Metric, Sample
from judgebench.records.run import DatasetConfig
from tests.mutations.items import BENCHMARKS, FOLDER, cases, items_of, kind_of, kinds_of, shipped
from tests.mutations.judge import Shares, SimulatedJudge
from tests.mutations.runs import headline, judged, levels_of, questions_of, writer_of

EXTREMES: dict[str, Shares] = {
    "right": {"right": 1.0},
    "wrong": {"wrong": 1.0},
    "coin": {"right": 0.5, "wrong": 0.5},
    "first": {"first": 1.0},
    "tie": {"tie": 1.0},
    "unread": {"unread": 1.0},
    "longer": {"longer": 1.0},
}
"""Judges that always do the same, by their column's name; the coin is thrown for every question."""
SHOWN = ("right", "wrong", "coin", "first", "tie", "unread")
"""Those that the page has a column for."""
PAGE = Path(__file__).parents[2] / "docs/judges/benchmarks-of-judges.md"
MARK = "<!-- python -m tests.mutations.page -->\n"
HEAD = (
    "| config | figure | always right | always wrong | coin | always the first | always a tie | never read |\n"
    "| --- | --- | --- | --- | --- | --- | --- | --- |\n"
)


def can_be(data: DatasetConfig, extreme: str) -> bool:
    """Whether a judge of this dataset can always do that: nothing is shown first where answers are graded alone."""
    kind = kind_of(data)
    if extreme == "first":
        return kind not in ("rated pair", "list", "grade", "many right")
    if extreme == "longer":
        return kind == "pair"
    if extreme == "coin":
        return kind != "many right"  # its score is no mean of what single answers are worth
    if extreme == "tie":
        return writer_of(data).can_tie() if kind == "pair" else kind not in ("check", "steps")
    return True


def written(value: float | None) -> str:
    """Return a figure as the page writes it."""
    return "null" if value is None else f"{round(value, 2) + 0:g}"


def found_by(data: DatasetConfig, items: list[Sample], extreme: str) -> dict[str, Metric]:
    """Return the figures of a judge that always does the same, over made items."""
    kinds = len(kinds_of(data))
    return judged(data, items, SimulatedJudge(writer_of(data), EXTREMES[extreme], kinds=kinds, levels=levels_of(data)))


def table(figures: Callable[[str, str], dict[str, Metric]]) -> str:
    """Return the table; a config's datasets share a row where they get the same.

    Args:
        figures: Returns the figures by a dataset's abbr and the extreme judge.
    """
    lines = []
    for name in BENCHMARKS:
        rows: dict[tuple[str, ...], list[str]] = {}
        for abbr in abbrs_of(name):
            found = {one: figures(abbr, one) for one in SHOWN if can_be(shipped()[abbr], one)}
            cells = [written(headline(found[one]).value) if one in found else "–" for one in SHOWN]
            rows.setdefault((f"`{next(iter(found['right']))}`", *cells), []).append(abbr)
        for row, abbrs in rows.items():
            named = f"`{name}`" if len(rows) == 1 else ", ".join(f"`{abbr}`" for abbr in abbrs)
            lines.append(f"| {named} | {' | '.join(row)} |\n")
    return HEAD + "".join(lines)


def cells_of_page() -> dict[str, dict[str, str]]:
    """Return what the page says: for each dataset the figure's name (``figure``), and a cell for each extreme judge."""
    found: dict[str, dict[str, str]] = {}
    lines = PAGE.read_text("utf-8").partition(MARK + HEAD)[2].partition("\n\n")[0].splitlines()
    for line in lines:
        named, *cells = line.strip("| ").split(" | ")
        for name in named.replace("`", "").split(", "):
            for abbr in abbrs_of(name) if name in BENCHMARKS else [name]:
                assert abbr not in found, f"{abbr} has two rows"
                found[abbr] = dict(zip(("figure", *SHOWN), cells, strict=True))
    return found


def abbrs_of(name: str) -> list[str]:
    """Return the datasets that a config file declares."""
    declared = load_file(FOLDER / f"{name}.py")
    return [one["abbr"] for key, value in declared.items() if key.endswith("_datasets") for one in value]


def made_items(abbr: str) -> list[Sample]:
    """Return made items of a dataset: in every part as many as its lattice has points."""
    data = shipped()[abbr]
    return items_of(data, cases(data, levels_of(data) ** len(questions_of(data))))


def _figures(abbr: str, extreme: str) -> dict[str, Metric]:
    return found_by(shipped()[abbr], made_items(abbr), extreme)


if __name__ == "__main__":
    before, mark, after = PAGE.read_text("utf-8").partition(MARK)
    PAGE.write_text(before + mark + table(_figures) + "\n" + after.partition("\n\n")[2], "utf-8")
