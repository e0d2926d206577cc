"""Transcripts with tool calls and tool results: judged as text, and sent to chat services as their own messages."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from judgebench.testing.faultservice import FaultService, prompt_text
from tests.e2e.harness import Bench, slower_after, wait_until
from tests.e2e.test_kills import kill, processes_of, recorded

N = 6
TALK = """type=JudgeSamples, path='talks.jsonl', input_columns=['task'], answer_columns=['talk'],
    transcript_columns=['talk'], gold_column='gold', method=dict(type=DeclaredJudge, presentations=[dict(
        prompt=[dict(role='user', content='Task: {task}\\n{fence}\\n{answer}\\n{fence}\\nVERDICT: A or B?')])],
        parser=dict(type='anchored', decisions={'A': 'correct', 'B': 'incorrect'}),
        aggregate=dict(type='first', unread='unparsed'))"""
ADDED = """type=JsonlDataset, path='talks.jsonl', input_columns=['task', 'numbers', 'said'],
    transcript_columns=['talk'], output_column='answer', prompt=[
        dict(role='user', content='{task}'),
        dict(role='assistant', content=[dict(type='tool_call', name='add', arguments='{{"n":{numbers}}}', id='c')]),
        dict(role='tool', content=[dict(type='tool_result', content='{said}', id='c')])],
    judge_infer_cfg=dict(judge_model=dict(type=VLLMCustomAPIChat, abbr='judge', model='j', url='JUDGE', batch_size=1),
        method=dict(type=DeclaredJudge, presentations=[dict(prompt=[dict(role='user', content=
            '{talk}\\n{fence}\\n{answer}\\n{fence}\\nVERDICT: A or B?')])],
            parser=dict(type='anchored', decisions={'A': 'correct', 'B': 'incorrect'}),
            aggregate=dict(type='first', unread='unparsed')))"""
IMPORTS = """from judgebench.datasets import JsonlDataset
from judgebench.datasets.judge_samples import JudgeSamples
from judgebench.judges import DeclaredJudge
from judgebench.models import VLLMCustomAPIChat
"""


def told(number: int) -> int:
    """What the tool gave back in a conversation: wrong from the fourth on."""
    return number + (1 if number < 3 else 5)


def judges(body: dict[str, Any]) -> str:
    """A judge that adds the numbers of the call itself."""
    shown = prompt_text(body)
    call = re.search(
        r"\[assistant calls the tool add, call c\]\n(.*)\n\n\[the tool add answers call c\]\n(\d+)\n", shown
    )
    return "VERDICT: A" if call and sum(json.loads(call[1])["n"]) == int(call[2]) else "VERDICT: B"


def repeats_the_tool(body: dict[str, Any]) -> str:
    """A tested model that says what the tool said, where it was sent the call and the result as services know them."""
    task, call, result = body["messages"]
    function = call["tool_calls"][0]["function"]
    number = int(re.findall(r"no\. (\d+)", task["content"])[0])
    assert (function["name"], json.loads(function["arguments"])) == ("add", {"n": [number, 1]})
    assert result == {"role": "tool", "tool_call_id": "c", "content": str(told(number))}
    return f"It is {result['content']}."


def write(bench: Bench, dataset: str) -> None:
    """Write the conversations and a dataset of them."""
    bench.write()
    rows = []
    for number in range(N):
        call = {"id": "c", "type": "function", "function": {"name": "add", "arguments": f'{{"n":[{number},1]}}'}}
        talk = [
            {"role": "user", "content": f"Add no. {number}."},
            {"role": "assistant", "content": None, "tool_calls": [call]},
            {"role": "tool", "tool_call_id": "c", "content": str(told(number))},
            {"role": "assistant", "content": f"It is {told(number)}."},
        ]
        row = {"task": f"Add no. {number}.", "numbers": [number, 1], "said": str(told(number)), "talk": talk}
        rows.append({**row, "gold": "correct", "answer": str(number + 1)})
    (bench.folder / "talks.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    (bench.folder / "configs" / "datasets" / "toy_llmjudge.py").write_text(
        f"{IMPORTS}toy_datasets = [dict(abbr='toy', {dataset.replace('JUDGE', bench.judge.url)})]\n"
    )


def asked(service: FaultService) -> Counter[int]:
    """How often a service was asked about each conversation."""
    bodies = [json.dumps(one.body) for one in service.requests]
    return Counter(int(found[1]) for body in bodies if (found := re.search(r"Add no\. (\d+)", body)))


def kill_and_go_on(bench: Bench, service: FaultService) -> None:
    """Kill everything in the middle of what a service is asked, then continue to the end."""
    slower_after(3, service)
    process = bench.fork("--no-preflight")
    wait_until(lambda: len(service.requests) > 3 or process.poll() is not None)
    kill(bench, process.pid, "all")
    process.communicate(timeout=200)
    wait_until(lambda: not processes_of(bench.folder))
    service.latency = 0.0
    done = bench.jb("--no-preflight", "--reuse")
    assert done.code == 0, done.text


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    with FaultService(judges, model="m") as model, FaultService(judges, model="j") as judge:
        bench = Bench(tmp_path, model, judge)
        bench.model_keys = {"batch_size": 1}
        yield bench


def test_a_transcript_with_tool_calls_is_judged_as_text(bench: Bench) -> None:
    write(bench, TALK)
    kill_and_go_on(bench, bench.model)  # of a benchmark of judges the tested model is the judge
    assert bench.result("toy")["counts"]["ok"] == N
    said = [row["prediction"] for row in sorted(bench.rows(), key=lambda row: row["id"])]
    assert said == ["VERDICT: A"] * 3 + ["VERDICT: B"] * 3
    count = asked(bench.model)
    assert set(count) == set(range(N))
    assert sum(count.values()) <= N + 1  # the one in flight at the kill
    assert bench.jb("--no-preflight", "--reuse").code == 0
    assert asked(bench.model) == count


def test_tool_parts_are_sent_as_services_know_them_and_the_judge_is_shown_the_transcript(bench: Bench) -> None:
    bench.model.answer = repeats_the_tool
    write(bench, ADDED)
    kill_and_go_on(bench, bench.judge)
    assert recorded(bench, "toy") == recorded(bench, "toy-judge") == set(range(N))
    assert bench.result()["metrics"]["accuracy"]["value"] == 50.0
    count = asked(bench.judge)
    assert set(count) == set(range(N))
    assert sum(count.values()) <= N + 1
    assert asked(bench.model) == dict.fromkeys(range(N), 1)
    call = bench.rows()[2]["origin_prompt"][1]["content"][0]
    assert call == {"type": "tool_call", "name": "add", "arguments": '{"n":[2,1]}', "id": "c"}


def test_a_text_model_refuses_tool_parts_before_the_run(bench: Bench) -> None:
    write(bench, ADDED)
    models = bench.folder / "configs" / "models" / "toy_model.py"
    models.write_text(models.read_text().replace("VLLMCustomAPIChat", "VLLMCustomAPI"))
    done = bench.jb()
    assert done.code == 2, done.text
    assert re.search(r"a part of type 'tool_call', and the model .*takes text alone", done.text)
    assert not bench.model.requests
    assert not bench.judge.requests


def test_the_role_of_tools_is_for_their_results_alone(bench: Bench) -> None:
    write(bench, ADDED.replace("content=[dict(type='tool_result', content='{said}', id='c')]", "content='{said}'"))
    done = bench.jb("--dry-run")
    assert done.code == 2, done.text
    assert "The role 'tool' is for parts of the type tool_result alone." in done.text
