"""What simulated judges score on the benchmarks whose items show pictures."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from pyarrow import parquet

from judgebench.config.resolve import load_run
from judgebench.content.parts import Image
from judgebench.errors import DataError
from judgebench.judges.core.contract import method_of
from judgebench.judges.parsers.reading import parser_of
from judgebench.records.flow import Reply, Sample
from judgebench.records.request import Selection
from judgebench.stages.asks import benchmark_case
from tests.e2e.test_images import png
from tests.replay.simulated import samples, scored, values


def said(text: str) -> Reply:
    return Reply(status="ok", text=text)


def pictures(folder: Path, *names: str) -> None:
    for shade, name in enumerate(names):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(png(shade))


SCORE = {"score_id": 61, "image_path": "40.jpg", "original_dataset": "mm-vet", "instruction": "What is it?"}
PAIR = {"pair_id": 8, "image_path": "40.jpg", "original_dataset": "mm-vet", "instruction": "What is it?"}
TWO = {"answer1": {"name": "q", "answer": "a cup"}, "answer2": {"name": "l", "answer": "a dog"}}
BATCH = {"image_path": "40.jpg", "original_dataset": "d", "instruction": "What is it?", "comparison": 2}
THREE = [{"name": name, "answer": f"it is {name}"} for name in ("x", "y", "z")]


def mllm(folder: Path, rows: list[dict[str, Any]], task: str) -> tuple[Any, list[Sample]]:
    pictures(folder, "mllm_judge/images/40.jpg")
    file = folder / "mllm_judge" / f"{task}.jsonl"
    file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    data = next(one for one in _all("mllm_judge") if one.abbr == f"mllm_judge_{task}")
    return data, samples(data, folder)


def _all(name: str) -> list[Any]:
    return list(load_run(Selection(models=["vllm_api_general_chat"], datasets=[name]), {}).datasets.values())


def test_grades_of_mllm_as_a_judge_correlate_in_each_source_set(tmp_path: Path) -> None:
    people = [("a", "1"), ("a", "3"), ("a", "5"), ("b", "2"), ("b", "4"), ("b", "4")]
    rows = [{**SCORE, "id": at, "original_dataset": source, "name": "llava", "answer": f"answer {at}", "human": grade}
            for at, (source, grade) in enumerate(people)]  # fmt: skip
    data, items = mllm(tmp_path, rows, "score")
    assert [item.gold for item in items] == [1, 3, 5, 2, 4, 4]
    replies = iter(["SCORE: 1", "SCORE: 3", "SCORE: 5", "SCORE: 4", "SCORE: 2", "It is a fine 4 or so"])
    found = values(scored(data, items, lambda sample, presentation: said(next(replies))))
    assert (found["pearson/a"], found["pearson/b"]) == (pytest.approx(1), pytest.approx(-1))
    assert found["pearson_by_part"] == pytest.approx(0)
    assert next(iter(found)) == "pearson_by_part"
    assert found["unread"] == 1


def test_pairs_of_mllm_as_a_judge_count_with_and_without_ties(tmp_path: Path) -> None:
    rows = [
        {**PAIR, **TWO, "instruction": f"No. {at}?", "human": letter}
        for at, letter in enumerate(["A", "B", "C", "A", "[C]"])
    ]
    data, items = mllm(tmp_path, rows, "pair")
    assert [item.gold for item in items] == ["A", "B", "tie", "A", "tie"]
    replies = iter(["VERDICT: A", "VERDICT: A", "VERDICT: C", "VERDICT: C", "VERDICT: B"])
    found = values(scored(data, items, lambda sample, presentation: said(next(replies))))
    assert found["accuracy"] == pytest.approx(40)
    assert found["accuracy_without_ties"] == pytest.approx(50)


def test_orders_of_mllm_as_a_judge_are_as_far_as_their_edits(tmp_path: Path) -> None:
    golds = ["CAB", "[C][A][B]", "CAB", "CAB"]
    rows = [
        {**BATCH, "instruction": f"No. {at}?", "answers": THREE, "human_answer": gold} for at, gold in enumerate(golds)
    ]
    data, items = mllm(tmp_path, rows, "batch")
    assert "Answer C:\nit is z" in items[0].fields["listed"]
    replies = iter(["So: [[C, A, B]]", '{"judgement": "[A][B][C]"}', "[[C, A]]", "[[A, B, C]] or rather [[C, A, B]]"])
    found = values(scored(data, items, lambda sample, presentation: said(next(replies))))
    assert found["edit_distance"] == pytest.approx((0 + 2 / 3) / 2)
    assert found["edit_distance_as_published"] == pytest.approx((0 + 2 / 3 + 1 / 3) / 3)
    assert (found["unread"], found["same_order"], found["same_best"]) == (2, 50, 50)


@pytest.mark.parametrize(
    ("task", "row", "message"),
    [
        ("score", {**SCORE, "name": "l", "answer": "x", "human": "6"}, "a grade from 1 to 5"),
        ("pair", {**PAIR, **TWO, "human": "D"}, "A, B or C"),
        ("batch", {**BATCH, "answers": THREE, "human_answer": "CAA"}, "an order of 3 letters"),
        ("batch", {**BATCH, "answers": "x", "human_answer": "CAB"}, "answers must hold a list"),
    ],
)
def test_a_strange_label_is_named_before_anything_is_asked(
    tmp_path: Path, task: str, row: dict[str, Any], message: str
) -> None:
    with pytest.raises(DataError, match=message):
        mllm(tmp_path, [row], task)


def viescore(folder: Path) -> tuple[Any, list[Sample]]:
    tables = folder / "viescore/_human_annotations/ImagenHub_human_eval_results/ImagenHub_Text-Guided_IE"
    tables.mkdir(parents=True)
    for rater, (one, other) in enumerate([("[0.5, 1]", "[1,1]"), ("[0, 0.5]", "[1, 0.5]"), ("[0,0]", "[0.5,1]")], 1):
        text = f"uid\tDiffEdit\tSDEdit\ns_1.jpg\t{one}\t{other}\ns_2.jpg\t{other}\t{one}\n"
        (tables / f"Text-Guided_IE_rater{rater}.tsv").write_text(text)
    names = [f"{model}/s_{at}.jpg" for model in ("input", "DiffEdit", "SDEdit") for at in (1, 2)]
    pictures(folder, *(f"viescore/images/ImagenHub_Text-Guided_IE/{name}" for name in names))
    (folder / "viescore/instructions").mkdir()
    instructions = {"s_1.jpg": "make it blue", "s_2.jpg": "add a hat"}
    (folder / "viescore/instructions/ImagenHub_Text-Guided_IE.json").write_text(json.dumps(instructions))
    data = next(one for one in _all("viescore") if one.abbr == "viescore_text_guided_ie")
    return data, samples(data, folder)


def test_viescore_takes_the_least_of_each_aspect_and_the_root_of_their_product(tmp_path: Path) -> None:
    data, items = viescore(tmp_path)
    assert [item.meta["image_model"] for item in items] == ["DiffEdit", "SDEdit", "DiffEdit", "SDEdit"]
    assert items[0].gold == [[0.5, 1], [0, 0.5], [0, 0]]
    replies = {
        (0, "SC"): '{"reasoning": "poor", "score": [2, 9]}',
        (0, "PQ"): "[8, 10]",
        (1, "SC"): '{"score": [9, 10]}',
        (1, "PQ"): '```json\n{"score": [4, 5]}\n```',
        (2, "SC"): '{"score": [9.5, 10]}',
        (2, "PQ"): '{"score": [4]}',  # one number where two were asked for
        (3, "SC"): '{"score": [2, 11]}',  # off the scale
        (3, "PQ"): '{"score": [5, 5]}',
    }
    found = values(scored(data, items, lambda sample, presentation: said(replies[sample.id, presentation])))
    assert (found["overall/DiffEdit"], found["overall/SDEdit"]) == (pytest.approx(4), pytest.approx(6))
    assert (found["aspect/SC"], found["aspect/PQ"]) == (5.5, 6)
    assert (found["judged"], found["unread"], found["only/SC"], found["only/PQ"]) == (2, 2, 1, 1)
    assert found["overall_unread_as_0"] == pytest.approx(10 / 4)
    assert found["spearman"] is None  # one item of each model says nothing


@pytest.mark.parametrize(
    ("written", "published", "honest"),
    [
        ('{"score": [6, 8]}', 0.6, 6),
        ('{"score": [6.7, 8]}', 0.6, 6.7),
        ('{"score": 6.5}', 0.65, None),
        ('{"score": [6]}', 0.6, None),
        ('{"score": [12, 11]}', 1.0, None),
        ('{"score": "[6, 8]"}', None, None),
        ('{"score": []}', None, None),
        ("no", None, None),
    ],
)
def test_the_published_reading_bends_what_the_honest_one_refuses(
    written: str, published: float | None, honest: float | None
) -> None:
    read = [parser_of(name).read(said(written)) for name in ("viescore_list", "score_list")]
    assert [one.score for one in read] == [published if published is None else pytest.approx(published), honest]
    assert [one.status for one in read] == ["unparsed" if one is None else "ok" for one in (published, honest)]


def test_gedit_is_read_as_aisbench_reads_it() -> None:
    parser = parser_of("aisbench_int_list")
    assert parser.read(said("I give [7, 8]; earlier [1, 2]")).score == 7
    assert parser.read(said("[7.5, 8]")).status == "unparsed"


def bias_rows(scores: dict[str, int]) -> list[dict[str, Any]]:
    return [
        {"demographic": who, "occupation": job, "images_dir": f"p/{job}_{who}.jpg", "prompt": f"A {job}."}
        | {"age": True, "gender": True, "race": who == "old", "nationality": False, "religion": False}
        for job, who in (name.split() for name in scores)
    ]


def bias(folder: Path, scores: dict[str, int], abbr: str = "mj_bench_bias") -> tuple[Any, list[Sample]]:
    rows = bias_rows(scores)
    pictures(folder, *(f"mj_bench_bias/{row['images_dir']}" for row in rows))
    (folder / "mj_bench_bias/new_bias_dataset.json").write_text(json.dumps(rows))
    data = next(one for one in _all("mj_bench_bias") if one.abbr == abbr)
    return data, samples(data, folder)


def test_evenness_is_that_of_each_occupation(tmp_path: Path) -> None:
    scores = {"Baker old": 1, "Baker young": 5, "Clerk old": 5, "Clerk young": 5, "Clerk tall": 5}
    data, items = bias(tmp_path, scores)
    replies = dict(zip((item.key for item in items), scores.values(), strict=True))
    found = values(scored(data, items, lambda sample, presentation: said(f"SCORE: {replies[sample.key]}")))
    baker, clerk = (0, 1 - 0.5, 1 - 0.5 / 0.5), (1, 1, 1)
    for at, name in enumerate(("acc", "ges", "nds")):
        assert found[name] == pytest.approx((2 * baker[at] + 3 * clerk[at]) / 5)
        assert found[f"{name}_by_subject"] == pytest.approx((baker[at] + clerk[at]) / 2)
        assert found[f"{name}/race"] == pytest.approx((baker[at] + clerk[at]) / 2)
        assert found[f"{name}/religion"] is None
    assert found["nds_as_given"] == pytest.approx((2 * (1 - 2 / 3) + 3) / 5)
    assert (found["grade/5"], found["least"], found["greatest"]) == (4, 1, 5)


def test_a_judge_that_scores_everybody_alike_is_said_to_tell_nothing(tmp_path: Path) -> None:
    data, items = bias(tmp_path, {"Baker old": 3, "Baker young": 3})
    found = scored(data, items, lambda sample, presentation: said("SCORE: 3"))
    assert found["acc"].value == found["ges"].value == found["nds"].value == 1
    assert "tells nothing" in found["acc"].note


def test_words_are_read_where_they_stand_alone() -> None:
    words = {"Extremely Poor": 1, "Poor": 2, "Good": 4}
    honest, published = (parser_of({"type": "word_scale", "words": words, "published": way}) for way in (False, True))
    assert honest.read(said(" Extremely Poor\n```")).score == 1
    assert honest.read(said("Rating: **good**")).score == 4
    assert honest.read(said("It is not good.")).status == "unparsed"
    assert published.read(said("It is not good.")).score == 4
    assert honest.read(said("Good\nPoor")).status == "unparsed"


def test_pairs_of_mj_bench_by_perspective(tmp_path: Path) -> None:
    (tmp_path / "mj_bench").mkdir()
    for at, split in enumerate(("alignment", "safety", "quality")):
        image = [{"bytes": png(at), "path": None}, {"bytes": png(at + 1), "path": None}]
        table = pa.table({"caption": ["a cat", "a dog"], "image0": image, "image1": image[::-1], "label": [0, 1]})
        parquet.write_table(table, tmp_path / "mj_bench" / f"{split}.parquet")
    both, single = _all("mj_bench")
    items = samples(both, tmp_path)
    assert [item.gold for item in items] == ["A", "B"] * 3
    always_a = values(scored(both, items, lambda sample, presentation: said("VERDICT: A")))
    assert (always_a["accuracy"], always_a["consistency"], always_a["first_shown_rate"]) == (0, 0, 100)
    right = {"A": ("SCORE: 8", "SCORE: 3"), "B": ("SCORE: 3", "SCORE: 3")}
    found = values(scored(single, items, lambda sample, name: said(right[sample.gold][name == "second"])))
    assert found["accuracy/safety"] == 50
    assert found["accuracy_without_ties"] == 100


def test_the_pictures_of_a_pair_change_places_with_the_order(tmp_path: Path) -> None:
    both, _ = _all("mj_bench")
    one, other = (Image(sha256=letter * 64, media_type="image/png") for letter in "ab")
    sample = Sample(id=0, uid="u", fields={"caption": "a cat", "first_images": one, "second_images": other}, gold="A")
    (_, first), (_, second) = method_of(both.method).prompts(benchmark_case(sample, 0))
    shown = [
        [part["sha256"][0] for part in prompt[0]["content"] if part["type"] == "image"] for prompt in (first, second)
    ]
    assert shown == [["a", "b"], ["b", "a"]]
