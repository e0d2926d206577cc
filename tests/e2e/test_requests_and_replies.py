"""``jb requests`` and ``jb replies``: a judged run whose services exist nowhere, answered by files."""

from __future__ import annotations

import json
import re
from pathlib import Path

from tests.e2e.harness import JB, Bench, judge_answer, model_answer, run


def farm(requests: Path, replies: Path) -> int:
    """Answer a file of requests, the last first; returns how many there were."""
    lines = [json.loads(line) for line in requests.read_text().splitlines()]
    model, judge = model_answer(), judge_answer()
    with replies.open("w") as file:
        for one in reversed(lines):
            body = one["body"]
            said = judge(body) if body["model"] == "j" else model(body)
            choice = {"index": 0, "message": {"role": "assistant", "content": said}, "finish_reason": "stop"}
            reply = {"status_code": 200, "request_id": "r", "body": {"model": body["model"], "choices": [choice]}}
            file.write(json.dumps({"custom_id": one["custom_id"], "response": reply, "error": None}) + "\n")
    return len(lines)


def test_a_run_is_answered_by_files_alone(bench: Bench) -> None:
    """First the answers, then the judgments about them: two rounds, and no service is ever asked."""
    bench.model_keys = bench.judge_keys = {"url": "http://localhost:1", "api_key": "${NOT_SET}"}
    bench.write()
    first, second, replies = (bench.folder / name for name in ("q1.jsonl", "q2.jsonl", "a.jsonl"))
    done = run([*JB, "requests", "--out", str(first), *bench.command()[3:]], bench.folder)
    assert done.code == 0, done.text
    assert f"Written: {first}    ({bench.n} questions to m, POST /v1/chat/completions)" in done.out
    assert farm(first, replies) == bench.n
    done = run([*JB, "replies", "latest", str(replies)], bench.folder)
    assert done.code == 8, done.text
    assert f"{replies}: {bench.n} replies taken" in done.out
    assert re.search(r"Next: +jb requests \S+ --out FILE", done.out)
    done = run([*JB, "requests", "latest", "--out", str(second)], bench.folder)
    assert farm(second, replies) == bench.n, done.text
    done = run([*JB, "replies", "latest", str(replies)], bench.folder)
    assert done.code == 0, done.text
    assert bench.result()["metrics"]["accuracy"]["value"] == 100.0
    assert not (bench.run / "batches" / "replies.jsonl").exists(), "what is recorded need not be kept twice"
    assert bench.model.requests == bench.judge.requests == []
