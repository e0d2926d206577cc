"""An image question travels from a JSONL with a local path to a service and to a judge, and stands once on disk."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import struct
import zlib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from judgebench.testing.faultservice import FaultService, Seen, prompt_text
from tests.e2e.harness import Bench, slower_after, wait_until
from tests.e2e.test_kills import kill, processes_of, recorded

N = 6
QUESTION = [{"type": "image", "image": "{picture}"}, {"type": "text", "text": "{question}"}]
JUDGED = [
    {"type": "text", "text": "Question: {question}\nAnswer: {answer}\nSay VERDICT: A if it is right, else VERDICT: B."},
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
    bench: Bench,
    *,
    path: str = "pictures.jsonl",
    loader: str = "JsonlDataset",
    kind: str = "Chat",
    judge_kind: str = "Chat",
    seen: str = "{picture}",
) -> None:
    """Write configs of a dataset with images, asked by a model type and judged by a judge that sees them too."""
    judge = {"model": "j", "url": bench.judge.url, "batch_size": 4, "retry": 0, **bench.judge_keys}
    model = {"model": "m", "url": bench.model.url, "batch_size": 4, "retry": 0, **bench.model_keys}
    bench.write()
    configs = bench.folder / "configs"
    judged = [JUDGED[0], {"type": "image_url", "image_url": {"url": seen, "detail": "low"}}]
    (configs / "models" / "toy_model.py").write_text(
        f"from judgebench.models import VLLMCustomAPI{kind} as Model\n"
        f"models = [dict(type=Model, abbr='toy-model', **{model!r})]\n"
    )
    (configs / "datasets" / "toy_llmjudge.py").write_text(
        "from judgebench.datasets import CsvDataset, JsonlDataset\n"
        "from judgebench.judges import DeclaredJudge\n"
        f"from judgebench.models import VLLMCustomAPI{judge_kind} as Judge\n"
        f"toy_datasets = [dict(abbr='toy', type={loader}, path={path!r}, input_columns=['question'],\n"
        "    image_columns=['picture'], output_column='answer',\n"
        f"    prompt=[dict(role='user', content={QUESTION!r})],\n"
        f"    judge_infer_cfg=dict(judge_model=dict(type=Judge, abbr='judge', **{judge!r}),\n"
        "        method=dict(type=DeclaredJudge,\n"
        f"            presentations=[dict(prompt=[dict(role='user', content={judged!r})])],\n"
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


@pytest.mark.parametrize(("victim", "stage"), [("jb", "infer"), ("all", "infer"), ("task", "judge"), ("all", "judge")])
def test_nothing_is_asked_twice_after_a_kill(tmp_path: Path, victim: str, stage: str) -> None:
    with FaultService(look, model="m") as model, FaultService(look_again, model="j") as judge:
        bench = Bench(tmp_path, model, judge)
        bench.model_keys = bench.judge_keys = {"batch_size": 1}
        write_rows(tmp_path, [i % 4 for i in range(12)])
        write_configs(bench)
        slow = model if stage == "infer" else judge
        slower_after(5, slow)
        process = bench.fork("--no-preflight")
        wait_until(lambda: len(slow.requests) > 5 or process.poll() is not None)
        kill(bench, process.pid, victim)
        process.communicate(timeout=200)
        wait_until(lambda: not processes_of(tmp_path))
        held, judged = recorded(bench, "toy"), recorded(bench, "toy-judge")
        assert 0 < len(held if stage == "infer" else judged) < 12
        sha256 = hashlib.sha256(png(0)).hexdigest()
        half = bench.run / "attachments" / sha256[:2] / f".{sha256}.{process.pid}.tmp"
        half.write_bytes(png(0)[:9])  # as a kill in the middle of writing an image leaves it
        model.latency = judge.latency = 0.0
        model.requests.clear()
        judge.requests.clear()
        done = bench.jb("--no-preflight", "--reuse")
        assert done.code == 0, done.text
        assert asked(model.requests) == {str(i): 1 for i in range(12) if i not in held}
        assert asked(judge.requests) == {str(i): 1 for i in range(12) if i not in judged}
        assert bench.result()["counts"]["ok"] == 12
        assert bench.result()["metrics"]["accuracy"]["value"] == 50.0
        assert stored(bench.run) == {hashlib.sha256(png(shade)).hexdigest(): png(shade) for shade in range(4)}
        check_no_base64(bench.run)


def test_the_cache_knows_a_question_by_its_image(bench: Bench) -> None:
    write_rows(bench.folder, [0, 1, 2])
    write_configs(bench)
    assert bench.jb("--no-preflight", "--cache", "kept").code == 0
    (bench.folder / "shots" / "2.png").write_bytes(png(4))
    assert bench.jb("--no-preflight", "--cache", "kept").code == 0
    assert asked(bench.model.requests) == {"0": 1, "1": 1, "2": 2}
    assert not any(b"base64," in path.read_bytes() for path in (bench.folder / "kept").iterdir())


@pytest.mark.parametrize("flags", [(), ("--no-preflight",)])
@pytest.mark.parametrize("role", ["model", "judge"])
def test_a_text_model_refuses_before_the_run(bench: Bench, role: str, flags: tuple[str, ...]) -> None:
    write_rows(bench.folder, [0, 1])
    write_configs(bench, **{("kind" if role == "model" else "judge_kind"): ""})
    done = bench.jb(*flags)
    assert done.code == 2, done.text
    assert re.search(r"holds a part of type 'image', and the model .*takes text alone", done.text)
    assert not bench.judge.requests
    assert not bench.model.requests or (role, flags) == ("judge", ("--no-preflight",))  # nobody looked ahead


def test_an_answer_is_no_image(bench: Bench) -> None:
    """A judge's prompt that shows the answer as an image is refused: a model would say what is opened."""
    write_rows(bench.folder, [0, 1])
    write_configs(bench, seen="{answer}")
    done = bench.jb()
    assert done.code == 2, done.text
    assert "the field {answer} in a part of type 'image_url', and that field is no image" in done.text
    assert not bench.judge.requests


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
