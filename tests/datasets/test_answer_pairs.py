"""Questions in one file, every model's answers in another: Arena-Hard v0.1 and v2.0, MT-Bench in pairs, FairEval."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec
import pytest

from judgebench.datasets.samples import count_of, stamp_of
from judgebench.errors import DataError, MissingDataError
from judgebench.records.flow import Reply, Sample
from judgebench.records.run import DatasetConfig, Options
from tests.replay.simulated import brackets, dataset, letters, samples, scored, scored_at_the_end, values

Files = dict[str, list[Any]]


def chat(name: Any, *turns: str, model: str = "whoever") -> dict[str, Any]:
    """One row of answers in FastChat's layout."""
    return {"question_id": name, "model_id": model, "choices": [{"index": 0, "turns": list(turns)}]}


def arena(models: Sequence[str], n: int = 4) -> Files:
    """Arena-Hard v0.1: turns are objects with a content."""
    questions = [
        {"question_id": f"q{i}", "category": "arena-hard-v0.1", "cluster": "c", "turns": [{"content": f"Do {i}?"}]}
        for i in range(n)
    ]
    files: Files = {"arena-hard-v0.1/question.jsonl": questions}
    for model in models:
        files[f"arena-hard-v0.1/model_answer/{model}.jsonl"] = [
            {
                "question_id": f"q{i}",
                "model_id": model,
                "choices": [{"index": 0, "turns": [{"content": f"{model} says {i}", "token_len": 3}]}],
            }
            for i in reversed(range(n))
        ]
    return files


def arena_v2(tested: str = "tested") -> Files:
    """Arena-Hard v2.0: prompts, messages, and a baseline for each category."""
    questions = [
        {"uid": f"u{i}", "category": "creative_writing" if i % 2 else "hard_prompt", "subcategory": "s", "prompt": "P"}
        for i in range(6)
    ]

    def answer(model: str, i: int, content: Any) -> dict[str, Any]:
        messages = [{"role": "user", "content": "P"}, {"role": "assistant", "content": content}]
        return {"uid": f"u{i}", "ans_id": "a", "model": model, "messages": messages, "metadata": {"token_len": 1}}

    folder = "arena-hard-v2.0/model_answer"
    return {
        "arena-hard-v2.0/question.jsonl": questions,
        f"{folder}/{tested}.jsonl": [answer(tested, i, {"answer": f"tested {i}"}) for i in range(6)],
        f"{folder}/o3-mini-2025-01-31.jsonl": [answer("o3", i, {"answer": f"o3 {i}"}) for i in range(6)],
        f"{folder}/gemini-2.0-flash-001.jsonl": [answer("gemini", i, f"gemini {i}") for i in range(6)],
    }


def mt_bench(models: Sequence[str]) -> Files:
    """MT-Bench: two turns, and a reference for one of two questions."""
    questions = [
        {"question_id": 81, "category": "writing", "turns": ["Write.", "Shorten it."]},
        {"question_id": 111, "category": "math", "turns": ["Add 1 and 2.", "Double it."], "reference": ["3", "6"]},
    ]
    files: Files = {
        "mt_bench/question.jsonl": questions,
        "mt_bench/reference_answer/gpt-4.jsonl": [chat(111, "three", "six", model="gpt-4")],
    }
    for model in models:
        files[f"mt_bench/model_answer/{model}.jsonl"] = [
            chat(name, f"{model} first", f"{model} second") for name in (81, 111)
        ]
    return files


def made(name: str, folder: Path, files: Mapping[str, list[Any]], **keys: Any) -> DatasetConfig:
    return dataset(name, folder, files, **keys)


def test_arena_hard_compares_every_file_there_is_with_the_baseline(tmp_path: Path) -> None:
    data = made("arena_hard", tmp_path, arena(["gpt-4-0314", "b", "a"]))
    items = samples(data, tmp_path)
    assert [item.key for item in items] == [f"q{i}-{model}-gpt-4-0314" for model in "ab" for i in range(4)]
    assert items[1].answers == ["a says 1", "gpt-4-0314 says 1"]
    assert items[1].fields["question"] == "Do 1?"
    assert items[1].meta == {
        "name": "q1", "model": "a", "against": "gpt-4-0314", "category": "arena-hard-v0.1", "turn": 1
    }  # fmt: skip
    assert count_of(data, Options(data_dir=str(tmp_path))) == 8
    one = made("arena_hard", tmp_path, {}, models="['b']")
    assert {item.meta["model"] for item in samples(one, tmp_path)} == {"b"}


def test_arena_hard_v2_has_a_baseline_for_each_category_and_leaves_out_its_own_model(tmp_path: Path) -> None:
    files = arena_v2()
    hard = samples(made("arena_hard_v2", tmp_path, files), tmp_path)
    assert [item.answers for item in hard] == [[f"tested {i}", f"o3 {i}"] for i in (0, 2, 4)]
    both = made("arena_hard_v2", tmp_path, files, categories="[]")
    assert [item.meta["against"] for item in samples(both, tmp_path)] == [
        "gemini-2.0-flash-001" if i % 2 else "o3-mini-2025-01-31" for i in range(6)
    ]
    own = made("arena_hard_v2", tmp_path, files, categories="[]", models="['gemini-2.0-flash-001']")
    assert [item.meta["category"] for item in samples(own, tmp_path)] == ["hard_prompt"] * 3
    few = made("arena_hard_v2", tmp_path, files, baseline="{'hard_prompt': 'o3-mini-2025-01-31'}", categories="[]")
    with pytest.raises(DataError, match=r"question\.jsonl:2: there is no baseline for the category 'creative_writing'"):
        samples(few, tmp_path)


def test_mt_bench_pairs_ask_about_each_turn_and_show_those_before(tmp_path: Path) -> None:
    data = made("mt_bench_pairs", tmp_path, mt_bench(["gpt-3.5-turbo", "m"]))
    items = samples(data, tmp_path)
    assert [item.key for item in items] == [f"{q}-{turn}-m-gpt-3.5-turbo" for q in (81, 111) for turn in (1, 2)]
    assert items[0].answers == ["m first", "gpt-3.5-turbo first"]
    assert items[1].answers[0] == "[Turn 1]\nm first\n\n[Turn 2]\nm second"
    assert items[1].fields["question"] == "[Turn 1]\nWrite.\n\n[Turn 2]\nShorten it."
    assert [bool(item.fields["reference_part"]) for item in items] == [False, False, True, True]
    assert "six" not in items[2].fields["reference_part"]
    assert "[Turn 2]\nsix" in items[3].fields["reference_part"]


def test_every_two_models_meet_and_are_rated(tmp_path: Path) -> None:
    data = made("mt_bench_all_pairs", tmp_path, mt_bench(["worst", "best", "middle"]))
    items = samples(data, tmp_path)
    assert len(items) == 3 * 4
    order = ["best", "middle", "worst"]

    def better(sample: Sample, presentation: str) -> Reply:
        first = order.index(sample.meta["model"]) < order.index(sample.meta["against"])
        if sample.key == "81-1-best-worst":  # one surprise, so that every rating is finite
            first = not first
        if sample.key == "81-1-middle-worst":
            return letters("first")  # contradicts itself: a tie
        return letters("first" if first != (presentation == "BA") else "second")

    found = values(scored(data, items, better))
    assert found["consistency"] == pytest.approx(100 * 11 / 12)
    assert (found["win_rate/best"], found["loss_rate/best"]) == (pytest.approx(87.5), pytest.approx(12.5))
    assert found["win_rate_adjusted/middle"] == pytest.approx(100 * 3.5 / 8)
    ratings = [found[f"rating/{name}"] for name in order]
    assert None not in ratings
    assert ratings == sorted(ratings, reverse=True)  # type: ignore[type-var]
    mute = values(scored(data, items, lambda sample, presentation: Reply(status="ok", text="Who is to say?")))
    assert (mute["consistency"], mute["not_compared"]) == (None, 12.0)
    assert not any(name.startswith("rating/") for name in mute)
    unbeaten = scored(data, items, lambda s, v: letters(
        "first" if (order.index(s.meta["model"]) < order.index(s.meta["against"])) != (v == "BA") else "second"
    ))  # fmt: skip
    assert unbeaten["rating/worst"].value is None
    assert "no finite rating" in unbeaten["rating/worst"].note


@pytest.mark.parametrize("name", ["arena_hard", "arena_hard_v2", "mt_bench_pairs"])
def test_wins_against_a_baseline(name: str, tmp_path: Path) -> None:
    files = {
        "arena_hard": arena(["gpt-4-0314", "tested"]),
        "arena_hard_v2": arena_v2(),
        "mt_bench_pairs": mt_bench(["gpt-3.5-turbo", "tested"]),
    }[name]
    data = made(name, tmp_path, files)
    items = samples(data, tmp_path)
    n = float(len(items))
    write = letters if name == "mt_bench_pairs" else brackets
    better = values(scored(data, items, lambda s, v: write("second" if v == "BA" else "first")))
    assert (better["win_rate"], better["wins"]) == (100.0, n)
    worse = values(scored(data, items, lambda s, v: write("first" if v == "BA" else "second")))
    assert (worse["win_rate"], worse["losses"]) == (0.0, n)
    tied = values(scored(data, items, lambda s, v: write("tie")))
    assert (tied["win_rate"], tied["win_rate_adjusted"], tied["ties"]) == (50.0, 50.0, n)
    first = values(scored(data, items, lambda s, v: write("first")))
    assert (first["win_rate"], first["inconsistent"]) == (50.0, n)
    mute = values(scored(data, items, lambda s, v: Reply(status="ok", text="Both have something to them.")))
    assert (mute["win_rate"], mute["not_compared"]) == (None, n)


def test_every_tested_model_has_a_win_rate_of_its_own(tmp_path: Path) -> None:
    data = made("arena_hard", tmp_path, arena(["gpt-4-0314", "good", "bad", "mute"]))

    def reply(sample: Sample, presentation: str) -> Reply:
        if sample.meta["model"] == "mute":
            return Reply(status="ok", text="Who is to say?")
        return brackets("first" if (sample.meta["model"] == "good") == (presentation == "AB") else "second")

    found = scored(data, samples(data, tmp_path), reply)
    assert (found["win_rate/good"].value, found["win_rate/bad"].value) == (100.0, 0.0)
    assert (found["win_rate/mute"].value, found["win_rate/mute"].bounds) == (None, (0.0, 100.0))
    assert (found["win_rate/good"].n, found["win_rate"].n, found["win_rate"].value) == (4, 8, 50.0)


def test_strong_wins_count_three_times(tmp_path: Path) -> None:
    data = made("arena_hard", tmp_path, arena(["gpt-4-0314", "tested"], 2))
    texts = {
        ("q0", "AB"): "[[A>>B]]",
        ("q0", "BA"): "[[A>B]]",
        ("q1", "AB"): "[[A=B]]",
        ("q1", "BA"): "first [[A>B]] then [[a<b]]",
    }
    found = values(
        scored(data, samples(data, tmp_path), lambda s, v: Reply(status="ok", text=texts[(s.key or "")[:2], v]))
    )
    assert found["win_rate"] == pytest.approx(100 * (3 + 0 + 0.5 + 1) / 6)


FAIR = ("FairEval/question.jsonl", "FairEval/answer/answer_gpt35.jsonl", "FairEval/answer/answer_vicuna-13b.jsonl")
HUMAN = "FairEval/review/review_gpt35_vicuna-13b_human.txt"


def fair_eval(decisions: Sequence[str] = ("CHATGPT", "TIE", "VICUNA13B")) -> Files:
    every = range(1, len(decisions) + 1)
    return {
        FAIR[0]: [{"question_id": i, "text": f"Why {i}?", "category": ["generic", "coding"][i % 2]} for i in every],
        FAIR[1]: [{"question_id": i, "text": f"because {i}", "model_id": "gpt-3.5-turbo:20230327"} for i in every],
        FAIR[2]: [{"question_id": i, "text": f"so {i}", "model_id": "vicuna-13b:20230322"} for i in every],
        HUMAN: list(decisions),
    }


def test_fair_eval_joins_questions_both_answers_and_peoples_verdicts(tmp_path: Path) -> None:
    data = made("fair_eval", tmp_path, fair_eval())
    items = samples(data, tmp_path)
    assert [(item.key, item.gold) for item in items] == [("1", "A"), ("2", "tie"), ("3", "B")]
    assert (items[2].fields["question"], items[2].answers) == ("Why 3?", ["because 3", "so 3"])
    side = {"A": "first", "B": "second", "tie": "tie"}
    mirror = {"first": "second", "second": "first", "tie": "tie"}

    def perfect(sample: Sample, presentation: str) -> Reply:
        said = side[sample.gold]
        return scored_at_the_end(mirror[said] if presentation == "BA" else said)

    found = values(scored(data, items, perfect))
    assert (found["accuracy"], found["accuracy/coding"], found["kappa"]) == (100.0, 100.0, 1.0)


def test_what_samples_disagree_about_is_what_people_should_decide(tmp_path: Path) -> None:
    data = made("fair_eval", tmp_path, fair_eval(["CHATGPT"] * 5))
    items = samples(data, tmp_path)
    asked: dict[str, int] = {}

    def reply(sample: Sample, presentation: str) -> Reply:
        asked[presentation] = asked.get(presentation, 0) + 1
        if sample.key == "3":  # two of three for the wrong answer in either order
            first = (asked[presentation] % 3 == 0) == (presentation == "AB")
            return scored_at_the_end("first" if first else "second")
        return scored_at_the_end("first" if presentation == "AB" else "second")

    found = values(scored(data, items, reply))
    entropy = -(math.log(1 / 3) / 3 + 2 * math.log(2 / 3) / 3)
    assert found["diversity_entropy"] == pytest.approx(entropy / 5)
    assert (found["accuracy"], found["accuracy_with_people"]) == (80.0, 100.0)
    assert (found["first_order"], found["second_order"]) == (80.0, 80.0)
    always_first = values(scored(data, items, lambda s, v: scored_at_the_end("first")))
    assert (always_first["first_order"], always_first["second_order"]) == (100.0, 0.0)
    assert always_first["diversity_entropy"] == pytest.approx(math.log(2))
    mute = scored(data, items, lambda s, v: scored_at_the_end(None))
    assert (mute["diversity_entropy"].value, mute["accuracy_with_people"].value) == (None, 20.0)


def test_fair_eval_does_not_trust_the_last_score_of_a_reply_that_was_cut_off(tmp_path: Path) -> None:
    data = made("fair_eval", tmp_path, fair_eval())
    cut = msgspec.structs.replace(scored_at_the_end("first"), finish_reason="length")
    assert values(scored(data, samples(data, tmp_path), lambda s, v: cut))["unread"] == 3.0


def broken(name: str, tmp_path: Path, change: dict[str, list[Any]], **keys: Any) -> DatasetConfig:
    files = {
        "fair_eval": fair_eval(),
        "arena_hard": arena(["gpt-4-0314", "a"]),
        "mt_bench_pairs": mt_bench(["gpt-3.5-turbo", "m"]),
        "arena_hard_v2": arena_v2(),
    }[name]
    return made(name, tmp_path, {**files, **change}, **keys)


ANSWERS = "arena-hard-v0.1/model_answer/a.jsonl"
GOOD = arena(["a"])[ANSWERS]


@pytest.mark.parametrize(
    ("name", "change", "message"),
    [
        ("fair_eval", {HUMAN: ["CHATGPT", "TIE"]}, r"human\.txt: 3 lines were expected, one per question, and 2 found"),
        ("fair_eval", {HUMAN: ["CHATGPT", "GPT4", "TIE"]}, r"human\.txt:2: the line says 'GPT4'; one of 'CHATGPT'"),
        ("fair_eval", {FAIR[2]: [{"question_id": 1, "text": "so"}]}, r"question\.jsonl:2: .*'vicuna-13b' has no"),
        ("arena_hard", {ANSWERS: [*GOOD, GOOD[0]]}, r"a\.jsonl:5: the question 'q3' is also in a previous row"),
        ("arena_hard", {ANSWERS: GOOD[:2]}, r"question\.jsonl:1: the model 'a' has no answer to 'q0'"),
        ("arena_hard", {ANSWERS: [{**GOOD[0], "choices": []}, *GOOD[1:]]}, r"a\.jsonl:1: choices\[0\]\.turns"),
        ("arena_hard", {ANSWERS: [{**GOOD[0], "question_id": None}]}, r"a\.jsonl:1: question_id \(or uid\)"),
        ("arena_hard", {"arena-hard-v0.1/question.jsonl": [{"question_id": "q0", "turns": [{"content": ["x", 1]}]}]},
         r"question\.jsonl:1: turns, prompt or text was expected"),
        ("mt_bench_pairs", {"mt_bench/model_answer/m.jsonl": [chat(81, "one")]},
         r"m\.jsonl:1: 2 turns were asked and 1 answered"),
        ("arena_hard_v2", {"arena-hard-v2.0/model_answer/tested.jsonl": [{"uid": "u0", "messages": []}]},
         r"tested\.jsonl:1: messages with the role assistant"),
    ],
)  # fmt: skip
def test_a_broken_file_is_one_error_with_file_and_row(
    name: str, change: dict[str, list[Any]], message: str, tmp_path: Path
) -> None:
    data = broken(name, tmp_path, change)
    with pytest.raises(DataError, match=message):
        samples(data, tmp_path)


def test_verdicts_of_people_are_about_one_pair_of_models(tmp_path: Path) -> None:
    data = broken("fair_eval", tmp_path, {"FairEval/answer/answer_gpt4.jsonl": fair_eval()[FAIR[1]]},
                  models="['gpt35', 'gpt4']")  # fmt: skip
    with pytest.raises(DataError, match="one pair of models, not 2"):
        samples(data, tmp_path)


def test_the_name_of_the_file_is_the_models_whatever_its_rows_say(tmp_path: Path) -> None:
    renamed = [{**row, "model_id": "something-else"} for row in GOOD]
    items = samples(broken("arena_hard", tmp_path, {ANSWERS: renamed}), tmp_path)
    assert {item.meta["model"] for item in items} == {"a"}


def test_two_files_with_the_same_answers_are_two_models_and_nobody_is_asked(tmp_path: Path) -> None:
    copy = {"arena-hard-v0.1/model_answer/gpt-4-0314.jsonl": GOOD}
    data = broken("arena_hard", tmp_path, copy)
    asked: list[str] = []

    def reply(sample: Sample, presentation: str) -> Reply:
        asked.append(presentation)
        return brackets("first")

    found = values(scored(data, samples(data, tmp_path), reply))
    assert (asked, found["win_rate"], found["ties"]) == ([], 50.0, 4.0)


def test_missing_files_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("JB_DATA_DIR", raising=False)
    files = arena(["gpt-4-0314"])
    with pytest.raises(DataError, match=r"no answers to compare \(files found: gpt-4-0314\)"):
        samples(made("arena_hard", tmp_path, files), tmp_path)
    (tmp_path / "arena-hard-v0.1/model_answer/gpt-4-0314.jsonl").unlink()
    with pytest.raises(MissingDataError, match=r"model_answer/\*\.jsonl"):
        samples(made("arena_hard", tmp_path, {}), tmp_path)
    made("arena_hard", tmp_path, {ANSWERS: GOOD})
    with pytest.raises(MissingDataError, match=r"model_answer/gpt-4-0314\.jsonl"):
        samples(made("arena_hard", tmp_path, {}), tmp_path)


def test_a_change_in_any_of_the_files_changes_the_stamp(tmp_path: Path) -> None:
    data = made("mt_bench_pairs", tmp_path, mt_bench(["gpt-3.5-turbo", "m"]))
    options = Options(data_dir=str(tmp_path))
    stamps = {stamp_of(data, options)}
    for path in sorted(tmp_path.rglob("*.jsonl")):
        path.write_text(path.read_text("utf-8") + "\n", "utf-8")
        stamps.add(stamp_of(data, options))
    assert len(stamps) == 1 + 4
    made("mt_bench_pairs", tmp_path, {"mt_bench/model_answer/other.jsonl": [json.loads("{}")]})
    assert stamp_of(data, options) not in stamps
