"""The service that the other tests rest on does what its names say."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import httpx2
import msgspec
import pytest

from judgebench.testing.faultservice import FAULTS, Answer, FaultService, closed_port, http_status, mixed

CHAT: dict[str, Any] = {"model": "m", "messages": [{"role": "user", "content": "say four"}]}


def post(service: FaultService, body: dict[str, Any] = CHAT, path: str = "/v1/chat/completions") -> httpx2.Response:
    return httpx2.post(service.url + path, json=body, timeout=60, trust_env=False)


def test_answers_well_and_keeps_a_log() -> None:
    with FaultService(answer=lambda body: "four") as service:
        reply = post(service).json()
        post(service)
        assert reply["choices"][0]["message"]["content"] == "four"
        assert reply["usage"] == {"prompt_tokens": 2, "completion_tokens": 1, "total_tokens": 3}
        assert service.counts == {"say four": 2}
        assert [seen.nth for seen in service.requests] == [0, 1]
        assert httpx2.get(service.url + "/v1/models", trust_env=False).json()["data"][0]["id"] == "test-model"


def test_script_of_faults_is_followed_then_all_is_well() -> None:
    with FaultService(faults=["503", http_status(429, retry_after="3"), None]) as service:
        replies = [post(service) for _ in range(4)]
    assert [reply.status_code for reply in replies] == [503, 429, 200, 200]
    assert replies[1].headers["Retry-After"] == "3"


def test_stream_holds_the_same_text() -> None:
    answer = Answer("one two  three", reasoning_content="let me see")
    with FaultService(answer=lambda body: answer) as service:
        reply = post(service, {**CHAT, "stream": True, "stream_options": {"include_usage": True}})
    events = [line.removeprefix("data: ") for line in reply.text.split("\n\n") if line]
    assert events[-1] == "[DONE]"
    decoded = [msgspec.json.decode(event) for event in events[:-1]]
    deltas = [event["choices"][0]["delta"] for event in decoded if event["choices"]]
    assert "".join(delta.get("content", "") for delta in deltas) == "one two  three"
    assert "".join(delta.get("reasoning_content", "") for delta in deltas) == "let me see"
    assert decoded[-1]["usage"]["completion_tokens"] == 6


@pytest.mark.parametrize("name", ["reset_before", "reset_in_body", "truncated_body"])
def test_cut_connections_are_seen_as_such(name: str) -> None:
    with FaultService(faults=[name]) as service, pytest.raises(httpx2.TransportError):
        post(service)


@pytest.mark.parametrize("name", sorted(set(FAULTS) - {"never", "sse_stall", "sse_reset", "slow_bytes", "sse_cut"}))
def test_every_other_fault_is_served(name: str) -> None:
    completion: dict[str, Any] = {"model": "m", "prompt": "a b c"}
    for path, body in [("/v1/chat/completions", CHAT), ("/v1/completions", completion)]:
        with FaultService(faults=[name], answer=lambda body: "räksmörgås och te") as service:
            try:
                assert post(service, body, path).status_code > 0
            except httpx2.TransportError:
                assert name in {"reset_before", "reset_in_body", "truncated_body"}
            assert service.requests[0].fault == name


def test_wrong_key_is_refused() -> None:
    with FaultService(api_key="secret") as service:
        assert post(service).status_code == 401


def test_closed_port_refuses() -> None:
    with pytest.raises(httpx2.ConnectError):
        httpx2.get(f"http://127.0.0.1:{closed_port()}", trust_env=False)


def test_mixed_faults_have_the_asked_share() -> None:
    pick = mixed(0.3, seed=1)
    assert 250 < sum(pick(None) is not None for _ in range(1000)) < 350


def test_runs_as_a_process() -> None:
    command = [sys.executable, "-m", "judgebench.testing.faultservice", "--answer", "four"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdin is not None
        url = process.stdout.readline().strip()
        reply = httpx2.post(url + "/v1/chat/completions", json=CHAT, trust_env=False, timeout=60)
        process.stdin.close()
        assert process.wait(60) == 0
    assert reply.json()["choices"][0]["message"]["content"] == "four"


def test_a_process_in_the_background_of_a_shell_goes_on_until_it_is_told_to_end() -> None:
    """Its input is empty there, as that of every program that a script starts with an ampersand."""
    command = [sys.executable, "-m", "judgebench.testing.faultservice", "--answer", "four"]
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        url = process.stdout.readline().strip()
        for _ in range(2):
            reply = httpx2.post(url + "/v1/chat/completions", json=CHAT, trust_env=False, timeout=60)
            assert reply.json()["choices"][0]["message"]["content"] == "four"
        process.terminate()
        assert process.wait(60) == 0
