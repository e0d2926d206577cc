"""What comes over the wire is decoded to values that can be stored, or refused as no JSON."""

from __future__ import annotations

import pytest

from judgebench.engine.framing import as_utf8, decode, encode


def decoded(body: bytes | str) -> object:
    """The value, or why there is none."""
    try:
        return decode(body)
    except ValueError as error:
        return str(error)


@pytest.mark.parametrize("depth", [600, 900, 100_000])
@pytest.mark.parametrize("first", [b'"\\u0000"', b'"\\ud800"', b"NaN", b"1"])
def test_json_that_is_nested_too_deeply_is_a_value_or_no_json(first: bytes, depth: int) -> None:
    found = decoded(b"[" + first + b"," + b"[" * depth + b"]" * depth + b"]")
    assert isinstance(found, list) or found == "the JSON is nested too deeply"
    assert depth < 1000 or not isinstance(found, list)


@pytest.mark.parametrize("body", ["{", "", "nan", '{"a": ' + "1" * 5000 + "}"])
def test_what_is_no_json_is_refused(body: str) -> None:
    assert isinstance(decoded(body), str)


@pytest.mark.parametrize(
    ("body", "value"),
    [
        (b'{"a\\u0000": "b\\u0000"}', {"a\N{REPLACEMENT CHARACTER}": "b\N{REPLACEMENT CHARACTER}"}),
        (b'["\\ud800x"]', ["\N{REPLACEMENT CHARACTER}x"]),
        (b'["\\ud83d\\ude00"]', ["\N{GRINNING FACE}"]),
        (b'["\xff"]', ["\N{REPLACEMENT CHARACTER}"]),
    ],
)
def test_text_that_utf8_cannot_hold_is_replaced(body: bytes, value: object) -> None:
    assert decode(body) == value
    assert encode(value) == encode(decode(encode(value)))


@pytest.mark.parametrize("body", [b'\xef\xbb\xbf{"a": 1}', '\ufeff{"a": 1}'])
def test_a_byte_order_mark_before_the_json_is_no_part_of_it(body: bytes | str) -> None:
    assert decode(body) == {"a": 1}


@pytest.mark.parametrize("charset", ["iso-8859-1", "windows-1252"])
def test_a_body_that_is_no_utf8_is_read_in_the_character_set_that_its_header_names(charset: str) -> None:
    assert decode(as_utf8('{"a": "Zürich"}'.encode(charset), charset)) == {"a": "Zürich"}


@pytest.mark.parametrize("charset", [None, "iso-8859-1", "no-such-set", "utf-8"])
def test_a_body_in_utf8_is_that_whatever_its_header_names(charset: str | None) -> None:
    body = '{"a": "Zürich"}'.encode()
    assert as_utf8(body, charset) == body


@pytest.mark.parametrize("charset", [None, "no-such-set", "ascii", "utf-8", "idna"])
def test_a_body_that_no_named_character_set_explains_stays_as_it_is(charset: str | None) -> None:
    assert as_utf8(b'["\xff"]', charset) == b'["\xff"]'
