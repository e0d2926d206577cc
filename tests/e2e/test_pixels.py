"""Image questions, answers that are images and their judges, told apart by services that read the pixels."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import signal
import subprocess
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from judgebench.content.image_files import size_of
from judgebench.testing.faultservice import FaultService, prompt_text
from tests.e2e.harness import Bench, Done, environment, run, slower_after, wait_until
from tests.e2e.test_images import check_no_base64, stored
from tests.e2e.test_kills import processes_of
from tests.pixels import drawn, draws, gold, judges, pictures, read, seen

N = 8
IMAGE = {"type": "image", "image": "{question_images}"}
POINT = [IMAGE, {"type": "image", "image": "{answer_images}"}, {"type": "text", "text": "Is the second right?"}]
PAIR = [
    IMAGE,
    {"type": "text", "text": "A:"},
    {"type": "image", "image": "{first_images}"},
    {"type": "text", "text": "B:"},
    {"type": "image", "image": "{second_images}"},
]


def question(number: int) -> str:
    return f"{number} + {2 * number + 1} (no. {number})"


def write_questions(folder: Path) -> None:
    (folder / "shots").mkdir()
    rows = []
    for number in range(N):
        (folder / "shots" / f"{number}.png").write_bytes(drawn(question(number)))
        rows.append({"shot": f"shots/{number}.png", "answer": gold(question(number))})
    (folder / "sums.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))


def judged(name: str, prompts: list[dict[str, Any]], aggregate: dict[str, Any], url: str, **keys: Any) -> str:
    """Return a config of a judge that is shown pictures."""
    decisions = {"A": "A", "B": "B", "C": "tie"} if "compare_with" in keys else {"A": "correct", "B": "incorrect"}
    method = {"presentations": prompts, "parser": {"type": "anchored", "decisions": decisions}, "aggregate": aggregate}
    return (
        "from judgebench.judges import DeclaredJudge\nfrom judgebench.models import VLLMCustomAPIChat\n"
        f"judges = [dict(abbr={name!r}, **{keys!r}, judge_model=dict(type=VLLMCustomAPIChat, abbr='j', model='j',\n"
        f"    url={url!r}, batch_size=1, retry=0), method=dict(type=DeclaredJudge, **{method!r}))]\n"
    )


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    with (
        FaultService(draws(), model="m") as model,
        FaultService(draws(wrong=2), model="w") as worse,
        FaultService(judges, model="j") as judge,
    ):
        bench = Bench(tmp_path, model, judge)
        bench.write()
        write_questions(tmp_path)
        configs = tmp_path / "configs"
        for name, service in (("good", model), ("worse", worse)):
            (configs / "models" / f"{name}.py").write_text(
                "from judgebench.models import VLLMCustomAPIChat\n"
                f"models = [dict(type=VLLMCustomAPIChat, abbr={name!r}, model={service.model!r}, url={service.url!r},\n"
                "    batch_size=2, retry=0)]\n"
            )
        (configs / "datasets" / "sums.py").write_text(
            "from judgebench.datasets import JsonlDataset\n"
            "sums_datasets = [dict(abbr='sums', type=JsonlDataset, path='sums.jsonl', input_columns=[],\n"
            "    image_columns=['shot'], output_column='answer',\n"
            "    prompt=[dict(role='user', content='Draw the sum: {shot}')])]\n"
        )
        point = judged("points", [{"prompt": [{"role": "user", "content": POINT}]}],
                       {"type": "first", "unread": "unparsed"}, judge.url)  # fmt: skip
        (configs / "judges" / "points.py").write_text(point)
        orders = [{"name": one, "order": one, "prompt": [{"role": "user", "content": PAIR}]} for one in ("AB", "BA")]
        pair = judged("pairs", orders, {"type": "both_or_tie", "unread": "unparsed"}, judge.url, compare_with="worse")
        (configs / "judges" / "pairs.py").write_text(pair)
        yield bench


def sums(bench: Bench, *flags: str) -> list[str]:
    judges_ = ["--judges", "points", "pairs"]
    return bench.command("--no-preflight", *judges_, *flags, dataset="sums", models=("good", "worse"))


def shown_to_the_judge(bench: Bench) -> Counter[tuple[str, ...]]:
    return Counter(tuple(seen(one.body)) for one in bench.judge.requests if len(pictures(one.body)) > 1)


def test_drawn_answers_are_judged_in_points_and_pairs_and_resumed_after_kill_9(bench: Bench) -> None:
    slower_after(9, bench.judge)
    process = subprocess.Popen(
        sums(bench), cwd=bench.folder, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        text=True, start_new_session=True,
    )  # fmt: skip
    wait_until(lambda: len(bench.judge.requests) > 9 or process.poll() is not None)
    for pid in (process.pid, *processes_of(bench.folder)):
        os.kill(pid, signal.SIGKILL)
    process.communicate(timeout=200)
    wait_until(lambda: not processes_of(bench.folder))
    recorded = Counter(
        line["uuid"] for path in (bench.run / "predictions").rglob("sums-*.jsonl") for line in _whole_lines(path)
    )
    assert 0 < len(recorded) < 4 * N
    bench.judge.latency = 0.0
    bench.judge.requests.clear()
    bench.model.requests.clear()
    done: Done = run(sums(bench, "--reuse"), bench.folder)
    assert done.code == 0, done.text
    assert not bench.model.requests  # the answers were there
    right, wrong = [gold(question(i)) for i in range(N)], [str(int(gold(question(i))) + (i % 2 == 0)) for i in range(N)]
    points = Counter({(question(i), answers[i]): 1 for i in range(N) for answers in (right, wrong)})
    for i in range(1, N, 2):  # both models drew the same, and a picture that is asked about twice is asked twice
        points[question(i), right[i]] = 2
    pairs = Counter(
        {(question(i), *order): 1 for i in range(N) for order in ((right[i], wrong[i]), (wrong[i], right[i]))}
    )
    for i in range(1, N, 2):
        pairs[question(i), right[i], right[i]] = 2
    asked = shown_to_the_judge(bench)
    assert asked.total() == 4 * N - recorded.total()  # what was judged before the kill is not asked again
    assert not asked - (points + pairs)
    assert bench.result("sums-points", "good")["metrics"]["accuracy"]["value"] == 100.0
    assert bench.result("sums-points", "worse")["metrics"]["accuracy"]["value"] == 50.0
    compared = bench.result("sums-pairs", "good")["metrics"]
    assert compared["win_rate"]["value"] == 75.0  # right against wrong in half of them, a tie in the others
    drawings = {drawn(text) for text in [*map(question, range(N)), *right, *wrong]}
    assert stored(bench.run) == {hashlib.sha256(data).hexdigest(): data for data in drawings}
    check_no_base64(bench.run)
    shown = run([*bench.command()[:3], "items", "latest", "sums-points", "3", "--model", "good"], bench.folder).out
    assert f"[image {hashlib.sha256(drawn(right[3])).hexdigest()[:12]}]" in shown.partition("--- answer of")[2]


def _whole_lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines() if line.endswith("}")]


def test_a_rule_scores_no_picture_and_a_judge_of_texts_is_shown_none(bench: Bench) -> None:
    text = [{"type": "text", "text": "{answer}"}]
    config = judged("texts", [{"prompt": [{"role": "user", "content": text}]}],
                    {"type": "first", "unread": "unparsed"}, bench.judge.url)  # fmt: skip
    (bench.folder / "configs" / "judges" / "texts.py").write_text(config)
    command = bench.command("--no-preflight", "--judges", "texts", dataset="sums", models=("good",))
    done = run(command, bench.folder)
    assert not bench.judge.requests, done.text
    counts = bench.result("sums-texts", "good")["counts"]
    assert (counts["planned"], counts["ok"], counts["not_judged"]) == (N, 0, N)


def test_a_file_of_pictures_is_judged_and_its_models_drawings_stand_once(bench: Bench) -> None:
    (bench.folder / "drawn").mkdir()
    rows = []
    for number in range(4):
        (bench.folder / "drawn" / f"{number}.png").write_bytes(drawn(str(int(gold(question(number))) + number % 2)))
        picture = base64.b64encode(drawn(gold(question(number)))).decode()
        about = {"id": number, "instruction": "Draw the sum.", "shot": f"shots/{number}.png"}
        rows += [
            {**about, "model": "file", "edited": f"drawn/{number}.png"},
            {**about, "model": "b64", "edited": picture},
        ]
    (bench.folder / "edits.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    meta = {"image_columns": ["shot"], "prediction_images": ["edited"]}
    (bench.folder / "edits.jsonl.meta.json").write_text(json.dumps(meta))
    done = run([*bench.command()[:3], "--predictions", "edits.jsonl", "--judges", "points"], bench.folder)
    assert done.code == 0, done.text
    found = {model: bench.result("edits-points", model)["metrics"]["accuracy"]["value"] for model in ("file", "b64")}
    assert found == {"file": 50.0, "b64": 100.0}
    assert {read(data) for data in stored(bench.run).values()} >= {question(i) for i in range(4)}
    check_no_base64(bench.run)


def test_two_pictures_are_no_equal_answers_and_a_label_belongs_to_the_picture(bench: Bench) -> None:
    orders = [{"name": one, "order": one, "prompt": [{"role": "user", "content": PAIR}]} for one in ("AB", "BA")]
    config = judged(
        "pairs", orders, {"type": "both_or_tie", "unread": "unparsed"}, bench.judge.url, compare_with="worse"
    )
    config = config.replace("DeclaredJudge, **{", "DeclaredJudge, skip_equal='tie', **{")
    (bench.folder / "configs" / "judges" / "pairs.py").write_text(config)
    command = bench.command("--no-preflight", "--judges", "pairs", dataset="sums", models=("good", "worse"))
    done = run(command, bench.folder)
    assert done.code == 0, done.text
    lines = _whole_lines(bench.run / "verdicts" / "good" / "sums-pairs.jsonl")
    assert [line.get("equal_answers", False) for line in lines] == [number % 2 == 1 for number in range(N)]
    assert len(shown_to_the_judge(bench)) == N  # half of the pairs, each in both orders
    assert len({line["answer_hash"] for line in lines}) == N


def test_images_are_sent_no_larger_than_the_rule_and_a_broken_one_fails_alone(bench: Bench) -> None:
    for number in range(N):
        (bench.folder / "shots" / f"{number}.png").write_bytes(drawn(question(number), pixels=600))
    whole = (bench.folder / "shots" / "3.png").read_bytes()
    (bench.folder / "shots" / "3.png").write_bytes(whole[:60] + bytes(len(whole) - 80) + whole[-20:])
    config = bench.folder / "configs" / "datasets" / "sums.py"
    config.write_text(config.read_text().replace("input_columns=[]", "input_columns=[], resize=dict(longest_side=240)"))
    done = run(bench.command("--no-preflight", "--judges", "points", dataset="sums", models=("good",)), bench.folder)
    assert done.code == 4, done.text  # some items failed
    (error,) = [row["error"] for row in bench.rows("sums", "good") if row["id"] == 3]
    assert "cannot be made smaller: it cannot be decoded" in error["message"]
    counts = bench.result("sums-points", "good")["counts"]
    assert (counts["planned"], counts["ok"], counts["prediction_failed"]) == (N, N - 1, 1)
    assert bench.result("sums-points", "good")["metrics"]["accuracy"]["value"] == 100.0
    sent = [data for service in (bench.model, bench.judge) for one in service.requests for data in pictures(one.body)]
    questions = [data for data in sent if "no. " in read(data)]
    assert len(questions) == 2 * (N - 1)  # the judge is shown the same
    assert all(max(size_of(data) or ()) == 240 for data in questions)
    for row in bench.rows("sums", "good"):
        assert row["origin_prompt"][0]["content"][1]["resize"] == {"longest_side": 240}
    check_no_base64(bench.run)


def rates(body: dict[str, Any]) -> str:
    """A judge that answers the shipped questions about pictures: two ratings, or which of two is better."""
    if "VERDICT" in prompt_text(body):
        return judges(body)
    shown = seen(body)
    if len(shown) < 2:
        return '{"reasoning": "a clean code", "score": [9, 10]}'
    return f'{{"reasoning": "read", "score": [{4 if shown[1] == gold(shown[0]) else 0}, 8]}}'


def test_the_shipped_judges_of_pictures_score_and_compare_what_two_models_drew(bench: Bench) -> None:
    with FaultService(rates, model="r") as judge:
        command = bench.command(
            "--no-preflight", "--judges", "picture_edit", "picture_pair", dataset="sums", models=("worse", "good")
        )
        config = bench.folder / "configs" / "datasets" / "sums.py"
        text = config.read_text().replace("input_columns=[]", "input_columns=['question']")
        config.write_text(text.replace("Draw the sum: {shot}", "{question}: {shot}"))
        rows = (bench.folder / "sums.jsonl").read_text().replace('{"shot"', '{"question": "Draw the sum", "shot"')
        (bench.folder / "sums.jsonl").write_text(rows)
        done = run(command, bench.folder, env={"JB_JUDGE_URL": judge.url})
    assert done.code == 0, done.text
    assert bench.result("sums-picture_edit", "good")["metrics"]["mean_score"]["value"] == pytest.approx(6)
    assert bench.result("sums-picture_edit", "worse")["metrics"]["mean_score"]["value"] == pytest.approx(3)
    assert bench.result("sums-picture_pair", "good")["metrics"]["win_rate"]["value"] == 75.0
