"""Every perturbation is a pure function that leaves the matter as it is, and says what it is after."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from judgebench.errors import ConfigError
from judgebench.judges.core.contract import Case
from judgebench.judges.perturbations.null_answer import NOTHING
from judgebench.judges.wrappers.perturbed import OneAnswer, Perturbed, does, kind_of, perturbation_of, shipped

ROOT = Path(__file__).parents[2]
TEXT = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=60).filter(str.strip)
SHIPPED = shipped()
PAIRS_ONLY = {"position", "option_rename"}
WORD_FOR_WORD = set(SHIPPED) - {"null_answer", "name_swap", "markdown"}


@st.composite
def items(draw: st.DrawFn, *, pair: bool | None = None) -> Case:
    two = draw(st.booleans()) if pair is None else pair
    first, second = draw(TEXT), draw(TEXT) if two else None
    return Case(
        id=draw(st.integers(0, 99)),
        uid=draw(st.text("0123456789abcdef", min_size=16, max_size=16)),
        repeat=draw(st.integers(0, 3)),
        fields={"question": draw(TEXT), "level": 3},
        reference=draw(st.one_of(st.none(), TEXT, st.lists(TEXT, min_size=1, max_size=2))),
        answer=first,
        baseline=second,
        answers=draw(st.sampled_from([[], [one for one in (first, second) if one is not None]])),
    )


def perturbed(name: str, item: Case, seed: int = 0, **keys: Any) -> Perturbed | None:
    _, made = perturbation_of({"type": name, **keys}, where="perturbations")
    return made.perturb(item, seed) if kind_of(item) in made.kinds else None


def story(**keys: Any) -> Case:
    given_keys = {"id": 1, "uid": "00ff", "repeat": 0, "reference": "8 euros", "answer": "Tom gets 8. That is it."}
    fields = {"question": "Tom owes Mary Shelley 2 euros. How much has Tom left of 10?"}
    return Case(**{**given_keys, "fields": fields, **keys})


@pytest.mark.parametrize("name", SHIPPED)
class TestEveryPerturbation:
    @settings(max_examples=20)
    @given(item=items(), seed=st.integers(0, 5))
    def test_equal_items_are_changed_alike_and_never_in_place(self, name: str, item: Case, seed: int) -> None:
        before = msgspec.json.encode(item)
        found = perturbed(name, item, seed)
        assert perturbed(name, msgspec.structs.replace(item, repeat=9, id=100), seed) == (
            found and msgspec.structs.replace(found, case=msgspec.structs.replace(found.case, repeat=9, id=100))
        ), "repeats of an item, and its place in the file, change nothing"
        assert msgspec.json.encode(item) == before

    @settings(max_examples=20)
    @given(item=items(), seed=st.integers(0, 5))
    def test_a_changed_item_differs_and_keeps_what_it_is(self, name: str, item: Case, seed: int) -> None:
        found = perturbed(name, item, seed)
        if found is None:
            return
        assert found.case != item
        assert (found.case.id, found.case.uid, found.case.repeat) == (item.id, item.uid, item.repeat)
        assert kind_of(found.case) == kind_of(item)
        assert found.target in (("", "A", "B") if item.baseline is not None else ("", "better", "worse"))
        if item.answers:
            texts = [found.case.answer, *([found.case.baseline] if found.case.baseline is not None else [])]
            assert found.case.answers == texts, "methods that show all answers show the changed ones"
        if name != "name_swap":
            assert (found.case.fields, found.case.reference) == (item.fields, item.reference)

    @settings(max_examples=20)
    @given(item=items(pair=True), seed=st.integers(0, 5))
    def test_of_a_pair_only_the_targeted_answer_gets_something(self, name: str, item: Case, seed: int) -> None:
        found = perturbed(name, item, seed)
        if found is None or name in {"position", "option_rename", "name_swap"}:
            return
        changed_first = found.case.answer != item.answer
        assert changed_first != (found.case.baseline != item.baseline), "one answer changes, the other does not"
        towards_first = changed_first if name != "null_answer" else not changed_first
        assert found.target == ("A" if towards_first else "B")

    @settings(max_examples=20)
    @given(item=items(), seed=st.integers(0, 5))
    def test_an_answers_own_words_stay(self, name: str, item: Case, seed: int) -> None:
        found = perturbed(name, item, seed)
        if found is None or name not in WORD_FOR_WORD:
            return
        before, after = [item.answer, item.baseline or ""], [found.case.answer, found.case.baseline or ""]
        assert all(old in new for old, new in zip(before[::-1] if found.mirrored else before, after, strict=True))

    def test_both_sides_are_drawn(self, name: str) -> None:
        targets = [
            found.target
            for at in range(40)
            if (found := perturbed(name, story(uid=f"{at:016x}", baseline="Tom gets 9."))) is not None
        ]
        if name in {"position", "option_rename", "name_swap"}:
            assert len(set(targets)) == 1
        else:
            assert 8 < targets.count("A") < 32

    def test_it_says_in_a_line_what_it_does_and_the_page_names_it(self, name: str) -> None:
        _, made = perturbation_of(name, where="perturbations")
        assert does(made).endswith(".")
        page = (ROOT / "docs/judges/bias-tests.md").read_text("utf-8")
        assert f"| `{name}` |" in page

    def test_its_identity_has_a_name_and_a_version(self, name: str) -> None:
        called, made = perturbation_of(name, where="perturbations")
        assert called == made.name == name
        assert made.identity().items() >= {"perturbation": name, "version": made.version}.items()

    def test_lists_of_answers_are_not_its_business(self, name: str) -> None:
        _, made = perturbation_of(name, where="perturbations")
        assert "list" not in made.kinds
        assert ("point" in made.kinds) is (name not in PAIRS_ONLY)


class TestSingleOnes:
    @settings(max_examples=30)
    @given(items(pair=True))
    def test_exchanging_the_answers_twice_gives_the_item_back(self, item: Case) -> None:
        once = perturbed("position", item)
        if item.answer == item.baseline:
            assert once is None
            return
        assert once is not None
        assert (once.case.answer, once.case.baseline, once.mirrored, once.target) == (
            item.baseline,
            item.answer,
            True,
            "B",
        )
        again = perturbed("position", once.case)
        assert again is not None
        assert again.case == item

    @settings(max_examples=30)
    @given(items(), st.integers(1, 400))
    def test_filler_has_the_words_that_were_asked_for(self, item: Case, words: int) -> None:
        found = perturbed("verbosity", item, words=words)
        assert found is not None
        before = len(f"{item.answer} {item.baseline or ''}".split())
        added = len(f"{found.case.answer} {found.case.baseline or ''}".split()) - before
        assert words <= added < words + 30

    def test_people_get_other_names_everywhere_and_known_ones_keep_theirs(self) -> None:
        found = perturbed("name_swap", story(reference=["8", "Tom has 8"], baseline="9 for Tomas, I told Tom."))
        assert found is not None
        new = found.case.answer.split()[0]
        assert new != "Tom"
        assert found.case.fields["question"] == f"{new} owes Mary Shelley 2 euros. How much has {new} left of 10?"
        assert found.case.reference == ["8", f"{new} has 8"]
        assert found.case.baseline == f"9 for Tomas, I told {new}."
        assert found.target == ""

    @pytest.mark.parametrize("question", ["Who is King James to us?", "Who was Mary Shelley?", "How much is 2 and 2?"])
    def test_a_question_without_people_is_left_alone(self, question: str) -> None:
        assert perturbed("name_swap", story(fields={"question": question})) is None

    def test_a_name_that_only_the_answers_hold_may_be_the_answer(self) -> None:
        assert perturbed("name_swap", story(fields={"question": "Who came first?"})) is None

    @pytest.mark.parametrize("text", ["- a\n- b", "It is **8**.", "$$x$$", "```py\nx\n```", "# Head", "1. one"])
    def test_text_with_a_layout_keeps_it(self, text: str) -> None:
        assert perturbed("markdown", story(answer=text)) is None

    def test_a_plain_answer_becomes_a_list(self) -> None:
        found = perturbed("markdown", story())
        assert found is not None
        assert found.case.answer == "## **Answer**\n\n- Tom gets 8.\n- That is it."

    def test_a_null_answer_must_lose_against_another_and_be_wrong_alone(self) -> None:
        alone = perturbed("null_answer", story())
        assert alone is not None
        assert (alone.case.answer, alone.expects, alone.target, alone.keeps_gold) == (
            NOTHING,
            "must_flip",
            "worse",
            False,
        )
        pair = perturbed("null_answer", story(baseline="9"))
        assert pair is not None
        assert (pair.expects, pair.keeps_gold) == ("must_flip", False)
        assert (pair.case.answer == NOTHING) is (pair.target == "B")

    @pytest.mark.parametrize("name", ["injection", "refusal"])
    def test_what_can_be_no_merit_must_not_gain(self, name: str) -> None:
        found = perturbed(name, story())
        assert found is not None
        assert (found.expects, found.target) == ("must_not_increase", "better")

    @pytest.mark.parametrize("name", sorted(set(SHIPPED) - PAIRS_ONLY - {"name_swap", "null_answer"}))
    def test_an_empty_answer_is_left_alone(self, name: str) -> None:
        assert perturbed(name, story(answer=" ")) is None

    def test_another_seed_draws_anew(self) -> None:
        found = {str(perturbed("authority", story(), seed)) for seed in range(10)}
        assert len(found) > 5


class TestNames:
    def test_an_unknown_name_is_refused_with_those_that_there_are(self) -> None:
        with pytest.raises(ConfigError, match="no perturbation 'bandwagn'") as caught:
            perturbation_of("bandwagn", where="method.perturbations[0]")
        assert "bandwagon" in (caught.value.hint or "")

    @pytest.mark.parametrize(
        ("spec", "said"),
        [
            ({"type": "verbosity", "wrds": 3}, "wrds"),
            ({"type": "verbosity", "words": 0}, "1 or more"),
            ({"type": "bandwagon", "share": 101}, "from 1 to 100"),
            ({"type": "bandwagon", "name": "a b"}, "a word"),
            ({"words": 3}, "type"),
            ("judgebench.judges.core.declared.DeclaredJudge", "is no perturbation"),
        ],
    )
    def test_wrong_keys_are_refused(self, spec: Any, said: str) -> None:
        with pytest.raises(ConfigError, match=said):
            perturbation_of(spec, where="method.perturbations[0]")

    def test_several_of_one_type_have_names(self) -> None:
        name, made = perturbation_of({"type": "verbosity", "words": 300, "name": "very_long"}, where="p")
        assert (name, made.identity()["words"]) == ("very_long", 300)


class Unfinished(OneAnswer):
    """Lacks ``changed``."""


def test_a_perturbation_that_lacks_its_method_is_refused_by_name() -> None:
    with pytest.raises(ConfigError, match=r"Unfinished is not complete: it does not define changed"):
        perturbation_of(f"{__name__}.Unfinished", where="perturbations[0]")
