"""A surrogate prefers by weights of plain features, alike in both orders."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from judgebench.errors import ConfigError
from judgebench.judges.core.contract import Case
from judgebench.judges.rules.surrogate import FEATURES, Surrogate, features_of
from judgebench.records.flow import Reply, Verdict


async def nobody(*_: Any, **__: Any) -> Reply:
    raise AssertionError("a surrogate asks no model")


def compared(first: str, second: str | None, weights: dict[str, float], reference: str | None = None) -> Verdict:
    item = Case(id=0, uid="x", repeat=0, fields={"question": "Who wrote Emma?"}, reference=reference, answer=first,
                baseline=second)  # fmt: skip
    return asyncio.run(Surrogate(Surrogate.Config(weights=weights)).judge(item, nobody))


def feature(name: str, text: str, reference: str = "") -> float:
    return features_of(text, "Who wrote Emma?", reference)[FEATURES.index(name)]


def test_each_feature_says_what_its_name_says() -> None:
    assert feature("repetition", "no no no no") == 0.75
    assert feature("from_question", "Emma, Austen wrote") == pytest.approx(2 / 3)
    assert feature("of_question", "Austen wrote it") == pytest.approx(1 / 3)
    assert feature("of_reference", "It was Austen", "Jane Austen") == 0.5
    assert feature("of_reference", "It was Austen") == 0
    assert feature("numbers", "in 1815") == 0.5
    assert feature("long_words", "certainly Jane") == 0.5
    assert (feature("cut_off", "It was Austen"), feature("cut_off", "It was Austen.")) == (1, 0)
    assert feature("markdown", "# Answer\n\n- **Jane**") > feature("markdown", "Answer: Jane") == 0
    assert feature("sentences", "One. Two. Three.") > feature("sentences", "One and two and three.")
    assert set(features_of("  ", "Who wrote Emma?", "Jane")) == {0.0}


def test_turning_a_pair_round_turns_the_verdict_round() -> None:
    weights = {"characters": 0.7, "cut_off": -2.0, "of_question": 0.3}
    there = compared("Jane Austen wrote Emma.", "It was", weights)
    back = compared("It was", "Jane Austen wrote Emma.", weights)
    assert (there.decision, back.decision) == ("A", "B")
    assert there.probabilities["A"] == pytest.approx(back.probabilities["B"])
    same = compared("Jane Austen", "Jane Austen", weights)
    assert (same.decision, same.probabilities) == ("tie", {"A": 0.5, "B": 0.5})


def test_what_cannot_be_compared_is_not_decided() -> None:
    assert compared("Jane Austen", None, {"words": 1.0}).status == "not_judged"
    assert compared(" ", "", {"words": 1.0}).status == "unparsed"
    assert compared("Jane Austen", "", {"words": 1.0}).decision == "A"


@pytest.mark.parametrize(("weights", "said"), [({"lenght": 1.0}, "'lenght' is no feature"), ({}, "names no feature")])
def test_weights_of_no_feature_are_refused(weights: dict[str, float], said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        Surrogate(Surrogate.Config(weights=weights))
