"""An image question travels from a JSONL with a local path to a service and to a judge, and stands once on disk."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import struct
import time
import zlib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.harness import Bench, wait_until
from tests.e2e.test_kills import kill, processes_of
from tests.faultservice import FaultService, Seen, prompt_text

N = 6
QUESTION = [{"type": "image", "image": "{picture}"}, {"type": "text", "text": "{question}"}]
JUDGED = [
    {"type": "text", "text": "Question: {question}\nAnswer: {answer}\nSay VERDICT: A if it is right, else VERDICT: B."},
    {"type": "image_url", "image_url": {"url": "{picture}", "detail": "low"}},
]


def png(shade: int) -> bytes:
    """A whole PNG of one grey pixel."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = chunk(b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", zlib.compress(bytes([0, shade]))) + chunk(b"IEND", b"")


def pictures(body: dict[str, Any]) -> list[bytes]:
    """The bytes of the images of a request."""
    contents = [message["content"] for message in body["messages"] if isinstance(message["content"], list)]
    urls = [part["image_url"]["url"] for content in contents for part in content if part["type"] == "image_url"]
    assert all(url.startswith("data:image/png;base64,") for url in urls)
    return [base64.b64decode(url.partition(",")[2], validate=True) for url in urls]


def look(body: dict[str, Any]) -> str:
    """A model that says which grey it sees, wrong where the shade is odd."""
    if not (seen := pictures(body)):
        return "OK"
    shade = next(shade for shade in range(N) if png(shade) == seen[0])
    return f"I see the grey {shade + shade % 2}."


def look_again(body: dict[str, Any]) -> str:
    """A judge that compares what the answer says with what it sees itself."""
    (seen,) = pictures(body)
    said = re.search(r"I see the grey (\d+)", prompt_text(body))
    return "VERDICT: A" if said is None or png(int(said[1])) == seen else "VERDICT: B"


def write_configs(
    bench: Bench, *, path: str = "pictures.jsonl", loader: str = "JsonlDataset", kind: str = "Chat"
) -> None:
    """Write configs of a dataset with images, asked by a model type and judged by a judge that sees them too."""
    judge = {"model": "j", "url": bench.judge.url, "batch_size": 4, "retry": 0, **bench.judge_keys}
    model = {"model": "m", "url": bench.model.url, "batch_size": 4, "retry": 0, **bench.model_keys}
    bench.write()
    configs = bench.folder / "configs"
    (configs / "models" / "toy_model.py").write_text(
        f"from judgebench.models import VLLMCustomAPI{kind} as Model\n"
        f"models = [dict(type=Model, abbr='toy-model', **{model!r})]\n"
    )
    (configs / "datasets" / "toy_llmjudge.py").write_text(
        "from judgebench.datasets import CsvDataset, JsonlDataset\n"
        "from judgebench.judges import DeclaredJudge\n"
        "from judgebench.models import VLLMCustomAPIChat\n"
        f"toy_datasets = [dict(abbr='toy', type={loader}, path={path!r}, input_columns=['question'],\n"
        "    image_columns=['picture'], output_column='answer',\n"
        f"    prompt=[dict(role='user', content={QUESTION!r})],\n"
        f"    judge_infer_cfg=dict(judge_model=dict(type=VLLMCustomAPIChat, abbr='judge', **{judge!r}),\n"
        "        method=dict(type=DeclaredJudge,\n"
        f"            presentations=[dict(prompt=[dict(role='user', content={JUDGED!r})])],\n"
        "            parser=dict(type='anchored', decisions={'A': 'correct', 'B': 'incorrect'}),\n"
        "            aggregate=dict(type='first', unread='unparsed'))))]\n"
    )


def write_rows(folder: Path, shades: list[int]) -> None:
    """Write a JSONL of image questions with local paths, and the images beside it."""
    (folder / "shots").mkdir(exist_ok=True)
    for shade in shades:
        (folder / "shots" / f"{shade}.png").write_bytes(png(shade))
    rows = [
        {"question": f"Which grey is no. {i}?", "picture": f"shots/{s}.png", "answer": str(s)}
        for i, s in enumerate(shades)
    ]
    (folder / "pictures.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))


def asked(requests: list[Seen]) -> Counter[str]:
    """How often each item was asked about (trial questions aside)."""
    prompts = [prompt_text(one.body) for one in requests if "trial" not in prompt_text(one.body)]
    return Counter(found[1] for prompt in prompts if (found := re.search(r"no\. (\d+)", prompt)))


def check_no_base64(run: Path) -> None:
    """No file of the run folder but the store holds an image, in whatever form."""
    for path in run.rglob("*"):
        if path.is_file() and "attachments" not in path.relative_to(run).parts:
            data = path.read_bytes()
            assert b"base64," not in data, path
            assert base64.b64encode(png(0))[:24] not in data, path


def stored(run: Path) -> dict[str, bytes]:
    """The store's files by name."""
    return {path.name: path.read_bytes() for path in (run / "attachments").rglob("*") if path.is_file()}


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    with FaultService(look, model="m") as model, FaultService(look_again, model="j") as judge:
        yield Bench(tmp_path, model, judge, n=N)


def test_an_image_reaches_the_model_and_the_judge_and_stands_once_on_disk(bench: Bench) -> None:
    write_rows(bench.folder, [0, 1, 2, 3, 0])
    write_configs(bench)
    done = bench.jb()
    assert done.code == 0, done.text
    assert bench.result()["headline"] == "accuracy"
    assert bench.result()["metrics"]["accuracy"]["value"] == 60.0
    assert stored(bench.run) == {hashlib.sha256(png(shade)).hexdigest(): png(shade) for shade in range(4)}
    check_no_base64(bench.run)
    (part, _) = bench.rows()[0]["origin_prompt"][0]["content"]
    assert part == {"type": "image", "sha256": hashlib.sha256(png(0)).hexdigest(), "media_type": "image/png"}
    judged = bench.rows("toy-judge")[0]["origin_prompt"][0]["content"][1]
    assert judged == {**part, "detail": "low"}
    sent = [one.body["messages"][0]["content"] for one in bench.judge.requests]
    assert all(content[1]["image_url"]["detail"] == "low" for content in sent)

    before = len(bench.model.requests), len(bench.judge.requests)
    for path in (bench.run / "attachments").rglob("*"):
        if path.is_file():
            path.unlink()
    again = bench.jb("--mode", "eval", "--reuse")  # verdicts are read again without any bytes
    assert again.code == 0, again.text
    assert (len(bench.model.requests), len(bench.judge.requests)) == before
    assert bench.result()["metrics"]["accuracy"]["value"] == 60.0


def test_an_image_that_changed_is_asked_about_again(bench: Bench) -> None:
    write_rows(bench.folder, [0, 1, 2])
    write_configs(bench)
    assert bench.jb("--no-preflight").code == 0
    (bench.folder / "shots" / "1.png").write_bytes(png(4))
    done = bench.jb("--no-preflight", "--reuse")
    assert done.code == 0, done.text
    assert asked(bench.model.requests) == {"0": 1, "1": 2, "2": 1}
    assert asked(bench.judge.requests) == {"0": 1, "1": 2, "2": 1}
    assert bench.result()["metrics"]["accuracy"]["value"] == 100.0


@pytest.mark.parametrize("victim", ["jb", "all"])
def test_nothing_is_asked_twice_after_a_kill(tmp_path: Path, victim: str) -> None:
    with FaultService(look, model="m", latency=0.1) as model, FaultService(look_again, model="j", latency=0.1) as judge:
        bench = Bench(tmp_path, model, judge)
        bench.model_keys = bench.judge_keys = {"batch_size": 1}
        write_rows(tmp_path, [i % 4 for i in range(12)])
        write_configs(bench)
        process = bench.start("--no-preflight")
        wait_until(lambda: len(model.requests) > 5 or process.poll() is not None)
        kill(bench, process.pid, victim)
        process.wait(timeout=60)
        wait_until(lambda: not processes_of(tmp_path))
        held = {row["id"] for row in map(json.loads, _whole_lines(bench.run / "predictions/toy-model/toy.jsonl"))}
        assert 0 < len(held) < 12
        time.sleep(0.2)
        model.requests.clear()
        done = bench.jb("--no-preflight", "--reuse")
        assert done.code == 0, done.text
        assert asked(model.requests) == {str(i): 1 for i in range(12) if i not in held}
        assert bench.result()["counts"]["ok"] == 12
        assert len(stored(bench.run)) == 4
        check_no_base64(bench.run)


def test_the_cache_knows_a_question_by_its_image(bench: Bench) -> None:
    write_rows(bench.folder, [0, 1, 2])
    write_configs(bench)
    assert bench.jb("--no-preflight", "--cache", "kept").code == 0
    (bench.folder / "shots" / "2.png").write_bytes(png(4))
    assert bench.jb("--no-preflight", "--cache", "kept").code == 0
    assert asked(bench.model.requests) == {"0": 1, "1": 1, "2": 2}
    assert not any(b"base64," in path.read_bytes() for path in (bench.folder / "kept").iterdir())


def test_a_text_model_refuses_before_the_run(bench: Bench) -> None:
    write_rows(bench.folder, [0, 1])
    write_configs(bench, kind="")
    done = bench.jb()
    assert done.code == 2, done.text
    assert "a part of type 'image', and the model takes text alone" in done.text
    assert not bench.model.requests


def test_rows_may_hold_the_images_themselves(bench: Bench) -> None:
    rows = ["question,picture,answer"]
    rows += [f"Which grey is no. {shade}?,{base64.b64encode(png(shade)).decode()},{shade}" for shade in range(2)]
    rows += [f'Which grey is no. 2?,"data:image/png;base64,{base64.b64encode(png(2)).decode()}",2']
    (bench.folder / "pictures.csv").write_text("\n".join(rows) + "\n")
    bench.model_keys = {"senders": 2}  # processes that send read the store too
    write_configs(bench, path="pictures.csv", loader="CsvDataset")
    done = bench.jb()
    assert done.code == 0, done.text
    assert len(stored(bench.run)) == 3
    check_no_base64(bench.run)


TALK = """type=JudgeSamples, path='talks.jsonl', input_columns=['task'], answer_columns=['talk'],
    transcript_columns=['talk'], gold_column='gold', method=dict(type=DeclaredJudge, presentations=[dict(
        prompt=[dict(role='user', content='Task: {task}\\n{fence}\\n{answer}\\n{fence}\\nVERDICT: A or B?')])],
        parser=dict(type='anchored', decisions={'A': 'correct', 'B': 'incorrect'}),
        aggregate=dict(type='first', unread='unparsed'))"""


def test_a_transcript_with_tool_calls_is_judged_as_text(bench: Bench) -> None:
    def judged(body: dict[str, Any]) -> str:
        shown = prompt_text(body)
        call = re.search(
            r"\[assistant calls the tool add, call c\]\n(.*)\n\n\[the tool add answers call c\]\n(.*)\n", shown
        )
        return "VERDICT: A" if call and sum(json.loads(call[1])["n"]) == int(call[2]) else "VERDICT: B"

    bench.model.answer = judged
    bench.write()
    rows = []
    for number in range(3):
        call = {"id": "c", "type": "function", "function": {"name": "add", "arguments": f'{{"n":[{number},1]}}'}}
        told = str(number + (1 if number < 2 else 5))
        talk = [
            {"role": "user", "content": "Add them."},
            {"role": "assistant", "content": None, "tool_calls": [call]},
            {"role": "tool", "tool_call_id": "c", "content": told},
            {"role": "assistant", "content": f"It is {told}."},
        ]
        rows.append({"task": f"Add no. {number}.", "talk": talk, "gold": "correct"})
    (bench.folder / "talks.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    (bench.folder / "configs" / "datasets" / "toy_llmjudge.py").write_text(
        "from judgebench.datasets.judge_samples import JudgeSamples\nfrom judgebench.judges import DeclaredJudge\n"
        f"toy_datasets = [dict(abbr='toy', {TALK})]\n"
    )
    done = bench.jb("--no-preflight")
    assert done.code == 0, done.text
    assert bench.result("toy")["counts"]["ok"] == 3
    said = [row["prediction"] for row in sorted(bench.rows(), key=lambda row: row["id"])]
    assert said == ["VERDICT: A", "VERDICT: A", "VERDICT: B"]
    count = len(bench.model.requests)
    assert bench.jb("--no-preflight", "--reuse").code == 0
    assert len(bench.model.requests) == count


def _whole_lines(path: Path) -> list[str]:
    return [line for line in path.read_text("utf-8").splitlines(keepends=True) if line.endswith("\n")]
