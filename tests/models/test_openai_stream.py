"""The short cut for plain events of a stream says what the careful reading of every event says."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from judgebench.engine.framing import decode
from judgebench.models.openai import EventReader
from judgebench.records.flow import Reply

texts = st.sampled_from([None, "", "B", " and", "<think>x</think>", "\0", 7])
deltas = st.fixed_dictionaries(
    {},
    optional={
        "role": st.sampled_from(["assistant", None, 3]),
        "content": texts,
        "reasoning_content": texts,
        "reasoning": texts,
        "refusal": st.sampled_from([None, "no"]),
        "tool_calls": st.sampled_from([None, [], [{"id": "1"}]]),
        "unknown": st.sampled_from([None, 1]),
    },
)
choices = st.fixed_dictionaries(
    {"delta": deltas},
    optional={
        "index": st.sampled_from([0, 1, None]),
        "finish_reason": st.sampled_from(["stop", "length", "content_filter", "", None, 3]),
        "logprobs": st.sampled_from([None, {"content": [{"token": "B", "logprob": -1.0}]}]),
        "stop_reason": st.sampled_from([None, 5]),
        "text": st.sampled_from(["x"]),
    },
)
events = st.fixed_dictionaries(
    {"choices": st.lists(choices, max_size=2)},
    optional={
        "model": st.sampled_from(["m", "", None, 3]),
        "system_fingerprint": st.sampled_from(["f", None]),
        "object": st.sampled_from(["chat.completion.chunk", "error", None]),
        "error": st.sampled_from([None, "bad", {"message": "m"}, "", {}]),
        "detail": st.sampled_from([None, "", "x"]),
        "usage": st.sampled_from([None, {"prompt_tokens": 1, "completion_tokens": 2}]),
    },
)


def read(payloads: list[dict[str, Any]], *, short: bool, terminated: bool) -> tuple[list[bool], Reply]:
    reader = EventReader()
    carried = []
    for payload in payloads:
        data = msgspec.json.encode(payload).decode()
        taken = reader.feed_plain(data) if short else None
        carried.append(bool(reader.feed(decode(data)) if taken is None else taken))
    return carried, reader.finish(terminated=terminated)


@settings(max_examples=250)
@given(st.lists(events, max_size=5), st.booleans())
def test_the_short_cut_reads_what_the_careful_reading_reads(payloads: list[dict[str, Any]], terminated: bool) -> None:
    assert read(payloads, short=True, terminated=terminated) == read(payloads, short=False, terminated=terminated)


@pytest.mark.parametrize(
    "choice",
    [
        {"index": 0, "delta": {"role": "assistant", "content": ""}, "logprobs": None, "finish_reason": None},
        {"index": 0, "delta": {"content": "B"}, "logprobs": None, "finish_reason": None, "token_ids": None},
        {"index": 0, "delta": {"reasoning_content": "hm", "content": None}, "finish_reason": None},
        {"index": 0, "delta": {}, "finish_reason": "stop", "stop_reason": None},
        {"finish_reason": None, "index": 0, "delta": {"content": "B", "tool_calls": []}},
    ],
)
def test_the_short_cut_takes_the_events_of_common_services(choice: dict[str, Any]) -> None:
    head = {"id": "x", "object": "chat.completion.chunk", "created": 1, "model": "m", "system_fingerprint": "f"}
    assert (
        EventReader().feed_plain(msgspec.json.encode({**head, "choices": [choice], "usage": None}).decode()) is not None
    )


@pytest.mark.parametrize("data", ["", "{", "[]", "null", '{"choices": []}', '"\\ud800"', "[DONE]"])
def test_what_is_not_plain_is_left_to_the_careful_reading(data: str) -> None:
    assert EventReader().feed_plain(data) is None
