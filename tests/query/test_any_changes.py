"""However often a run's rows are written again, its index says what one made anew would say."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from judgebench.query import Filter, RunQuery, open_query
from tests.query.made import MadeRun, verdict

DECISIONS = st.lists(st.sampled_from(["correct", "incorrect", None]), max_size=6)
ROUNDS = st.lists(
    st.tuples(st.sampled_from(["m", "n"]), st.sampled_from(["j", "k"]), DECISIONS), min_size=1, max_size=5
)


def said(run: RunQuery) -> dict[tuple[str, str], list[tuple[int, str | None]]]:
    """The decision about each item, by model and row."""
    found: dict[tuple[str, str], list[tuple[int, str | None]]] = {}
    for line in run.lines(Filter()):
        found.setdefault((line.model, line.row), []).append((line.id, line.decision))
    return {key: sorted(lines, key=lambda one: one[0]) for key, lines in found.items()}


@given(rounds=ROUNDS)
@settings(max_examples=12)
def test_an_index_follows_its_rows(
    tmp_path_factory: pytest.TempPathFactory, rounds: list[tuple[str, str, list[str | None]]]
) -> None:
    made = MadeRun(tmp_path_factory.mktemp("runs") / "20260101_120000")
    made.add("m", "toy", "j", verdicts=[verdict(0, "correct")])
    run = open_query(made.path)
    rows: dict[tuple[str, str], list[str | None]] = {("m", "toy-j"): ["correct"]}
    for model, judge, decisions in rounds:
        made.add(model, "toy", judge, verdicts=[verdict(at, one) for at, one in enumerate(decisions)])
        rows[model, f"toy-{judge}"] = decisions
        run.refresh()
        assert said(run) == {key: list(enumerate(own)) for key, own in rows.items() if own}
        every = [one for own in rows.values() for one in own]
        assert run.counts(Filter())["all"] == len(every)
        assert run.count(Filter(wrong=True)) == every.count("incorrect")
        assert run.count(Filter(unread=True)) == every.count(None)
    kept = said(run), run.counts(Filter())
    run.make_index_again()
    assert (said(run), run.counts(Filter())) == kept
