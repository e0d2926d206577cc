"""Seven plug-ins, each of one file and one config: ``jb`` runs them, and no file of ``judgebench/`` knows of them."""

from __future__ import annotations

import json
import re
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from judgebench.testing.faultservice import FaultService
from tests.e2e.conftest import stand
from tests.e2e.harness import JB, ROOT, Bench, Done, prompt_text, run
from tests.e2e.test_images import look, pictures, png, write_configs, write_rows

BROUGHT = Path(__file__).parent / "brought"


def bring(bench: Bench, name: str) -> None:
    """Put the one file and the one config of a plug-in into the folder of a benchmark."""
    (config,) = BROUGHT.glob(f"configs/*/{name}.py")
    for path in (BROUGHT / f"{name}.py", config):
        place = bench.folder / path.relative_to(BROUGHT)
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, place)


def jb(bench: Bench, *words: str, **variables: str) -> Done:
    return run([*JB, *words], bench.folder, env={"PYTHONPATH": f"{ROOT}:{bench.folder}", **variables})


def test_there_are_seven_and_each_has_one_file_and_one_config() -> None:
    files = {path.stem: path.read_text("utf-8") for path in BROUGHT.glob("*.py")}
    configs = sorted(path.stem for path in BROUGHT.glob("configs/*/*.py"))
    assert sorted(files) == configs
    assert len(files) == 7
    known = "\n".join(path.read_text("utf-8") for path in (ROOT / "judgebench").rglob("*.py"))
    classes = {stem: re.findall(r"^class (\w+)", text, re.MULTILINE) for stem, text in files.items()}
    assert all(classes.values())
    paths = [rf"{stem}[.:]{name}\b" for stem, names in classes.items() for name in names]
    assert re.findall("|".join(paths), known) == []


def test_a_metric_with_a_table_and_slices(bench: Bench) -> None:
    """The judge calls the last of six answers wrong; the questions are of two levels."""
    bring(bench, "word_count")
    rows = [json.loads(line) for line in (bench.folder / "toy.jsonl").read_text().splitlines()]
    rows = [
        {**row, "level": at % 2, "question": row["question"] + " Say so." * (at % 2)} for at, row in enumerate(rows)
    ]
    (bench.folder / "toy.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    done = jb(bench, "--models", "toy_model", "--datasets", "word_count")
    assert done.code == 0, done.text
    metrics = bench.result("words-judge")["metrics"]
    assert {name: (one["value"], one["n"]) for name, one in metrics.items()} == {
        "words": (5.0, 6), "words/correct": (pytest.approx(4.8), 5), "words/incorrect": (6.0, 1),
    }  # fmt: skip
    assert re.search(r"words-judge +\| \w+ +\| words +\| gen +\| +5.00 ", done.out), done.out
    table = [line.split() for line in done.out.split("Words by decision:")[1].splitlines()[4:6]]
    assert [line[:4] for line in table] == [
        ["words-judge", "toy-model", "correct", "4.80"], ["words-judge", "toy-model", "incorrect", "6.00"],
    ]  # fmt: skip
    slices = bench.result("words-judge")["slices"]
    assert {one["value"]: one["metrics"]["words"]["value"] for one in slices} == {"0": 4.0, "1": 6.0}
    assert all(len(one["metrics"]["words"]["ci95"]) == 2 for one in slices)


def test_a_judge_that_looks_at_images(tmp_path: Path) -> None:
    def judged(body: dict[str, Any]) -> str:
        (seen,) = pictures(body)
        said = re.search(r"I see the grey (\d+)", prompt_text(body))
        return "YES" if said is None or png(int(said[1])) == seen else "NO"

    with FaultService(look, model="m") as model, FaultService(judged, model="j") as judge:
        bench = Bench(tmp_path, model, judge)
        write_configs(bench)
        write_rows(tmp_path, [0, 1, 2])  # the model sees an odd shade wrongly
        bring(bench, "looking")
        words = ("--models", "toy_model", "--datasets", "toy_llmjudge", "--judges", "looking")
        done = jb(bench, *words, JUDGE_URL=judge.url)
        assert done.code == 0, done.text
        assert bench.result("toy-looking")["metrics"]["accuracy"]["value"] == pytest.approx(200 / 3)
        assert len({picture for seen in judge.requests for picture in pictures(seen.body)}) == 3


def test_a_dataset(bench: Bench) -> None:
    bring(bench, "squares")
    bench.model.answer = lambda body: (
        str(2 * int(found[1])) if (found := re.search(r"twice (\d+)", str(body))) else "OK"
    )
    done = jb(bench, "--models", "toy_model", "--datasets", "squares")
    assert done.code == 0, done.text
    accuracy = bench.result("squares")["metrics"]["accuracy"]
    assert (accuracy["value"], accuracy["n"]) == (100.0, 4)
    assert {0, 1, 4, 9} <= bench.asked().keys()


@contextmanager
def generating(heard: list[dict[str, Any]]) -> Iterator[str]:
    """A service that knows one path alone, and another protocol than OpenAI's."""

    class Handler(BaseHTTPRequestHandler):
        timeout = 20

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            known = self.path == "/api/generate"
            found = re.search(r"twice (\d+)", body.get("prompt", ""))
            reply = json.dumps({"said": f"It is {2 * int(found[1])}" if found else "OK", "name": "g"}).encode()
            if known:
                heard.append(body)
            self.send_response(200 if known else 404)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(reply)))
            self.end_headers()
            self.wfile.write(reply)

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join(20)


def test_a_dialect(bench: Bench) -> None:
    heard: list[dict[str, Any]] = []
    bring(bench, "generate_api")
    with generating(heard) as url:
        done = jb(bench, "--models", "generate_api", "--datasets", "toy_gen", GENERATE_URL=url)
    assert done.code == 0, done.text
    assert bench.result("toy", model="generating")["metrics"]["accuracy"]["value"] == 100.0
    asked = [body for body in heard if "twice" in body["prompt"]]
    assert {(body["mood"], body["name"]) for body in asked} == {("calm", "g")}


def test_an_executor(bench: Bench) -> None:
    """Its keys come from the environment and from ``--override``."""
    bring(bench, "queue_executor")
    words = ("--models", "toy_model", "--datasets", "toy_llmjudge", "--executor", "queue_executor")
    done = jb(bench, *words, QUEUE_NAME="night")
    assert done.code == 0, done.text
    assert bench.result()["metrics"]["accuracy"]["value"] == pytest.approx(100 * 5 / 6)
    assert (bench.run / "logs/infer/toy-model/toy.out").read_text().startswith("queue night, 2 cores\n")
    again = jb(bench, *words, "--reuse", "--mode", "eval", "--override", "executor.queue=day")
    assert again.code == 0, again.text
    (plan,) = [json.loads(path.read_text()) for path in sorted(bench.run.glob("configs/*.json"))[-1:]]
    assert plan["executor"]["options"] == {"queue": "day"}


def test_a_client_that_answers_without_a_service(bench: Bench) -> None:
    bring(bench, "counting")
    done = jb(bench, "--models", "counting", "--datasets", "toy_llmjudge")
    assert done.code == 0, done.text
    assert bench.result(model="counting")["metrics"]["accuracy"]["value"] == pytest.approx(100 * 4 / 6)
    assert not bench.asked()


@pytest.fixture
def diary(bench: Bench) -> Bench:
    """The listener, installed: an installer writes a package's metadata beside its modules."""
    bring(bench, "diary")
    site = bench.folder / "diary-1.0.dist-info"
    site.mkdir()
    (site / "METADATA").write_text("Metadata-Version: 2.1\nName: diary\nVersion: 1.0\n")
    (site / "entry_points.txt").write_text("[judgebench.plugins]\ndiary = diary:PLUGIN\n")
    return bench


def test_a_listener_by_its_entry_point(diary: Bench) -> None:
    token = "sk-of-a-test-0123456789abc"
    words = ("--models", "toy_model", "--datasets", "toy_llmjudge", "--listeners", "diary")
    done = jb(diary, *words, DIARY_TOKEN=token)
    assert done.code == 0, done.text
    assert (diary.folder / "diary.txt").read_text().splitlines() == [
        "infer finish", "judge finish", "extract finish", "summarize finish",
        f"done 0 toy-model:toy-judge.accuracy 83.3 {len(token)}",
    ]  # fmt: skip
    assert [path for path in diary.run.rglob("*") if path.is_file() and token.encode() in path.read_bytes()] == []
    shown = jb(diary, "show", "diary", DIARY_TOKEN=token)
    assert "type = 'diary.Diary'" in shown.out
    assert token not in shown.text
    assert "listeners: Diary" in jb(diary, "ls", "--plugins").out


def test_a_listener_that_fails_is_told_of_and_ends_no_run(diary: Bench) -> None:
    words = ("--models", "toy_model", "--datasets", "toy_llmjudge", "--listeners", "diary")
    done = jb(diary, *words, "--override", "listeners.diary.path=no/such/folder", DIARY_TOKEN="")
    assert done.code == 0, done.text
    assert "the listener diary failed and hears no more of this run: FileNotFoundError" in done.text
    events = [json.loads(line) for line in (diary.run / "events.jsonl").read_text().splitlines()]
    assert [one["kind"] for one in events if one["event"] == "finding"] == ["listener"]
    assert events[-1]["event"] == "done"


def test_a_listener_that_cannot_be_used_is_refused_before_the_run(diary: Bench) -> None:
    words = ("--models", "toy_model", "--datasets", "toy_llmjudge", "--listeners", "diary")
    done = jb(diary, *words, "--override", "listeners.diary.paths=x", DIARY_TOKEN="")
    assert done.code == 2
    assert "listeners.diary.paths is not a known key" in done.text
    unset = jb(diary, *words)
    assert unset.code == 3
    assert "DIARY_TOKEN, which is not set" in unset.text
    assert not (diary.folder / "outputs").exists()


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    """Six questions, one of which (number 5) the model answers wrongly."""
    with stand(tmp_path) as made:
        yield made
