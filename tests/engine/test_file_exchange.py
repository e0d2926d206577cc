"""Questions that go into a file, and answers that come back in one: in any order, in part, twice, from elsewhere."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from judgebench.engine.client import BatchPlace, Traffic, open_client
from judgebench.engine.file_exchange import Imported, gathered, remember_written, take_replies
from judgebench.errors import ConfigError, DataError
from judgebench.models.access import model_config
from judgebench.records.flow import Reply, Request

NAMES = {"openai": "VLLMCustomAPIChat", "anthropic": "AnthropicChat", "gemini": "GeminiChat"}


class Exchange:
    """A run that asks by files: the service of its config does not exist."""

    def __init__(self, folder: Path, protocol: str = "openai", **keys: Any) -> None:
        self.batches = folder / "run" / "batches"
        self.parts = folder / "parts"
        self.parts.mkdir()
        self.left: list[str] = []
        self.config = model_config(
            {
                "type": NAMES[protocol],
                "abbr": "farm",
                "url": "http://localhost:1",
                "model": "big",
                "api_key": "${NO}",
                **keys,
            }
        )

    def ask(self, numbers: range = range(4)) -> dict[int, Reply]:
        """Return what is answered; what is asked then stands in ``requests``."""
        for old in self.parts.iterdir():
            old.unlink()
        place = BatchPlace(
            self.batches / "m" / "d.jsonl",
            asyncio.Event(),
            lambda sentence, _: self.left.append(sentence),
            scope="m/",
            replies=self.batches / "replies.jsonl",
            requests=self.parts,
        )

        async def ask() -> dict[int, Reply]:
            async with open_client(self.config, Traffic(), batches=place) as client:
                asked = [
                    Request(prompt=[{"role": "user", "content": f"question {n}"}], place=f"d/{n}/0") for n in numbers
                ]
                return dict(enumerate([await client.ask(one) for one in asked]))

        replies = asyncio.run(ask())
        self.requests = [json.loads(line) for file in gathered(self.parts) for line in file.lines]
        remember_written(self.batches, [one["custom_id"] for one in self.requests])
        return {n: reply for n, reply in replies.items() if reply.error is None or reply.error.kind != "cancelled"}

    def take(self, *lines: dict[str, Any] | str) -> Imported:
        file = self.parts.parent / "replies.jsonl"
        file.write_text("".join((one if isinstance(one, str) else json.dumps(one)) + "\n" for one in lines))
        return take_replies(file, self.batches)


def line(request: dict[str, Any], text: str = "", status: int = 200) -> dict[str, Any]:
    said = text or request["body"]["messages"][-1]["content"]
    message = {"role": "assistant", "content": said}
    body = {"model": "big", "choices": [{"index": 0, "message": message, "finish_reason": "stop"}]}
    failed = {"error": {"message": "too long", "code": 400}}
    response = {"status_code": status, "request_id": "r", "body": body if status == 200 else failed}
    return {"id": "vllm-1", "custom_id": request["custom_id"], "response": response, "error": None}


def test_answers_find_their_questions_in_any_order_and_the_rest_is_asked_again(tmp_path: Path) -> None:
    run = Exchange(tmp_path)
    assert run.ask() == {}
    assert run.left == ["4 questions wait for an answer from a file"]
    first = run.requests
    assert [set(one) for one in first] == [{"custom_id", "method", "url", "body"}] * 4
    assert {one["url"] for one in first} == {"/v1/chat/completions"}
    assert run.take(line(first[3]), line(first[1])) == Imported(2, 0, [], [], {})
    assert {n: reply.text for n, reply in run.ask().items()} == {1: "question 1", 3: "question 3"}
    assert [one["custom_id"] for one in run.requests] == [first[0]["custom_id"], first[2]["custom_id"]]


def test_double_foreign_and_failed_lines_are_named_and_change_nothing(tmp_path: Path) -> None:
    run = Exchange(tmp_path)
    run.ask()
    a, b, c, _ = run.requests
    stranger = {**line(a), "custom_id": "stranger"}
    found = run.take(line(a), line(a, "another"), stranger, line(b, status=400), line(b, status=400), line(c))
    assert found == Imported(2, 0, [a["custom_id"]], ["stranger"], {b["custom_id"]: "HTTP 400: too long"})
    assert {n: reply.text for n, reply in run.ask().items()} == {0: "question 0", 2: "question 2"}
    assert run.take(line(a, "better")).replaced == 1
    assert run.ask()[0].text == "better"


def test_a_reply_of_no_use_is_asked_for_again(tmp_path: Path) -> None:
    run = Exchange(tmp_path)
    run.ask(range(1))
    broken = line(run.requests[0])
    broken["response"]["body"]["choices"] = []
    assert run.take(broken).taken == 1
    assert run.ask(range(1)) == {}
    assert len(run.requests) == 1


@pytest.mark.parametrize(
    ("protocol", "reply"),
    [
        (
            "anthropic",
            {
                "result": {
                    "type": "succeeded",
                    "message": {"content": [{"type": "text", "text": "4"}], "stop_reason": "end_turn"},
                }
            },
        ),
        ("gemini", {"response": {"candidates": [{"content": {"parts": [{"text": "4"}]}, "finishReason": "STOP"}]}}),
    ],
)
def test_results_in_the_form_of_other_providers_are_taken_too(tmp_path: Path, protocol: str, reply: Any) -> None:
    run = Exchange(tmp_path, protocol)
    run.ask(range(1))
    name = run.requests[0]["custom_id"]
    run.take({("key" if protocol == "gemini" else "custom_id"): name, **reply})
    assert run.ask(range(1))[0].text == "4"


def test_what_cannot_be_used_is_said_with_its_line(tmp_path: Path) -> None:
    run = Exchange(tmp_path)
    run.ask()
    with pytest.raises(DataError, match=r"replies\.jsonl:2: the line is not JSON"):
        run.take(line(run.requests[0]), "{")
    with pytest.raises(DataError, match=r"replies\.jsonl:1: the line is no result"):
        run.take(run.requests[0])
    with pytest.raises(DataError, match="cannot be read: No such file"):
        take_replies(tmp_path / "none.jsonl", run.batches)
    assert run.ask() == {}, "a file with a broken line is not taken in part"
    nameless = Exchange.__new__(Exchange)
    (tmp_path / "other").mkdir()
    nameless.__init__(tmp_path / "other", model="")  # type: ignore[misc]
    with pytest.raises(ConfigError, match=r"models\.farm\.model is empty"):
        nameless.ask()
