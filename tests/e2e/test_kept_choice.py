"""A run of a part of the samples stays one when it is continued with other flags."""

from __future__ import annotations

from tests.e2e.harness import Bench


def test_naming_the_configs_again_asks_for_no_sample_beyond_the_limit(bench: Bench) -> None:
    assert bench.jb("--num-prompts", "3").code == 0
    asked = len(bench.model.requests), len(bench.judge.requests)
    shown = bench.jb("--reuse", "--judges", "other_model", "--dry-run")
    assert "infer:toy-model/toy\n  complete, kept as it is" in shown.out
    assert "items:   3\n" in shown.out, "the new judge has seen none of them"
    done = bench.jb("--reuse", "--no-preflight")
    assert done.code == 0, done.text
    assert "continues with --num-prompts 3 as before; --num-prompts none takes all samples" in done.text
    assert (len(bench.model.requests), len(bench.judge.requests)) == asked


def test_the_limit_is_lifted_by_name(bench: Bench) -> None:
    assert bench.jb("--num-prompts", "3").code == 0
    shown = bench.jb("--reuse", "--num-prompts", "none", "--dry-run")
    assert shown.out.count("items:   3 kept, 3 to ask") == 2
    assert bench.jb("--reuse", "--num-prompts", "none", "--no-preflight").code == 0
    assert bench.result()["counts"]["planned"] == bench.n


def test_another_choice_replaces_all_of_the_earlier_one(bench: Bench) -> None:
    assert bench.jb("--num-prompts", "3").code == 0
    done = bench.jb("--reuse", "--ids", "4", "5", "--no-preflight")
    assert done.code == 0, done.text
    assert "continues with" not in done.text
    assert bench.result()["counts"]["planned"] == 2
