"""What a changed recording, or changed gold, does to the figures of a judge."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec
import pytest

from judgebench.datasets.samples import samples_of
from judgebench.judges.core.contract import method_of
from judgebench.records.flow import Prompt, Reply, Sample
from judgebench.records.run import DatasetConfig, Options
from judgebench.stages.asks import benchmark_case
from tests.mutations.conftest import ItemsOf, JudgeOf
from tests.mutations.items import cases, kind_of, kinds_of, opposite, shipped, tells_every_step
from tests.mutations.items import items_of as made_of
from tests.mutations.judge import SimulatedJudge
from tests.mutations.runs import headline, judged, levels_of, questions_of, result_of, values, writer_of
from tests.mutations.test_extreme_judges import ABBRS, BOTH_ORDERS, DISTINCT, PAIRS, WITH_GOLD, by_rule
from tests.recordings import recording

HALF = {"right": 0.5, "wrong": 0.5}


@pytest.mark.parametrize("abbr", [abbr for abbr in BOTH_ORDERS if abbr in DISTINCT])
def test_replies_that_are_recorded_under_the_other_order_say_the_contrary(
    abbr: str, items_of: ItemsOf, judge_of: JudgeOf
) -> None:
    """Right becomes wrong; a preference for the first place stays one."""
    data = shipped()[abbr]
    assert data.method is not None
    method = method_of(data.method)
    for shares in ({"right": 1.0}, {"right": 0.5, "first": 0.5}):
        judge = judge_of(abbr, shares)

        def exchanged(
            item: Sample, presentation: str, prompt: Prompt, number: int, judge: SimulatedJudge = judge
        ) -> Reply:
            prompts: dict[str, Prompt] = dict(method.prompts(benchmark_case(item, 0)))  # type: ignore[attr-defined]
            return judge.reply(prompts["AB" if presentation == "BA" else "BA"], number)

        found = headline(result_of(data, items_of(abbr), exchanged)).value
        turned = {{"right": "wrong"}.get(way, way): share for way, share in shares.items()}
        assert found == pytest.approx(by_rule(abbr, turned), abs=1e-9)


@pytest.mark.parametrize("abbr", [abbr for abbr in BOTH_ORDERS if abbr in DISTINCT])
def test_the_order_in_which_the_presentations_are_asked_changes_nothing(
    abbr: str, items_of: ItemsOf, judge_of: JudgeOf
) -> None:
    data = shipped()[abbr]
    assert data.method is not None
    presentations = [*reversed(data.method.options["presentations"])]
    method = msgspec.structs.replace(data.method, options={**data.method.options, "presentations": presentations})
    for shares in ({"right": 0.5, "first": 0.5}, {"right": 0.5, "unread": 0.5}, HALF):
        found = judged(msgspec.structs.replace(data, method=method), items_of(abbr), judge_of(abbr, shares))
        assert headline(found).value == pytest.approx(by_rule(abbr, shares), abs=1e-9)


@pytest.mark.parametrize("abbr", [abbr for abbr in PAIRS if len({one.truth for one in kinds_of(shipped()[abbr])}) > 1])
def test_pairs_turned_around_with_their_gold_give_the_same_figures(abbr: str) -> None:
    """Nothing but the place tells the first answer from the second."""
    data = shipped()[abbr]
    cells = levels_of(data) ** len(questions_of(data))
    made = [case for case in cases(data, cells) if case.truth == "first"]
    turned = [
        case._replace(truth="second", longer=opposite(case.longer, every_step=False), shown=case.shown) for case in made
    ]
    ways = [{"right": 0.5, "unread": 0.5}, {"longer": 0.5, "right": 0.5}, {"right": 0.5, "first": 0.5}]
    for shares in ways if len(set(questions_of(data))) == 2 and aggregation_of(data) != "first" else ways[:2]:
        figures = []
        for one in (made, turned):
            items = made_of(data, one)
            judge = SimulatedJudge(writer_of(data), shares, kinds=len(kinds_of(data)), levels=levels_of(data))
            figures.append(headline(judged(data, items, judge)).value)
        assert figures[0] == figures[1]


def aggregation_of(data: DatasetConfig) -> str:
    """Return the name of a dataset's aggregation."""
    assert data.method is not None
    return str(data.method.options["aggregate"]["type"])


@pytest.mark.parametrize("abbr", DISTINCT)
def test_an_item_whose_last_question_was_not_recorded_is_left_out_and_counted(
    abbr: str, items_of: ItemsOf, judge_of: JudgeOf
) -> None:
    data, items = shipped()[abbr], items_of(abbr)
    judge, last = judge_of(abbr, {"right": 1.0}), len(questions_of(data)) - 1
    lost = {item.id for item in items[:2]}

    def answer(item: Sample, presentation: str, prompt: Prompt, number: int) -> Reply | None:
        return None if item.id in lost and number == last else judge.reply(prompt, number)

    found = result_of(data, items, answer)
    metric = headline(found)
    assert metric.value == by_rule(abbr, {"right": 1.0}) or metric.value == pytest.approx(1.0)
    steps = len(items[0].gold) if isinstance(items[0].gold, list) and kind_of(data) == "steps" else 1
    if kind_of(data) == "many right":
        pairs = len({item.meta["pair"] for item in items})
        assert (metric.n, values(found)["incomplete"]) == (pairs - 1, 1.0)
        return
    assert metric.n == steps * (len(items) - 2)
    if kind_of(data) == "grade":
        assert found["judged"].value == len(items) - 2
    else:
        assert metric.bounds is not None, "what was not judged must show"
        low, high = metric.bounds
        assert low < high == 100.0


@pytest.mark.parametrize("abbr", DISTINCT)
def test_nothing_recorded_is_no_figure(abbr: str, items_of: ItemsOf) -> None:
    data = shipped()[abbr]
    found = headline(result_of(data, items_of(abbr), lambda item, presentation, prompt, number: None))
    assert (found.value, found.n) == (None, 0)


@pytest.mark.parametrize("abbr", DISTINCT)
def test_opposite_gold_turns_right_into_wrong(abbr: str) -> None:
    """Without ties and silence this is 1 - accuracy; where both orders must be right it is the share of both wrong."""
    data = shipped()[abbr]
    every_step = kind_of(data) == "steps" and tells_every_step(data)
    made = cases(data, 2 ** len(questions_of(data)))
    items = made_of(data, made, lambda truth: opposite(truth, every_step=every_step))
    exact = {"kinds": len(kinds_of(data)), "levels": 2}
    turned: Mapping[str, str] = {"right": "wrong", "wrong": "right"}
    mixed = {"right": 1.0}, {"wrong": 1.0}, {"right": 0.5, "wrong": 0.5}
    for shares in mixed:
        if kind_of(data) == "check" and shares != {"right": 1.0}:
            continue  # the contrary of "invalid" is "correct", and not the other way round
        if kind_of(data) == "many right" and len(shares) > 1:
            continue  # no mean
        found = headline(judged(data, items, SimulatedJudge(writer_of(data), shares, **exact))).value
        wanted = by_rule(abbr, {turned[way]: share for way, share in shares.items()})
        if kind_of(data) == "check":
            broken = sum(case.truth == "broken" for case in made)
            wanted = 100 * broken / len(made)
        assert found == pytest.approx(wanted, abs=1e-9), shares


def test_a_judge_of_pandalm_that_always_ties_gets_the_published_share_of_ties() -> None:
    """105 of its 999 gold decisions are ties."""
    folder = recording("pandalm/pairs.jsonl").parents[1]
    data = shipped()["pandalm"]
    items = list(samples_of(data, Options(data_dir=str(folder))))
    for text in ("VERDICT: C", "No verdict."):
        found = values(result_of(data, items, lambda *about, text=text: Reply(status="ok", text=text)))
        assert found["accuracy"] == pytest.approx(10500 / 999)
        assert found["gold/tie"] == 105.0


def test_every_benchmark_with_two_orders_is_among_those_whose_orders_are_changed() -> None:
    assert set(WITH_GOLD) < set(BOTH_ORDERS) < set(ABBRS)
