from __future__ import annotations

import random
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from judgebench.errors import ConfigError, InternalError
from judgebench.metrics.rates.named import compute, default_metrics, metric_names, result
from judgebench.metrics.rates.tally import Tally, TallyOutcome, outcome_of
from judgebench.records.flow import Verdict
from judgebench.records.pairs import NUMERALS, PREFERENCES
from tests.metrics.tallies import outcome, tally_of

WORDS = st.integers(1, 4).flatmap(
    lambda n: st.lists(st.text("01ujpn", min_size=n, max_size=n), min_size=1, max_size=12)
)


@given(WORDS, st.randoms(use_true_random=False))
def test_the_order_of_outcomes_does_not_matter(words: list[str], rng: random.Random) -> None:
    """Whatever order the outcomes come in, metrics and counts are the same."""
    cells = [(number, repeat, letter) for number, word in enumerate(words) for repeat, letter in enumerate(word)]
    shuffled = cells[:]
    rng.shuffle(shuffled)
    results = []
    for order in (cells, shuffled):
        tally = Tally(len(words[0]))
        for number, repeat, letter in order:
            tally.add(outcome(number, repeat, letter, answer=letter if letter in "01" else None))
        results.append(result(tally))
    assert results[0] == results[1]


@given(WORDS)
def test_counts_add_up(words: list[str]) -> None:
    """Every planned outcome is in exactly one of the five states."""
    counts = tally_of(words).counts()
    states = counts.ok + counts.unparsed + counts.judge_failed + counts.prediction_failed + counts.not_judged
    assert counts.planned == states == sum(map(len, words))
    assert counts.unparsed == sum(word.count("u") for word in words)
    assert counts.ok == sum(word.count("0") + word.count("1") for word in words)


def test_an_item_tallied_twice_is_a_bug_that_is_reported() -> None:
    """The same item and repeat cannot count twice."""
    tally = tally_of(["1", "0"])
    tally.add(outcome(1, 0, "1"))
    with pytest.raises(InternalError, match=r"Item 1, repeat 0"):
        result(tally)


def test_a_decision_on_an_unscored_outcome_is_refused() -> None:
    """Only status ok carries a decision."""
    with pytest.raises(InternalError, match="unparsed and yet"):
        Tally().add(TallyOutcome(id=0, status="unparsed", decision="correct"))


def test_outcome_of_takes_the_answer_from_the_rule_where_the_judge_gives_none() -> None:
    """Votes need answers; a judge rarely extracts one."""
    judged = Verdict(status="ok", decision="correct")
    rule = Verdict(status="ok", decision="incorrect", answer="42")
    made = outcome_of(3, 1, judged, truncated=True, rule=rule)
    assert (made.answer, made.rule, made.truncated, made.decision) == ("42", "incorrect", True, "correct")
    assert outcome_of(3, 1, judged, rule=Verdict(status="unparsed", reason="no number")).rule is None


def test_default_metrics_follow_the_verdicts() -> None:
    """One repeat, several repeats, scores, comparisons and partial labels each have their metrics."""
    assert list(compute(tally_of(["1", "0", "u"]))) == ["accuracy"]
    assert list(compute(tally_of(["10", "01"]))) == [
        "accuracy (2 runs average)", "avg@2", "pass@2", "cons@2", "maj_correct@2",
    ]  # fmt: skip
    scored = Tally()
    scored.add(TallyOutcome(id=0, status="ok", score=4.0))
    assert default_metrics(scored) == ["mean_score"]
    compared = Tally()
    compared.add(TallyOutcome(id=0, status="ok", decision="tie"))
    assert default_metrics(compared) == ["win_rate"]
    assert list(compute(Tally())) == ["accuracy"]


def test_numerals_name_winners_where_two_answers_were_compared_and_are_points_of_a_scale_elsewhere() -> None:
    """A scale on which only 1 and 2 were given is no comparison, and a comparison may carry a score."""
    for decision in sorted(NUMERALS):
        about = Verdict(status="ok", decision=decision, score=1.0)
        rated, compared = Tally(), Tally()
        rated.add(outcome_of(0, 0, about))
        compared.add(outcome_of(0, 0, about, compared=True))
        assert (default_metrics(rated), default_metrics(compared)) == (["mean_score"], ["win_rate"])
        merged = Tally()
        merged.merge(compared)
        assert compute(merged)["win_rate"].value == 100 * PREFERENCES[decision]


def test_ks_are_selectable() -> None:
    """`pass@k` gives one number per configured k, `pass@3` that one, and `@n` the number of repeats."""
    tally = tally_of(["1000", "1111"])
    assert list(compute(tally, ["pass@k", "pass@3", "avg@n", "pass@n"], [1, 2])) == [
        "pass@1", "pass@2", "pass@3", "avg@4", "pass@4",
    ]  # fmt: skip


def test_a_metric_of_the_users_own_is_named_by_its_dotted_path() -> None:
    """Adding a metric edits nothing here."""
    name = "tests.metrics.test_tally.share_of_a_third"
    assert compute(tally_of(["1"]), [name])[name].value == pytest.approx(100 / 3)


def share_of_a_third(tally: Tally):
    from judgebench.records.flow import Metric

    return Metric(value=100 * len(tally) / 3)


@pytest.mark.parametrize(("written", "near"), [("acuracy", "accuracy"), ("pass_at_k", "pass@k"), ("cons@", "cons@k")])
def test_an_unknown_metric_names_the_nearest(written: str, near: str) -> None:
    """A typo is a config error with a suggestion."""
    with pytest.raises(ConfigError) as caught:
        compute(tally_of(["1"]), [written])
    assert near in caught.value.hint


def test_a_module_that_is_missing_is_named() -> None:
    """A dotted path into nowhere says which module."""
    with pytest.raises(ConfigError, match="no_such_package"):
        compute(tally_of(["1"]), ["no_such_package.metric"])


def test_every_shipped_metric_has_a_name_that_resolves() -> None:
    """What `metric_names` lists can be computed, on any tally."""
    tally = tally_of(["10", "01", "uu"])
    for name in metric_names():
        assert compute(tally, [name])


def test_the_ordinary_metrics_need_no_numpy() -> None:
    """A task process that only counts must not pay for numpy."""
    code = (
        "import sys\n"
        "from judgebench.metrics.rates.tally import TallyOutcome, Tally\n"
        "from judgebench.metrics.rates.named import result\n"
        "from judgebench.metrics.rates.agreement import diagnostics\n"
        "for n in (1, 2):\n"
        "    t = Tally(n)\n"
        "    for i in range(4):\n"
        "        [t.add(TallyOutcome(id=i, repeat=r, status='ok', decision='correct', answer='x')) for r in range(n)]\n"
        "    result(t), diagnostics(t)\n"
        "print([m for m in ('numpy', 'scipy', 'tabulate', 'rich') if m in sys.modules])\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_hundred_thousand_outcomes_stay_small() -> None:
    """A few bytes per outcome, whatever the question count."""
    import tracemalloc

    tracemalloc.start()
    tally = Tally()
    for number in range(100_000):
        tally.add(TallyOutcome(id=number, status="ok", decision="correct" if number % 3 else "incorrect"))
    metrics, _ = result(tally)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert metrics["accuracy"].n == 100_000
    assert peak < 4_000_000
