"""``jb serve`` over loopback HTTP: what comes back, who is refused, what is asked twice, and faults of the service."""

from __future__ import annotations

import base64
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from judgebench.cli.main import run
from judgebench.records.spending import Limits
from judgebench.testing import ProviderService
from judgebench.testing.faultservice import FaultService, http_status, mixed
from judgebench.training.judge_files import read_rows
from tests.models.test_dialects import PNG
from tests.serving.conftest import KEY, Served, point_at, serving

RIGHT = {"question": "What is 2+2?", "answer": "4", "reference": "4"}


def post(served: Served, path: str, body: Any, **headers: str) -> tuple[int, Any]:
    """Send JSON, or bytes as they are, with the key."""
    host = served.address.removeprefix("http://")
    connection = http.client.HTTPConnection(host, timeout=250)
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    sent = {"Authorization": f"Bearer {KEY}", **headers}
    connection.request("GET" if body is None else "POST", path, None if body is None else data, sent)
    reply = connection.getresponse()
    text = reply.read()
    connection.close()
    return reply.status, json.loads(text) if text[:1] in b"{[" else text.decode()


def test_a_judgment_comes_back_with_verdict_place_and_usage(service: ProviderService) -> None:
    with serving() as served:
        status, found = post(served, "/v1/judgments", {**RIGHT, "id": "mine"})
        assert status == 200
        assert (found["id"], found["judge"]) == ("mine", "judge")
        assert (found["verdict"]["status"], found["verdict"]["decision"]) == ("ok", "correct")
        assert found["read"] == "A"
        assert found["usage"]["calls"] == 1
        assert found["usage"]["prompt_tokens"] > 0
        assert "questions" not in found
        _, asked = post(served, "/v1/judgments", {**RIGHT, "answer": "5", "questions": True})
        assert asked["verdict"]["decision"] == "incorrect"
        assert "What is 2+2?" in json.dumps(asked["questions"][0]["prompt"])


def test_many_cases_come_back_in_their_order_and_one_bad_one_spoils_no_other(service: ProviderService) -> None:
    cases = [{**RIGHT, "id": str(number), "answer": str(number)} for number in range(3, 6)]
    with serving() as served:
        status, found = post(served, "/v1/judgments", [*cases, {"answer": "4"}, {"question": "What?"}])
    assert status == 200
    assert [one["verdict"]["decision"] for one in found[:3]] == ["incorrect", "correct", "incorrect"]
    assert [one["id"] for one in found[:3]] == ["3", "4", "5"]
    assert "shows {question}, which the case does not have" in found[3]["error"]["message"]
    assert "has no answer to judge" in found[4]["error"]["message"]


def test_a_verdict_that_cannot_be_read_is_said_to_be_none(service: ProviderService) -> None:
    with serving() as served:
        status, found = post(served, "/v1/judgments", {**RIGHT, "question": "A riddle?"})
        assert status == 200
        assert found["verdict"]["status"] == "unparsed"
        assert found["verdict"]["reason"].startswith("the reply states no verdict")
        assert not {"decision", "score"} & found["verdict"].keys()
        messages = [{"role": "user", "content": "A riddle?"}, {"role": "assistant", "content": "4"}]
        _, chat = post(served, "/v1/chat/completions", {"messages": messages, "reference": "4"})
        message = chat["choices"][0]["message"]
        assert message["content"] == ""
        assert message["refusal"].startswith("no verdict (unparsed): the reply states no verdict")


def test_a_chat_is_judged_by_its_last_answer(service: ProviderService) -> None:
    messages = [{"role": "user", "content": "What is 2+2?"}, {"role": "assistant", "content": "4"}]
    with serving() as served:
        status, found = post(served, "/v1/chat/completions", {"model": "x", "messages": messages, "reference": "4"})
        assert status == 200
        assert found["choices"][0]["message"]["content"] == "correct"
        assert found["judgment"]["verdict"]["decision"] == "correct"
        assert post(served, "/v1/models", None)[1]["data"][0]["id"] == "judge"


def test_two_answers_are_compared_in_both_orders(service: ProviderService) -> None:
    with serving("pair_compare") as served:
        _, found = post(served, "/v1/judgments", {"question": "A haiku?", "answers": ["one", "two"]})
    assert found["verdict"]["decision"] == "tie"  # the first shown is always called better
    assert found["usage"]["calls"] == len(service.requests) == 2


def test_turns_and_images_are_passed_on(service: ProviderService, tmp_path: Path) -> None:
    (tmp_path / "see.py").write_text(
        "judges = [dict(abbr='see', judge_model=dict(type='VLLMCustomAPIChat', abbr='j', model='test-model',\n"
        "    url='${JB_JUDGE_URL}', api_key='${JB_JUDGE_KEY}'),\n"
        "    method=dict(type='DeclaredJudge', presentations=[dict(\n"
        "    prompt=[dict(role='user', content=[dict(type='image', image='{image}'),\n"
        "    dict(type='text', text='{question}\\n4\\n\\n{answer}\\nVERDICT: A or VERDICT: B')])])],\n"
        "    parser=dict(type='anchored', decisions=dict(A='correct', B='incorrect')),\n"
        "    aggregate=dict(type='first', unread='unparsed')))]\n"
    )
    picture = "data:image/png;base64," + base64.b64encode(PNG).decode()
    with serving("see.py") as served:
        status, _ = post(served, "/v1/judgments", {**RIGHT, "images": [picture]})
        assert status == 200
        content = [{"type": "text", "text": "What?"}, {"type": "image_url", "image_url": {"url": picture}}]
        messages = [{"role": "user", "content": content}, {"role": "assistant", "content": "4"}]
        assert post(served, "/v1/chat/completions", {"messages": messages})[0] == 200
        refused, said = post(served, "/v1/judgments", {**RIGHT, "images": ["/etc/hostname"]})
    assert [one.images for one in service.requests] == [[PNG], [PNG]]
    assert refused == 422
    assert "images[0]" in said["error"]["message"]


def test_nothing_is_asked_twice_at_temperature_0(service: ProviderService, tmp_path: Path) -> None:
    cold = ["judges.judge.generation_kwargs.temperature=0"]
    with serving(overrides=cold, cache=str(tmp_path / "kept")) as served:
        first = post(served, "/v1/judgments", [RIGHT, RIGHT, RIGHT])[1]
        assert [one["verdict"]["decision"] for one in first] == ["correct"] * 3
        assert len(service.requests) == 1
        assert sum(one["usage"]["calls"] for one in first) == 1
    with serving(overrides=cold, cache=str(tmp_path / "kept")) as served:
        again = post(served, "/v1/judgments", RIGHT)[1]
    assert (again["usage"]["calls"], again["usage"]["known_calls"]) == (0, 1)
    assert len(service.requests) == 1


def test_a_limit_is_kept_and_said(service: ProviderService) -> None:
    cases = [{**RIGHT, "answer": str(number)} for number in range(8)]
    with serving(limits=Limits(calls=3)) as served:
        found = post(served, "/v1/judgments", cases)[1]
        status, said = post(served, "/v1/judgments", {**RIGHT, "answer": "another"})
    assert len(service.requests) == 3
    assert sum("verdict" in one for one in found) == 3
    assert status == 429
    assert said["error"]["message"] == "The judge has spent what it may (--max-calls)."


def test_every_judgment_is_recorded(service: ProviderService, tmp_path: Path) -> None:
    with serving(record=tmp_path / "all.jsonl") as served:
        post(served, "/v1/judgments", [RIGHT, {**RIGHT, "answer": "5"}])
    lines = [json.loads(line) for line in (tmp_path / "all.jsonl").read_text().splitlines()]
    assert {line["case"]["answer"]: line["verdict"]["decision"] for line in lines} == {"4": "correct", "5": "incorrect"}
    assert lines[0]["questions"][0]["reply"]["text"].startswith("It is what it is")


@pytest.mark.parametrize(
    ("headers", "status", "said"),
    [
        ({"Authorization": "Bearer wrong"}, 401, "key is missing or wrong"),
        ({"Authorization": ""}, 401, "key is missing or wrong"),
        ({"Origin": "http://elsewhere.example"}, 403, "page of another site"),
        ({"Host": "judge.internal"}, 200, "correct"),
    ],
)
def test_who_is_answered(service: ProviderService, headers: dict[str, str], status: int, said: str) -> None:
    with serving() as served:
        found = post(served, "/v1/judgments", RIGHT, **headers)
    assert found[0] == status
    assert said in json.dumps(found[1])


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"{", "cannot be read"),
        ({"anwser": "4"}, "anwser"),
        ({**RIGHT, "answers": ["4"]}, "both 'answer' and 'answers'"),
        ({"messages": []}, "messages"),
        (b'{"question": "2+2?", "answer": "5", "reference": "4", "answer": "4"}', "'answer' twice"),
        (b'[{"question": "2+2?", "answer": "4", "reference": "4", "reference": "5"}]', "'reference' twice"),
    ],
)
def test_mistakes_of_a_request_are_one_sentence(service: ProviderService, body: Any, said: str) -> None:
    with serving() as served:
        status, found = post(served, "/v1/judgments", body)
    assert status == 422
    assert said in found["error"]["message"]
    assert not service.requests


def test_what_a_method_raises_fails_its_case_alone(service: ProviderService, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "raising_method.py").write_text(
        "from judgebench.judges.core.contract import JudgeMethod\nimport msgspec\n\n"
        "class Raising(JudgeMethod):\n"
        "    class Config(msgspec.Struct, frozen=True): pass\n"
        "    def __init__(self, config): pass\n"
        "    async def judge(self, case, ask): raise ZeroDivisionError('no')\n"
        "    def identity(self): return {}\n"
    )
    (tmp_path / "mine.py").write_text(
        "judges = [dict(abbr='mine', judge_model=dict(type='VLLMCustomAPIChat', abbr='j', model='m',\n"
        "    url='${JB_JUDGE_URL}'), method=dict(type='raising_method.Raising'))]\n"
    )
    with serving("mine.py") as served:
        status, found = post(served, "/v1/judgments", RIGHT)
        assert post(served, "/health", None)[1]["status"] == "ok"
    assert status == 422
    assert found["error"]["message"] == "The judge raised ZeroDivisionError: no"


def test_a_service_with_faults_is_asked_again_and_its_dead_end_is_said(monkeypatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    patient = ["judges.judge.retry=8", "judges.judge.backoff=0.01"]
    with FaultService(answer=lambda body: "VERDICT: A", faults=mixed(0.3, seed=1)) as faulty:
        point_at(monkeypatch, faulty.url)
        with serving(overrides=patient) as served:
            cases = [{**RIGHT, "answer": f"4 ({number})"} for number in range(40)]
            found = post(served, "/v1/judgments", cases)[1]
            health = post(served, "/health", None)[1]
            assert [one["verdict"]["status"] for one in found] == ["ok"] * 40
            assert health["requests"] > 40, "some had to be sent again"
            faulty.set_faults(lambda seen: None)
            assert post(served, "/v1/judgments", {**RIGHT, "answer": "anew"})[0] == 200


def test_a_service_that_refuses_is_503_until_it_takes_the_key_again(monkeypatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    with FaultService(answer=lambda body: "VERDICT: A", faults=lambda seen: http_status(401)) as refusing:
        point_at(monkeypatch, refusing.url)
        with serving() as served:
            status, found = post(served, "/v1/judgments", RIGHT)
            assert (status, found["error"]["code"]) == (503, "endpoint")
            refusing.set_faults(lambda seen: None)
            assert post(served, "/v1/judgments", RIGHT)[0] == 200


def test_requests_at_the_same_time_are_all_answered(service: ProviderService) -> None:
    with serving() as served, ThreadPoolExecutor(16) as pool:
        cases = [{**RIGHT, "answer": str(number)} for number in range(64)]
        found = list(pool.map(lambda case: post(served, "/v1/judgments", case), cases))
    assert [one["verdict"]["decision"] for _, one in found] == [
        "correct" if number == 4 else "incorrect" for number in range(64)
    ]


def test_the_command_serves_until_it_is_interrupted(service: ProviderService, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "judgebench", "serve", "correctness_letter"]
    environ = {**os.environ, "JB_SERVE_KEY": KEY}
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environ) as child:
        assert child.stdout is not None
        line = child.stdout.readline()
        address = line.removeprefix("judgments: ").partition("/v1")[0]
        assert child.stdout.readline() == "key: that of JB_SERVE_KEY\n"
        link = child.stdout.readline().removeprefix("page: ").strip()
        assert post(Served(address, link), "/v1/judgments", RIGHT)[1]["verdict"]["decision"] == "correct"
        child.send_signal(signal.SIGINT)
        _, err = child.communicate(timeout=200)
    assert (child.returncode, err) == (0, "")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        (["serve", "correctness_letter", "--host", "0.0.0.0"], "Add --i-know"),
        (["serve", "panel_majority"], "is a panel"),
        (["serve", "correctness_letter", "--max-cost", "5"], "There is no price for the model"),
        (["serve", "correctness_letter", "--record", "no/such/folder/x.jsonl"], "cannot be written"),
    ],
)
def test_mistakes_of_the_command_are_one_sentence(service, capsys, argv: list[str], said: str) -> None:
    assert run(argv) in {2, 3}
    assert said in capsys.readouterr().err


def test_saved_cases_are_judgments_to_train_on(service: ProviderService, tmp_path: Path) -> None:
    from judgebench.serving.judging import append_line, labelled
    from judgebench.serving.requests import JudgmentRequest

    file = tmp_path / "cases.jsonl"
    append_line(file, labelled(JudgmentRequest(question="Q", answer="4", reference="4"), "correct"))
    append_line(file, labelled(JudgmentRequest(question="Q", answers=["x", "y"], fields={"topic": "t"}), "B"))
    rows, left_out = read_rows(file)
    assert left_out == {}
    assert [(row.answers, row.decision) for row in rows] == [(["4"], "correct"), (["x", "y"], "B")]


def test_what_is_no_http_is_refused_without_a_traceback(
    service: ProviderService, caplog: pytest.LogCaptureFixture
) -> None:
    with serving() as served:
        host, port = served.address.removeprefix("http://").split(":")
        for said in (
            b"\x16\x03\x01\x00\xa5\x01\x00\x00",
            b"GET / HTTP/1.1\r\nHost: x\r\nA: " + b"x" * 20_000 + b"\r\n\r\n",
        ):
            with socket.create_connection((host, int(port)), timeout=30) as line:
                line.sendall(said)
                assert line.recv(100).startswith(b"HTTP/1.0 400 ")
    assert [record.getMessage() for record in caplog.records if record.exc_info] == []
