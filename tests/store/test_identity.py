"""Identity is the hash of what was asked; changes are named in words."""

from __future__ import annotations

import os
from pathlib import Path

import msgspec

from judgebench.identity.questions import (
    FileIdentity,
    changed_keys,
    question_uuid,
    read_identity,
    short_hash,
    write_identity,
)


def test_changed_settings_are_named_with_both_values() -> None:
    old = {"generation_kwargs.temperature": 0.6, "prompt": "abc", "x": 1}
    new = {"generation_kwargs.temperature": 0.2, "prompt": "abc", "y": None, "x": 1}
    assert changed_keys(old, new) == ["generation_kwargs.temperature: 0.6 -> 0.2"]


def test_equal_numbers_are_one_question_however_they_are_written() -> None:
    """Else `temperature=0` -> `0.0` says that nothing changed, and everything is paid again."""
    whole, point = ({"temperature": zero, "extra_body": {"top_k": [one, 0.5]}} for zero, one in ((0, 1), (0.0, 1.0)))
    assert question_uuid("p", whole, {}) == question_uuid("p", point, {})
    assert short_hash(whole) == short_hash(point)
    assert changed_keys({"t": 0}, {"t": 0.0}) == []
    assert changed_keys({"stream": True}, {"stream": 1}) == ["stream: true -> 1"]
    assert question_uuid("p", {"stream": True}, {}) != question_uuid("p", {"stream": 1}, {})
    assert question_uuid("p", {"t": 1e300}, {}) != question_uuid("p", {"t": 2e300}, {})


def test_a_question_is_told_apart_by_everything_that_was_asked() -> None:
    base = question_uuid("p", {"t": 0}, {"model": "m"})
    assert base == question_uuid("p", {"t": 0}, {"model": "m"}, 0)
    others = {
        question_uuid("q", {"t": 0}, {"model": "m"}),
        question_uuid("p", {"t": 1}, {"model": "m"}),
        question_uuid("p", {"t": 0}, {"model": "n"}),
        question_uuid("p", {"t": 0}, {"model": "m"}, 1),
        question_uuid([{"role": "user", "content": "p"}], {"t": 0}, {"model": "m"}),
    }
    assert len(others | {base}) == 6
    assert len(base) == 32


def test_a_file_is_complete_only_while_it_is_as_it_was_left(tmp_path: Path) -> None:
    file = tmp_path / "d.jsonl"
    file.write_text("x\n")
    left = FileIdentity(settings={}, planned=2, ok=1, failed=1)
    write_identity(tmp_path / "a.json", left, completed=file)
    identity = read_identity(tmp_path / "a.json")
    assert identity is not None
    assert msgspec.structs.replace(identity, size=left.size, modified=left.modified) == left
    assert identity.complete(file, retry_failed=False)
    assert not identity.complete(file, retry_failed=True)
    os.utime(file, ns=(identity.modified, identity.modified + 1))  # as large as before, but written since
    assert not identity.complete(file, retry_failed=False)
    file.write_text("xy\n")
    assert not identity.complete(file, retry_failed=False)
    file.unlink()
    assert not identity.complete(file, retry_failed=False)


def test_an_unreadable_state_counts_as_none(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text("{")
    assert read_identity(tmp_path / "a.json") is None
    assert read_identity(tmp_path / "b.json") is None
