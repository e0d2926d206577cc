"""What a summary says of calls, tokens and prices."""

from __future__ import annotations

import msgspec
import pytest

from judgebench.records.flow import Counts, JudgeCall, TaskResult, Usage
from judgebench.records.prices import NOTHING, Price
from judgebench.report.costs import COST_FIGURES, cost_figures, cost_remarks, cost_table, sides_of, total_of
from judgebench.report.schema import ResultFacts, Summary
from judgebench.report.tables import Notes
from judgebench.report.writers import as_csv, as_html, as_markdown, as_text
from judgebench.stages.spent import Spent

PRICE = Price(input=2.0, output=8.0, cached=0.5, source="prices.csv", date="2026-11-30")


def spent(price: Price | None, *usages: Usage | None, saved: int = 0) -> dict[str, object]:
    """Return what calls took, as a result says it."""
    found = Spent(price=price)
    asked = {"data_abbr": "d", "id": 0, "uid": "u", "uuid": "x", "origin_prompt": "?"}
    for tries, usage in [(1, one) for one in usages] + [(0, Usage(prompt_tokens=99))] * saved:
        found.add(JudgeCall(**asked, success=True, status="ok", prediction="!", usage=usage, tries=tries))
    assert Spent.of(msgspec.json.decode(msgspec.json.encode(found.as_dict()))) == found
    return found.as_dict()


CALL = Usage(prompt_tokens=1000, completion_tokens=100)
IN_BATCH = msgspec.structs.replace(CALL, batch=True)
FROM_CACHE = msgspec.structs.replace(CALL, cached_tokens=800)


def summary(model: dict[str, object], *judges: dict[str, object]) -> Summary:
    results = [
        ResultFacts(
            model="m", dataset=f"d-j{number}", judge=f"j{number}", counts=Counts(planned=1, ok=1),
            usage={"model": model, "judge": judge},
        )
        for number, judge in enumerate(judges)
    ]  # fmt: skip
    return Summary(run="r", timestamp="t", models=["m"], rows=[], results=results)


def test_the_answers_that_two_judges_look_at_are_paid_once_and_each_side_is_shown() -> None:
    found = summary(spent(PRICE, CALL, CALL, saved=3), spent(PRICE, IN_BATCH, IN_BATCH), spent(None, FROM_CACHE))
    notes = Notes([])
    table = cost_table(found, notes)
    each, batched = (1000 * 2 + 100 * 8) / 1e6, (1000 * 2 + 100 * 8) / 2e6
    rows = {(row[0], row[2]): dict(zip(table.headers, row, strict=True)) for row in table.rows}
    assert list(rows) == [("d", "answers"), ("d-j0", "judge"), ("d-j1", "judge"), ("all", "-")]
    assert rows["d", "answers"]["price"] == f"{2 * each:.4f} USD"
    assert rows["d", "answers"]["replies\nknown before"] == "3"
    assert rows["d-j0", "judge"]["price"] == f"{2 * batched:.4f} USD"
    assert rows["d-j0", "judge"]["batch\ndiscount"] == f"{2 * (each - batched):.4f} USD"
    assert rows["d-j1", "judge"]["tokens from\nthe cache"] == "800"
    assert rows["d-j1", "judge"]["price"] == "- [1]"
    assert "price unknown" in notes.texts[0]
    assert rows["all", "-"]["calls"] == "5"
    assert "[2]" in rows["all", "-"]["price"]
    total = total_of(sides_of(found.results))
    assert (total.calls, total.saved, total.tokens, total.unpriced) == (5, 3, 5500, 1100)
    assert total.cost["USD"] == pytest.approx({"answers": 2 * each, "judge": 2 * batched})
    assert cost_remarks(found)[0].endswith("USD for 1M tokens (prices.csv, 2026-11-30).")


def test_every_format_shows_it() -> None:
    found = summary(spent(PRICE, FROM_CACHE), spent(NOTHING, CALL))
    for written in (as_text(found), as_markdown(found), as_html(found)):
        assert "What it cost" in written
        assert "0.0016 USD" in written, "200 at 2, 800 at 0.5 and 100 at 8"
        assert "2 in, 8 out, 0.5 from the cache" in written
    assert f"m {COST_FIGURES[0]},m {COST_FIGURES[1]}" in as_csv(found)
    line = dict(zip(COST_FIGURES, cost_figures(found.results[0]), strict=True))
    assert (line["answer_cost"], line["judge_cost"], line["currency"]) == ("0.0016", "0", "USD")


def test_replies_without_token_counts_are_told_and_not_priced() -> None:
    found = summary(spent(PRICE, CALL, None), spent(PRICE, None))
    assert "2 replies came without token counts; their cost is not in the prices." in cost_remarks(found)
    notes = Notes([])
    assert cost_table(found, notes).rows[1][-1] == "- [1]"
    assert notes.texts == ["the service reported no usage"]


def test_a_result_keeps_it_through_its_file() -> None:
    result = TaskResult(
        model="m", dataset="d", data_abbr="d", judge=None, version="v", mode="gen", headline="accuracy", metrics={},
        counts=Counts(), usage={"model": spent(PRICE, CALL)},
    )  # fmt: skip
    read = msgspec.json.decode(msgspec.json.encode(result), type=TaskResult)
    assert sides_of([read])[0].usage.price == PRICE
