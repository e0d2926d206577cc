"""Counting how many verdicts another tool's rule would have given otherwise."""

from __future__ import annotations

from judgebench.judges.methods.differences import differences
from judgebench.judges.parsers.reading import parser_of
from judgebench.records.flow import Reply

from .test_corpus import CORPUS, SETUPS

OURS = parser_of(SETUPS["letter"])


def replies(*texts: str) -> list[Reply]:
    return [Reply(status="ok", text=text) for text in texts]


def test_what_the_last_character_makes_of_plain_replies() -> None:
    found = differences(replies("A", "VERDICT: A.", "NASA", "no idea", "B"), OURS, parser_of("aisbench_last_char"))
    assert (found.n, found.same, found.contrary, found.only_first, found.only_second) == (5, 2, 1, 0, 2)
    assert found.differing == 3
    assert (found.examples[0].text, found.examples[0].first, found.examples[0].second) == (
        "VERDICT: A.",
        "correct",
        "incorrect",
    )


def test_a_parser_does_not_differ_from_itself() -> None:
    texts = [row["text"] for row in CORPUS]
    for name in SETUPS:
        parser = parser_of(SETUPS[name])
        found = differences(replies(*texts), parser, parser)
        assert (found.n, found.same, found.examples) == (len(texts), len(texts), [])


def test_ours_and_the_guessing_rules_part_on_the_corpus_in_one_direction_only() -> None:
    """Whatever ours reads, the guesser also decides; it decides many replies in which nothing is stated."""
    texts = [row["text"] for row in CORPUS if row["setup"] == "letter"]
    found = differences(replies(*texts), OURS, parser_of("aisbench_last_char"))
    assert found.only_first == 0
    assert found.only_second > 100
    assert found.contrary > 20
    assert len(found.examples) == 5
    backwards = differences(replies(*texts), parser_of("aisbench_last_char"), OURS)
    assert (backwards.only_first, backwards.contrary) == (found.only_second, found.contrary)


def test_no_replies_no_differences() -> None:
    assert differences([], OURS, OURS).n == 0
