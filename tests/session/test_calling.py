"""``judgebench.open_judge``: a judge as a function, and as what TRL's trainers call."""

from __future__ import annotations

import pytest

import judgebench
from judgebench.errors import LimitReachedError, UsageError
from tests.serving.conftest import service

__all__ = ["service"]


def test_it_is_called_with_an_answer(service) -> None:
    with judgebench.open_judge("correctness_letter") as judge:
        found = judge("4", question="What is 2+2?", reference="4")
        assert (found.verdict.decision, found.number) == ("correct", 1.0)
        assert judge("5", question="What is 2+2?", reference="4").number == 0.0
        assert judge("5", question="A riddle?", reference="4").number is None, "an unread verdict is no 0"
        with pytest.raises(UsageError, match=r"shows \{question\}"):
            judge("5", reference="4")


def test_rewards_are_what_a_trainer_takes(service) -> None:
    prompts = [[{"role": "user", "content": "What is 2+2?"}]] * 2 + [[{"role": "user", "content": "A riddle?"}]]
    completions = [[{"role": "assistant", "content": text}] for text in ("4", "5", "4")]
    with judgebench.open_judge("correctness_letter") as judge:
        assert judge.rewards.__name__ == "rewards"  # by which TRL names it
        columns = {"reference": ["4"] * 3, "completion_ids": [[1], [2], [3]], "trainer_state": None}
        assert judge.rewards(prompts=prompts, completions=completions, **columns) == [1.0, 0.0, None]
        assert judge.rewards(["What is 2+2?"], ["4"], reference=["4"]) == [1.0]


def test_pairs_are_ranked_and_a_tie_is_no_rank(service) -> None:
    service._answer = lambda request: (
        f"VERDICT: {'A' if request.text.find('zebra') < request.text.find('apple') else 'B'}"
    )
    with judgebench.open_judge("pair_compare") as judge:
        pairs = [["zebra", "apple"], ["apple", "zebra"]] * 4
        for shuffle in (True, False):
            assert judge.ranks([f"Q{n}" for n in range(8)], pairs, shuffle_order=shuffle) == [0, 1] * 4
        service._answer = lambda request: "VERDICT: A"
        assert judge.ranks(["Q"], [["x", "y"]]) == [-1]


def test_limits_are_kept(service) -> None:
    with judgebench.open_judge("correctness_letter", max_calls=1) as judge:
        judge("4", question="Q", reference="4")
        with pytest.raises(LimitReachedError, match="--max-calls"):
            judge("5", question="Q", reference="4")


def test_a_judge_that_cannot_be_opened_says_why_and_leaves_no_thread(service) -> None:
    import threading

    before = threading.active_count()
    with pytest.raises(UsageError, match="is a panel"):
        judgebench.open_judge("panel_majority")
    assert threading.active_count() == before
