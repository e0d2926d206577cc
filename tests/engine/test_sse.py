"""The event stream parser."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from judgebench.engine.framing import Event, EventParser


def parse(*pieces: bytes) -> list[Event]:
    parser = EventParser()
    return [event for piece in pieces for event in parser.feed(piece)] + parser.close()


@pytest.mark.parametrize(
    ("wire", "events"),
    [
        (b"data: a\n\n", [Event("a")]),
        (b"data:a\n\n", [Event("a")]),
        (b"data:  a\n\n", [Event(" a")]),
        (b"data: a\ndata: b\n\n", [Event("a\nb")]),
        (b"data\n\n", [Event("")]),
        (b": comment\n\ndata: a\n\n", [Event("a")]),
        (b"event: error\ndata: a\n\ndata: b\n\n", [Event("a", "error"), Event("b")]),
        (b"event: message\ndata: a\n\n", [Event("a")]),
        (b"event: x\n\ndata: a\n\n", [Event("a")]),
        (b"id: 1\nretry: 3\nunknown\ndata: a\n\n", [Event("a")]),
        (b"data: a\r\n\r\ndata: b\r\rdata: c\n\n", [Event("a"), Event("b"), Event("c")]),
        (b"\xef\xbb\xbfdata: a\n\n", [Event("a")]),
        (b"data: cut", []),
        (b"data: cut\n", []),
        (b"data: [DONE]", [Event("[DONE]")]),
        (b"data: [DONE]\r\n", [Event("[DONE]")]),
        (b"data: \xff\n\n", [Event("\ufffd")]),
        (b"", []),
    ],
)
def test_events(wire: bytes, events: list[Event]) -> None:
    assert parse(wire) == events
    assert parse(*[wire[i : i + 1] for i in range(len(wire))]) == events


lines = st.text(st.characters(exclude_characters="\r\n", exclude_categories=["Cs"]), max_size=12)


@given(
    st.lists(st.lists(lines, min_size=1, max_size=3), max_size=5),
    st.sampled_from([b"\n", b"\r\n", b"\r"]),
    st.lists(st.integers(0, 400), max_size=8),
)
def test_however_it_is_cut_the_events_are_the_same(events: list[list[str]], end: bytes, cuts: list[int]) -> None:
    wire = b": hello" + end + end
    for data in events:
        wire += b"".join(b"data: " + line.encode() + end for line in data) + end
    wire += b"data: last" + end + end + b": bye" + end
    places = [0, *sorted(min(cut, len(wire)) for cut in cuts), len(wire)]
    pieces = [wire[a:b] for a, b in itertools.pairwise(places)]
    assert [event.data for event in parse(*pieces)] == ["\n".join(data) for data in events] + ["last"]
