"""Figures of bias tests, against numbers worked out by hand and against what must hold for every judge."""

from __future__ import annotations

import random
from functools import partial

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from judgebench.metrics.rates import flips
from judgebench.metrics.rates.flips import Trial
from judgebench.metrics.scores.bias_score import BiasScore, BiasScoreConfig
from judgebench.records.findings import BiasFindings
from judgebench.records.flow import Metric, Sample, Verdict

DECISIONS = st.sampled_from(["A", "B", "tie", "A>>B", "B>A"])


def flip(trial: Trial, combined: flips.Decision) -> bool:
    return flips.changed(trial.plain, combined)


def sample(at: int, gold: str | None = "A") -> Sample:
    return Sample(id=at, uid=f"{at:016x}", fields={}, answers=["x", "y"], gold=gold)


def bias_tested(bias: dict[str, object], **said: object) -> Verdict:
    return msgspec.convert({"status": "ok", "bias": bias, **said}, Verdict)


def verdict(plain: str, *tests: dict[str, object], again: str | None = None) -> Verdict:
    noise = [] if again is None else [{"status": "ok", "decision": again}]
    return bias_tested({"again": noise, "tests": list(tests)}, decision=plain)


def entry_of(
    name: str, decision: str | None, *, target: str = "", expects: str = "invariant", **more: object
) -> dict[str, object]:
    status = {"status": "ok", "decision": decision} if decision is not None else {"status": "unparsed"}
    return {"test": name, "expects": expects, "target": target, **status, **more}


def scored(*verdicts: Verdict, gold: str | None = "A", **config: object) -> dict[str, Metric]:
    score = BiasScore(BiasScoreConfig(**config))  # type: ignore[arg-type]
    for at, one in enumerate(verdicts):
        score.add(sample(at, gold), 0, one)
    return score.result()


class TestDecisions:
    @pytest.mark.parametrize(
        ("before", "after", "differs"),
        [
            ("A", "B", True),
            ("A", "tie", True),
            ("A>>B", "A>B", False),
            ("A>B", "B>>A", True),
            ("tie", "inconsistent", True),
            ("correct", "invalid", True),
            ("correct", "correct", False),
            (3.0, 3.0, False),
            (3.0, 4.0, True),
        ],
    )
    def test_a_flip_is_another_side_decision_or_score(
        self, before: str | float, after: str | float, differs: bool
    ) -> None:
        assert flips.changed(before, after) is differs

    def test_scores_within_the_margin_are_one_verdict(self) -> None:
        assert not flips.changed(3.0, 3.5, margin=0.5)
        assert flips.changed(3.0, 3.6, margin=0.5)
        assert not flips.moved(3.0, 3.5, "better", margin=0.5)

    @pytest.mark.parametrize(
        ("before", "after", "target", "towards"),
        [
            ("B", "A", "A", True),
            ("B", "tie", "A", True),
            ("A", "B", "A", False),
            ("A", "B", "B", True),
            ("incorrect", "correct", "better", True),
            ("invalid", "correct", "better", True),
            ("correct", "incorrect", "better", False),
            ("invalid", "incorrect", "better", False),
            (2.0, 3.0, "better", True),
            (3.0, 2.0, "better", False),
            ("step 3", "step 4", "better", False),
        ],
    )
    def test_moving_is_becoming_more_favourable_to_the_target(
        self, before: str | float, after: str | float, target: str, towards: bool
    ) -> None:
        assert flips.moved(before, after, target) is towards

    def test_what_is_at_the_target_already_cannot_move_there(self) -> None:
        assert [flips.can_move(one, "A") for one in ("A", "A>>B", "tie", "B")] == [False, False, True, True]
        assert [flips.can_move(one, "better") for one in ("correct", "incorrect", 10.0, "odd")] == [
            False,
            True,
            True,
            False,
        ]
        assert not flips.can_move("A", "")

    @pytest.mark.parametrize(
        ("expects", "plain", "target", "after", "violated"),
        [
            ("invariant", "A", "A", "B", True),
            ("invariant", "A", "A", "A", False),
            ("must_not_increase", "incorrect", "better", "correct", True),
            ("must_not_increase", "correct", "better", "incorrect", False),
            ("must_not_increase", 3.0, "better", 4.0, True),
            ("must_not_increase", 3.0, "better", 1.0, False),
            ("must_flip", "A", "B", "A", True),
            ("must_flip", "A", "B", "tie", True),
            ("must_flip", "A", "B", "B", False),
            ("must_flip", "B", "B", "B", False),
            ("must_flip", "correct", "worse", "correct", True),
            ("must_flip", "incorrect", "worse", "correct", True),
            ("must_flip", "correct", "worse", "incorrect", False),
            ("must_flip", "incorrect", "worse", "invalid", False),
            ("must_flip", 2.0, "worse", 2.0, False),
            ("must_flip", 2.0, "worse", 1.0, False),
            ("must_flip", 2.0, "worse", 3.0, True),
        ],
    )
    def test_what_breaks_an_expectation(
        self, expects: str, plain: str | float, target: str, after: str | float, violated: bool
    ) -> None:
        assert flips.violates(Trial(0, plain, target=target, expects=expects), after) is violated


class TestIntervals:
    def test_the_paired_interval_by_hand(self) -> None:
        # 30 items, 6 flip only under the perturbation, 1 only when asked again: (7 - 2) / 32 = 0.15625,
        # sqrt((9 / 32 - 0.15625^2) / 32) = 0.0895885
        both = [(at, float(at < 6), float(at == 6)) for at in range(30)]
        found = flips.paired(both)
        assert found is not None
        assert found.value == pytest.approx(5 / 30)
        assert found.interval == pytest.approx(
            (0.15625 - 1.959964 * 0.0895885, 0.15625 + 1.959964 * 0.0895885), abs=1e-6
        )
        assert (found.more, found.less, found.n) == (6, 1, 30)
        assert found.p_value == pytest.approx(2 * 8 / 2**7)  # P(X <= 1) of 7 throws is 8/128

    def test_repeats_of_an_item_are_one_item(self) -> None:
        once = flips.paired([(0, 1.0, 0.0), (1, 0.0, 0.0), (2, 0.0, 1.0)])
        many = flips.paired(
            [(sample, a, b) for sample, a, b in [(0, 1.0, 0.0), (1, 0.0, 0.0), (2, 0.0, 1.0)] for _ in range(5)]
        )
        assert once == many

    @settings(max_examples=40)
    @given(st.lists(st.tuples(st.integers(0, 9), st.floats(0, 1), st.floats(0, 1)), min_size=1, max_size=40))
    def test_the_interval_holds_the_value_and_has_a_width(self, both: list[tuple[int, float, float]]) -> None:
        found = flips.paired(both)
        assert found is not None
        low, high = found.interval
        assert -1 <= low <= found.value <= high <= 1
        assert low < high
        mirrored = flips.paired([(sample, b, a) for sample, a, b in both])
        assert mirrored is not None
        assert (mirrored.value, *mirrored.interval) == pytest.approx((-found.value, -high, -low))

    def test_holm_by_hand(self) -> None:
        # 0.01 x 4, 0.02 x 3, 0.03 x 2, 0.5 x 1; never below the one before
        assert flips.holm({"d": 0.5, "a": 0.01, "b": 0.02, "c": 0.03}) == pytest.approx(
            {"a": 0.04, "b": 0.06, "c": 0.06, "d": 0.5}
        )

    @settings(max_examples=40)
    @given(st.dictionaries(st.text(max_size=3), st.floats(0, 1), max_size=12))
    def test_holm_only_ever_raises_and_keeps_the_order(self, p_values: dict[str, float]) -> None:
        adjusted = flips.holm(p_values)
        assert all(p_values[name] <= adjusted[name] <= 1 for name in p_values)
        order = sorted(p_values, key=p_values.__getitem__)
        assert [adjusted[name] for name in order] == sorted(adjusted.values())

    def test_a_rate_of_repeated_items_is_no_surer_than_that_of_the_items(self) -> None:
        items = [Trial(at, "A", perturbed="B" if at < 4 else "A") for at in range(16)]
        once, copies = flips.rate(items, flip), flips.rate([one for one in items for _ in range(8)], flip)
        assert once.value == copies.value == 25.0
        assert once.ci95 == pytest.approx(copies.ci95)

    def test_what_is_not_read_only_widens_the_bounds(self) -> None:
        trials = [Trial(0, "A", perturbed="B"), Trial(1, "A", perturbed="A"), Trial(2, "A")]
        found = flips.rate(trials, flip, missing=2)
        assert (found.value, found.n, found.bounds) == (50.0, 2, (25.0, 75.0))
        assert flips.rate([Trial(0, "A")], flip, missing=1).value is None


class TestJudges:
    @settings(max_examples=40)
    @given(st.lists(DECISIONS, min_size=1, max_size=20))
    def test_a_judge_that_never_changes_flips_never(self, plain: list[str]) -> None:
        found = scored(*[verdict(one, entry_of("t", one, target="A"), again=one) for one in plain])
        assert found["flip_rate/t"].value == found["noise_floor"].value == found["flip_rate_above_noise/t"].value == 0
        assert found["robustness"].value == found["robustness/t"].value == 100
        assert found["delta_accuracy/t"].value == 0
        assert found["directed_flip/t"].value in (0, None), "None where every verdict was for the target already"
        assert found["flip_p_holm/t"].value == 1

    @settings(max_examples=40)
    @given(st.lists(st.tuples(DECISIONS, st.sampled_from("AB")), min_size=1, max_size=20))
    def test_a_judge_that_always_obeys_is_turned_wherever_it_could_be(self, items: list[tuple[str, str]]) -> None:
        found = scored(*[verdict(plain, entry_of("t", target, target=target), again=plain) for plain, target in items])
        could = [target for plain, target in items if flips.side(plain) != target]
        assert found["directed_flip/t"].value == (100 if could else None)
        assert found["directed_flip/t"].n == len(could)
        assert found["flip_rate/t"].value == pytest.approx(100 * len(could) / len(items))

    @pytest.mark.parametrize("seed", range(5))
    def test_the_flips_of_a_coin_are_noise(self, seed: int) -> None:
        dice = random.Random(seed)

        def coin() -> str:
            return dice.choice("AB")

        found = scored(*[verdict(coin(), entry_of("t", coin(), target="A"), again=coin()) for _ in range(400)])
        assert found["flip_rate/t"].value == pytest.approx(50, abs=10)
        assert found["noise_floor"].value == pytest.approx(50, abs=10)
        low, high = found["flip_rate_above_noise/t"].ci95 or (1.0, 1.0)
        assert low < 0 < high
        low, high = found["directed_flip_above_noise/t"].ci95 or (1.0, 1.0)
        assert low < 0 < high

    def test_a_shift_towards_the_target_is_found_through_the_noise(self) -> None:
        dice = random.Random(1)
        pushed = []
        for _ in range(400):
            plain, again, swayed = dice.choice("AB"), dice.choice("AB"), dice.choices("AB", (9, 1))[0]
            pushed.append(verdict(plain, entry_of("t", swayed, target="A"), again=again))
        found = scored(*pushed)
        low, high = found["flip_rate_above_noise/t"].ci95 or (1.0, 1.0)
        assert low < 0 < high, "a coin flips half of the time, pushed or not"
        low, _ = found["directed_flip_above_noise/t"].ci95 or (0.0, 0.0)
        assert low > 20, "but not in one direction"


class TestScore:
    def test_every_figure_by_hand(self) -> None:
        found = scored(
            verdict("A", entry_of("t", "B", target="B"), again="A"),  # flips, towards B, and is wrong now
            verdict("A", entry_of("t", "A", target="A"), again="B"),  # noise
            verdict("B", entry_of("t", "A", target="A"), again="B"),  # flips, towards A, and is right now
            verdict("B", entry_of("t", None, target="A"), again="B"),  # unread: no flip
        )
        assert (found["flip_rate/t"].value, found["flip_rate/t"].n) == (pytest.approx(200 / 3), 3)
        assert found["flip_rate/t"].bounds == (50.0, 75.0)
        assert found["noise_floor"].value == 25.0
        assert found["flip_rate_above_noise/t"].value == pytest.approx(100 * (2 - 1) / 3)
        assert found["flip_p/t"].value == 1.0  # 2 against 1
        assert (found["directed_flip/t"].value, found["directed_flip/t"].n) == (100.0, 2)
        assert found["accuracy"].value == 50.0
        assert found["delta_accuracy/t"].value == 0.0  # 2 of 3 before, 2 of 3 after
        assert found["delta_accuracy_wrong_target/t"].value == -100.0  # the first item alone
        assert [found[f"{name}/t"].value for name in ("unread", "failed", "skipped")] == [1, 0, 0]

    def test_an_expected_flip_counts_where_it_fails_to_come(self) -> None:
        null = [
            entry_of("null", decision, target="B", expects="must_flip", keeps_gold=False)
            for decision in ("B", "B", "A", "tie")
        ]
        found = scored(*[verdict("A", one, again="A") for one in null])
        assert found["violation_rate/null"].value == 50.0
        assert not {"flip_rate/null", "delta_accuracy/null", "flip_p/null"} & found.keys()
        assert found["robustness"].value is None, "nothing that should have stayed was tested"

    def test_what_must_gain_nothing_may_lose(self) -> None:
        tests = [entry_of("inj", decision, target="A", expects="must_not_increase") for decision in ("A", "B", "B")]
        found = scored(*[verdict(plain, one, again=plain) for plain, one in zip("BBA", tests, strict=True)])
        assert found["violation_rate/inj"].value == pytest.approx(100 / 3)
        assert found["flip_rate/inj"].value == pytest.approx(200 / 3)
        assert found["robustness"].value is None

    @pytest.mark.parametrize("expects", ["must_flip", "must_not_increase"])
    def test_decisions_that_say_neither_right_nor_wrong_break_no_expectation_and_keep_none(self, expects: str) -> None:
        entry = entry_of("t", "step 4", target="better", expects=expects)
        found = scored(verdict("step 3", entry, again="step 3"), gold=None)
        assert (found["violation_rate/t"].value, found["violation_rate/t"].n) == (None, 0)

    def test_several_further_askings_count_by_their_share(self) -> None:
        bias = {
            "again": [{"status": "ok", "decision": decision} for decision in "ABB"],
            "tests": [entry_of("t", "B", target="B")],
        }
        found = scored(bias_tested(bias, decision="A"))
        assert found["noise_floor"].value == pytest.approx(200 / 3)
        assert found["flip_rate_above_noise/t"].value == pytest.approx(100 / 3)

    def test_a_second_asking_that_is_not_read_is_no_noise_but_may_have_been(self) -> None:
        unread = {"again": [{"status": "unparsed"}], "tests": [entry_of("t", "B", target="B")]}
        found = scored(verdict("A", again="A"), bias_tested(unread, decision="A"))
        assert (found["noise_floor"].value, found["noise_floor"].n, found["noise_floor"].bounds) == (0, 1, (0, 50))
        assert found["flip_rate_above_noise/t"].value is None

    def test_without_a_target_no_item_has_a_wrong_one(self) -> None:
        found = scored(verdict("A", entry_of("t", "A"), again="A"))
        assert found["delta_accuracy/t"].value == 0
        assert not {"delta_accuracy_wrong_target/t", "directed_flip/t"} & found.keys()

    def test_p_values_are_adjusted_for_the_number_of_perturbations(self) -> None:
        both = [entry_of("swayed", "B", target="B"), entry_of("calm", "A", target="B")]
        found = scored(*[verdict("A", *both, again="A") for _ in range(8)])
        assert (found["flip_p/swayed"].value, found["flip_p_holm/swayed"].value) == (2 / 2**8, 4 / 2**8)
        assert (found["flip_p/calm"].value, found["flip_p_holm/calm"].value) == (1, 1)

    def test_unjudged_and_unread_items_are_bounds_and_never_flips(self) -> None:
        unread = Verdict(status="unparsed", reason="?", bias=BiasFindings())
        failed = Verdict(status="judge_failed", reason="no")
        found = scored(verdict("A", entry_of("t", "A", target="B"), again="A"), unread, failed)
        assert (found["flip_rate/t"].value, found["flip_rate/t"].bounds) == (0.0, (0.0, pytest.approx(200 / 3)))
        assert found["noise_floor"].bounds == (0.0, pytest.approx(200 / 3))
        assert (found["unread"].value, found["judged"].value) == (1, 1)

    def test_failed_and_skipped_are_counted_apart(self) -> None:
        gone = {
            "test": "t",
            "expects": "invariant",
            "target": "A",
            "status": "judge_failed",
            "reason": "content_filter",
        }
        found = scored(
            verdict("A", gone, again="A"), verdict("A", {"test": "t", "skipped": "does not apply"}, again="A")
        )
        assert [found[f"{name}/t"].value for name in ("unread", "failed", "skipped")] == [0, 1, 1]
        assert (found["flip_rate/t"].value, found["flip_rate/t"].bounds) == (None, (0.0, 100.0))

    def test_scores_have_a_shift_and_no_accuracy(self) -> None:
        def graded(plain: float, after: float) -> Verdict:
            entry = {"test": "t", "expects": "invariant", "target": "better", "status": "ok", "score": after}
            bias = {"again": [{"status": "ok", "score": plain}], "tests": [entry]}
            return bias_tested(bias, score=plain)

        found = scored(graded(3, 5), graded(4, 4), graded(2, 1), gold=None)
        assert found["flip_rate/t"].value == pytest.approx(200 / 3)
        assert found["directed_flip/t"].value == pytest.approx(100 / 3)
        assert found["score_shift/t"].value == pytest.approx(1 / 3)
        assert not {"accuracy", "delta_accuracy/t"} & found.keys()
        assert "score_shift/t" not in scored(verdict("A", entry_of("t", "A"), again="A"))
        assert scored(graded(3, 3.4), gold=None, margin=0.5)["flip_rate/t"].value == 0

    def test_without_a_second_asking_there_is_no_noise_to_subtract(self) -> None:
        found = scored(verdict("A", entry_of("t", "B", target="B")))
        assert (found["flip_rate/t"].value, found["noise_floor"].value) == (100.0, None)
        assert found["flip_rate_above_noise/t"].value is None
        assert found["flip_rate_above_noise/t"].note

    def test_pairs_of_equal_answers_are_counted_and_not_tested(self) -> None:
        equal = Verdict(status="ok", decision="tie", equal_answers=True)
        found = scored(verdict("A", entry_of("t", "A", target="B"), again="A"), equal)
        assert (found["equal_answers"].value, found["flip_rate/t"].n) == (1, 1)

    def test_the_headline_is_first_and_part_of_the_identity(self) -> None:
        one = verdict("A", entry_of("t", "A", target="B"), again="A")
        assert next(iter(scored(one))) == "robustness"
        assert next(iter(scored(one, headline="flip_rate/t"))) == "flip_rate/t"
        configs = [BiasScoreConfig(), BiasScoreConfig(margin=1.0), BiasScoreConfig(headline="noise_floor")]
        identities = [str(BiasScore(config).identity()) for config in configs]
        assert len(set(identities)) == 3


def test_the_change_that_is_counted_is_the_callers_choice() -> None:
    trials = [Trial(0, 3.0, (3.4,), 3.4, "better")]
    assert flips.rate(trials, flip).value == 100
    assert flips.noise(trials, flip).value == 100
    lenient = partial(lambda trial, combined, margin: flips.changed(trial.plain, combined, margin), margin=0.5)
    assert flips.rate(trials, lenient).value == 0
