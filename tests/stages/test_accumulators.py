"""What a result says beside its metrics."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from judgebench.datasets.columns import COPY
from judgebench.metrics.rates.tally import Tally
from judgebench.records.diagnostics import Diagnostics
from judgebench.records.findings import PresentationVerdict
from judgebench.records.flow import JudgeCall, Prediction, Sample, Usage, Verdict
from judgebench.records.prices import Price
from judgebench.stages.accumulators import Agreements, Checked, DiagnosticsAccumulator
from judgebench.stages.spent import Spent


def call(repeat: int, **more: object) -> JudgeCall:
    return JudgeCall(
        data_abbr="d", id=0, uid="u", repeat=repeat, success=True, status="ok", uuid="x", origin_prompt="?",
        prediction="said", usage=Usage(prompt_tokens=10, completion_tokens=1), served_model="judge", **more,
    )  # type: ignore[arg-type]  # fmt: skip


def test_a_question_that_serves_all_repeats_is_billed_once() -> None:
    """It is recorded with the first repeat and handed to each of them; the others' own questions count as well."""
    evidence = DiagnosticsAccumulator(keep_details=False)
    shared = call(0)
    for repeat in range(3):
        own = call(repeat, presentation="own")
        evidence.add(
            Checked(
                Sample(id=0, uid="u", fields={}), repeat, None, Verdict(status="ok", decision="A"), None, [shared, own]
            )
        )
    judge = evidence.usage()["judge"]
    assert (judge["calls"], judge["prompt_tokens"], judge["completion_tokens"]) == (4, 40, 4)


def test_what_was_known_already_costs_nothing_and_is_counted_as_saved() -> None:
    spent = Spent()
    for tries in (0, 1, 3):
        spent.add(call(0, tries=tries, waited=0.5))
    as_dict = spent.as_dict()
    assert (as_dict["calls"], as_dict["saved_requests"], as_dict["extra_requests"]) == (2, 1, 2)
    assert (as_dict["seconds_waited"], as_dict["served_models"]) == (1.0, ["judge"])
    assert Spent.of(as_dict) == spent


EXCERPT = 160
SAMPLE = Sample(id=0, uid="u", fields={"question": "what is it?"}, reference="7")
UNREAD = Verdict(status="unparsed", reason="no verdict")


def answer(text: str = "It is 7.", **more: Any) -> Prediction:
    return Prediction(
        data_abbr="d", id=0, uid="u", success=True, status="ok", uuid="x", origin_prompt="?", prediction=text, **more
    )


def found(*items: Checked, judged: bool = True, **keys: Any) -> Diagnostics:
    """What is told of these items."""
    return collected(*items, **keys).diagnostics(Tally(1), judged=judged)


def collected(*items: Checked, **keys: Any) -> DiagnosticsAccumulator:
    made = DiagnosticsAccumulator(**{"keep_details": False, **keys})
    for item in items:
        made.add(item)
    return made


@pytest.mark.parametrize(
    ("calls", "names"),
    [
        ([{"presentation": "AB"}], ["judge"]),
        ([{"presentation": "AB"}, {"presentation": "BA"}], ["judge, AB", "judge, BA"]),
        ([{"presentation": "AB"}, {"presentation": "AB", "nth": 1}], ["judge, AB", "judge, AB, time 2"]),
        ([{}, {"nth": 1}], ["judge, question, time 1", "judge, question, time 2"]),
        ([{"nth": at} for at in range(6)], [f"judge, question, time {at}" for at in range(1, 5)]),
    ],
)
def test_replies_to_a_doubtful_item_have_names_where_there_are_several(
    calls: list[dict[str, Any]], names: list[str]
) -> None:
    (doubt,) = found(Checked(SAMPLE, 0, answer(), UNREAD, None, [call(0, **one) for one in calls])).doubtful
    assert list(doubt.judge_replies) == names
    assert set(doubt.judge_replies.values()) == {"said"}
    assert (doubt.why, doubt.question, doubt.reference) == ("unparsed: no verdict", "what is it?", "7")
    assert doubt.answers == {"answer": "It is 7."}


def test_of_several_replies_those_that_could_not_be_read_are_shown() -> None:
    said = [
        PresentationVerdict(presentation=name, status=status) for name, status in (("AB", "ok"), ("BA", "unparsed"))
    ]
    calls = [call(0, presentation="AB"), call(0, presentation="BA")]
    verdict = Verdict(status="unparsed", reason="no verdict", presentations=said)
    item = Checked(SAMPLE, 0, answer(), verdict, None, calls)
    (doubt,) = found(item).doubtful
    assert list(doubt.judge_replies) == ["judge, BA"]
    assert item.reply is calls[1]
    read = item._replace(verdict=Verdict(status="ok", decision="A", presentations=said))
    assert (read.reply, list(read.replies)) == (calls[1], calls), "the last of all"
    first = item._replace(verdict=Verdict(status="unparsed", presentations=[said[1], said[0]]), calls=calls[::-1])
    assert first.reply is calls[1]
    assert item._replace(calls=()).reply is None


def test_five_items_are_named_of_which_one_may_doubt_and_texts_are_cut_short() -> None:
    wrong, right = Verdict(status="ok", decision="incorrect"), Verdict(status="ok", decision="correct")
    long = "\n x" * EXCERPT
    items = [
        Checked(
            Sample(id=at, uid="u", fields={"a": long, "b": 3, "c": "end"}, reference=[long, "other"]),
            0,
            answer(long),
            right,
            wrong,
        )
        for at in range(7)
    ]
    doubtful = found(*items).doubtful
    assert [one.id for one in doubtful] == [0, 1, 2, 3, 4]
    assert doubtful[0].why == "judge says correct, rule says incorrect"
    shown = "…" + ("x " * EXCERPT).strip()[-EXCERPT:]
    assert (doubtful[0].reference, doubtful[0].answers) == (shown, {"answer": shown})
    assert doubtful[0].question == "…" + ("x " * EXCERPT + "/ end")[-EXCERPT:], "all its texts, as none is its question"
    exact = Checked(SAMPLE, 0, answer("y" * EXCERPT), UNREAD, None)
    assert found(exact).doubtful[0].answers == {"answer": "y" * EXCERPT}
    assert found(exact._replace(verdict=right, rule=right)).doubtful == []
    failed = Verdict(status="unparsed", reason="no answer")
    assert found(exact._replace(verdict=right, rule=failed)).doubtful == [], "a rule that could not read says nothing"
    assert found(exact._replace(verdict=Verdict(status="ok", decision="A"), rule=wrong)).doubtful == []


def test_answers_are_named_by_whose_they_are() -> None:
    both = Checked(SAMPLE, 0, answer(), UNREAD, None, compared=("mine", "theirs"))
    assert found(both, compared=("m", "n")).doubtful[0].answers == {"m": "mine", "n": "theirs"}
    for brought, names in ((["a"], {"answer": "a"}), (["a", "b"], {"answer 1": "a", "answer 2": "b"})):
        item = Checked(Sample(id=0, uid="u", fields={}, answers=brought), 0, None, UNREAD, None)
        assert found(item).doubtful[0].answers == names


def test_what_a_reader_must_know_is_counted_over_items_and_not_over_their_repeats() -> None:
    copy = Sample(id=1, uid="v", fields={}, meta={COPY: True})
    by_rule = Verdict(status="ok", decision="correct", settled_by="rule")
    by_judge = Verdict(status="ok", decision="incorrect", settled_by="judge", equal_answers=True)
    items = [
        Checked(sample, repeat, None, verdict, None)
        for sample, verdict in ((SAMPLE, by_rule), (copy, by_judge))
        for repeat in range(2)
    ]
    made = collected(*items)
    assert made.notes() == [
        "the rule decided 2 of 4 verdicts (50.0%), 100.0% of them correct",
        "the judge decided 2 of 4 verdicts (50.0%), 0.0% of them correct",
        "pairs of equal answers, about which the judge was not asked: 2",
        "rows that repeat a previous row, kept as separate items: 1",
    ]
    told = made.diagnostics(Tally(2), judged=True)
    assert {by: (one.n, one.correct) for by, one in told.settled_by.items()} == {"judge": (2, 0), "rule": (2, 2)}
    assert told.equal_answers == 2
    assert collected(items[0]).data_hash() == collected(*items[:2]).data_hash() != made.data_hash()
    assert collected(*items[2:]).data_hash() != collected(items[0]).data_hash()
    made.add_foreign()
    made.add_foreign()
    assert made.notes()[-1].startswith("answers of another model, or to another question")
    assert made.notes()[-1].endswith(": 2 (jb --reuse asks them again)")


def test_several_served_models_and_text_that_is_none_are_told() -> None:
    calls = [call(0), call(0, nth=1)]
    served = [
        Checked(SAMPLE, 0, answer("\N{REPLACEMENT CHARACTER}", served_model=name), UNREAD, None, calls) for name in "ba"
    ]
    assert collected(*served).notes() == [
        "the model's replies came from several models: a, b",
        "of the model's replies 2 hold U+FFFD, which stands for bytes that are no text",
    ]
    assert collected(served[0]._replace(prediction=answer(served_model="a"))).notes() == []
    assert set(collected(served[0]).usage()) == {"model", "judge"}
    assert set(collected(Checked(SAMPLE, 0, None, UNREAD, None)).usage()) == set()
    saved = Checked(SAMPLE, 0, answer(tries=0), UNREAD, None)
    assert collected(saved).usage()["model"]["saved_requests"] == 1


def test_the_share_of_answers_of_which_a_final_one_was_found_is_told_where_it_is_wanted() -> None:
    with_answer = Verdict(status="ok", decision="correct", answer="7")
    items = [
        Checked(SAMPLE, 0, answer(), with_answer, None),
        Checked(SAMPLE, 1, answer(), UNREAD, with_answer),
        Checked(SAMPLE, 2, answer(), UNREAD, UNREAD),
        Checked(SAMPLE, 3, None, with_answer, None),
    ]
    assert found(*items, extract_rate=True).extracted == pytest.approx(200 / 3)
    assert found(*items).extracted is None
    assert found(items[3], extract_rate=True).extracted is None


def test_the_ten_most_frequent_reasons_without_a_verdict_are_told_in_their_order() -> None:
    reasons = [f"reason {at}: more" for at in range(12) for _ in range(12 - at)] + [""]
    items = [Checked(SAMPLE, 0, None, Verdict(status="unparsed", reason=one), None) for one in reasons]
    told = found(*items).unscored_reasons
    assert list(told.items()) == [(f"reason {at}", 12 - at) for at in range(10)]
    assert found(items[-1]).unscored_reasons == {"unparsed": 1}
    assert found(Checked(SAMPLE, 0, None, Verdict(status="ok", decision="A"), None)).unscored_reasons == {}


def test_a_detail_of_a_benchmark_of_judges_is_about_what_the_judge_was_asked() -> None:
    right, scored = Verdict(status="ok", decision="correct"), Verdict(status="ok", score=3.0)
    own = Checked(SAMPLE, 0, answer(finish_reason="stop"), right, UNREAD, [call(0, finish_reason="length")])
    bench = Checked(Sample(id=1, uid="u", fields={}, answers=["a", "b"]), 2, None, scored, None, own.calls)
    bare = Checked(SAMPLE, 0, None, UNREAD, None)
    details = collected(own, bench, bare, keep_details=True).details
    assert details is not None
    first, second, third = details
    assert (first["origin_prediction"], first["finish_reason"], first["judge_reply"]) == ("It is 7.", "stop", "said")
    assert (first["predictions"], first["correct"], first["references"]) == ("correct", True, "7")
    assert first["rule"]["status"] == "unparsed"
    assert "answers" not in first
    assert (second["origin_prediction"], second["finish_reason"], second["answers"]) == ("said", "length", ["a", "b"])
    assert (second["predictions"], second["correct"], second["repeat"], second["rule"]) == (3.0, None, 2, None)
    assert (third["prompt"], third["origin_prediction"], third["judge_reply"], third["correct"]) == (None,) * 4


def test_two_judges_are_compared_where_both_have_decided() -> None:
    agreements = Agreements()
    a, b = Verdict(status="ok", decision="A"), Verdict(status="ok", decision="B")
    for first, second in ((a, a), (a, b), (b, b), (a, UNREAD), (Verdict(status="ok", score=1.0), a)):
        agreements.add({"j": first, "k": second})
    (told,) = agreements.diagnostics()
    assert (told.judges, told.n, told.agreement) == (("j", "k"), 3, pytest.approx(200 / 3))
    assert sorted(told.decisions) == [("A", "A", 1), ("A", "B", 1), ("B", "B", 1)]
    many = Agreements()
    for at in range(65):
        many.add({"j": Verdict(status="ok", decision=str(at)), "k": a})
        (told,) = many.diagnostics()
        assert len(told.decisions) == (at + 1 if at < 64 else 0), "a table of many cells is not kept"
    unread = Agreements()
    unread.add({"j": UNREAD, "k": UNREAD, "l": UNREAD})
    assert [(one.judges, one.n, one.agreement) for one in unread.diagnostics()] == [
        (pair, 0, None) for pair in (("j", "k"), ("j", "l"), ("k", "l"))
    ]


def test_what_calls_took_is_added_up_and_without_a_price_costs_nobody_knows_what() -> None:
    usage = Usage(prompt_tokens=10, completion_tokens=4, reasoning_tokens=3, cached_tokens=2, cache_write_tokens=1)
    price = Price(input=1e6, output=2e6)
    priced = Spent(price=price)
    for one in (answer(usage=usage, tries=3, waited=0.25), answer(usage=usage, tries=1), answer(tries=1)):
        priced.add(one)
    facts = priced.as_dict()
    assert (facts["calls"], facts["extra_requests"], facts["seconds_waited"], facts["unmeasured"]) == (3, 2, 0.25, 1)
    assert [facts[f"{name}_tokens"] for name in ("prompt", "completion", "reasoning", "cached", "cache_write")] == [
        20,
        8,
        6,
        4,
        2,
    ]
    assert facts["cost"] == pytest.approx(2 * price.cost(usage))
    assert Spent.of(facts) == priced
    free = Spent()
    free.add(answer(usage=usage, tries=1))
    assert free.as_dict().get("cost") is None
    free.merge(priced)
    assert (free.calls, free.price, free.prompt_tokens, free.waited) == (4, price, 30, 0.25)
    failed = Spent()
    failed.add(msgspec.structs.replace(answer(tries=1), status="failed"))
    assert failed.as_dict().get("unmeasured", 0) == 0, "a failure has nothing to measure"
