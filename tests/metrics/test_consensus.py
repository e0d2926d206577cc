"""Consensus without labels: right where errors are independent, sure and wrong where they are shared, and so told."""

from __future__ import annotations

import gzip
import json

import numpy as np
import pytest

from judgebench.metrics.consensus.dawid_skene import dawid_skene
from judgebench.metrics.consensus.majority import majority
from judgebench.metrics.consensus.shared_errors import WARNING, shared_errors
from judgebench.metrics.consensus.simplex import simplex_ranks, simplex_sweep
from judgebench.metrics.consensus.votes import votes_of
from tests.recordings import recording


def judges(seed: int, rights: list[float], n: int = 400) -> tuple[dict[str, dict[int, int]], dict[int, int]]:
    rng = np.random.default_rng(seed)
    true = rng.integers(0, 2, n)
    said = {
        f"judge {at}": dict(enumerate(np.where(rng.random(n) < right, true, 1 - true).tolist()))
        for at, right in enumerate(rights)
    }
    return said, dict(enumerate(true.tolist()))


def right(decided: list[object], true: dict[int, int]) -> float:
    return float(np.mean([one == true[at] for at, one in enumerate(decided)]))


def test_a_majority_counts_each_vote_once_and_shares_what_is_even() -> None:
    votes = votes_of({"a": {0: "x", 1: "x"}, "b": {0: "y", 1: "x"}, "c": {1: "y"}}, [0, 1, 2])
    found = majority(votes)
    assert found.chances.tolist() == [[0.5, 0.5], [1.0, 0.0], [0.5, 0.5]]
    assert found.decided() == [None, "x", None]
    assert found.agreement == {"a": 0.75, "b": 0.75, "c": 0.0}
    assert found.shares == pytest.approx({"x": 2 / 3, "y": 1 / 3})


def test_dawid_and_skene_weigh_a_good_judge_more_than_three_poor_ones() -> None:
    said, true = judges(1, [0.95, 0.62, 0.6, 0.58, 0.6])
    votes = votes_of(said, list(true))
    found = dawid_skene(votes)
    assert right(found.consensus.decided(), true) > right(majority(votes).decided(), true) + 0.05
    good = found.tables["judge 0"]
    assert good[0, 0] == pytest.approx(0.95, abs=0.15)
    assert good.sum(axis=1) == pytest.approx([1, 1])
    assert len(found.starts) == 5
    assert found.log_likelihood == max(found.starts)


def test_errors_that_judges_share_are_found_and_independent_ones_are_not() -> None:
    said, true = judges(2, [0.8, 0.75, 0.7])
    assert not any(one.together for one in shared_errors(said, true))
    copy = dict(said["judge 0"])
    copy.update({at: 1 - copy[at] for at in range(0, 400, 20)})
    said["its copy"] = copy
    first, *others = shared_errors(said, true)
    assert {first.first, first.second} == {"judge 0", "its copy"}
    assert first.together
    assert first.both > 1.5 * first.expected
    assert not any(one.together for one in others)


def test_on_adversarial_questions_consensus_is_worse_than_a_coin_and_the_warning_says_how_bad() -> None:
    gold = {
        (name, row["idx"]): str(row["label"])
        for name in ("Neighbor", "GPTInst", "GPTOut", "Manual")
        for row in map(json.loads, recording(f"llmbar/data/{name}.jsonl").read_text().splitlines())
    }
    said: dict[str, dict[tuple[str, int], str]] = {}
    for model in ("ChatGPT-0301", "ChatGPT", "LLaMA2"):
        rows = map(
            json.loads,
            gzip.decompress(recording(f"llmbar/judgments/{model}__Vanilla.jsonl.gz").read_bytes()).splitlines(),
        )
        for row in rows:
            for order in ("AB", "BA"):
                if (row["subset"], row["idx"]) in gold and row[f"winner_{order}"]:
                    said.setdefault(f"{model} {order}", {})[row["subset"], row["idx"]] = row[f"winner_{order}"]
    decided = dawid_skene(votes_of(said, list(gold))).consensus.decided()
    share = 100 * sum(one == gold[item] for one, item in zip(decided, gold, strict=True)) / len(gold)
    assert f"right in {share:.1f}%" in WARNING
    pairs = shared_errors(said, gold)
    assert sum(one.together for one in pairs) >= 14
    assert len(pairs) == 15


def counts(rng: np.random.Generator, share: float, n: int = 400) -> list[int]:
    accepted = rng.binomial(n, 0.2 + 0.6 * share)  # accepts 80% of right answers and 20% of wrong ones
    return [n - int(accepted), int(accepted)]


def test_two_grades_give_the_ranking_whatever_is_taken_for_granted() -> None:
    rng = np.random.default_rng(3)
    seen = {"strong": counts(rng, 0.9), "middle": counts(rng, 0.5), "weak": counts(rng, 0.1)}
    for trust, ranks in simplex_sweep(seen, trusts=(2.0, 20.0)).items():
        assert [(ranks[name].best, ranks[name].worst) for name in seen] == [(1, 1), (2, 2), (3, 3)], trust
    alike = simplex_ranks({"one": [100, 100], "other": [101, 99]}, samples=300)
    assert [(one.best, one.worst) for one in alike.values()] == [(1, 2), (1, 2)]


def test_levels_rest_on_the_prior_and_the_sweep_shows_it() -> None:
    rng = np.random.default_rng(4)
    seen = {"a": counts(rng, 0.7), "b": counts(rng, 0.4)}
    sweep = simplex_sweep(seen, trusts=(1.0, 50.0))
    wide, narrow = (ranks["a"].high - ranks["a"].low for ranks in sweep.values())
    assert wide > narrow
    with pytest.raises(ValueError, match="two models or more"):
        simplex_ranks({"a": [1, 2]})
