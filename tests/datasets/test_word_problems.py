"""Word problems of a seed: the same on every machine, no two the same, and answers that a second computation gives."""

from __future__ import annotations

import re
from collections.abc import Callable
from fractions import Fraction
from itertools import count
from pathlib import Path

import pytest

from judgebench.datasets.samples import count_of, samples_of, stamp_of
from judgebench.datasets.word_problems import FAMILIES, GENERATOR, WordProblems
from judgebench.errors import ConfigError
from judgebench.records.flow import Sample
from judgebench.records.run import DatasetConfig, Options
from tests.catalogue.judging import datasets


def made(seed: int, items: int = 240) -> list[Sample]:
    return list(WordProblems(WordProblems.Config(seed=seed, items=items)).samples())


def by_hand(distance: list[int]) -> int:
    slow, hours, fast, more, back = distance
    return sum([slow] * hours + [fast] * more) - back


def minutes(shift: list[int]) -> int:
    hour, minute, last_hour, last_minute, breaks, rest = shift
    worked = set(range(hour * 60 + minute, last_hour * 60 + last_minute))
    return len(worked) - sum(rest for _ in range(breaks))


SECOND: dict[str, Callable[[list[int]], object]] = {
    "change": lambda n: n[4] - sum([n[1]] * n[0] + [n[3]] * n[2]),
    "shares": lambda n: Fraction(n[0] * n[1] - n[2], n[3]),
    "output": lambda n: sum(n[0] * n[1] - n[3] for _ in range(n[2])),
    "distance": by_hand,
    "ages": lambda n: next(old for old in count() if (old + n[1]) + (old - n[0] + n[1]) == n[2]),
    "discount": lambda n: n[2] * Fraction(n[0] * (100 - n[1]), 100) + n[3],
    "weeks": lambda n: next(week for week in count() if n[0] + week * (n[1] - n[2]) == n[3]),
    "tank": lambda n: next(time for time in count() if n[1] + time * (n[2] - n[3]) == n[0]),
    "workers": lambda n: Fraction(n[0] * n[1], n[3]),
    "ratio": lambda n: Fraction(n[0], n[1] + n[2]) * (n[2] - n[1]),
    "shift": minutes,
    "left over": lambda n: (n[0] % n[2] + n[1] % n[2]) % n[2],
}
"""The answers, computed from the numbers of the text in another way than the templates do."""
UIDS = [
    "f88a9fae2f175bfd",
    "a77f15c5544c1f15",
    "58fcb86255bacda3",
    "0ebc040c8d1817d6",
    "734622bd843890af",
    "13a15fd3dac8e6db",
    "e337cb605683452b",
    "60b64e8834f488a1",
    "e4086723213c0fd5",
    "6a0746b3c47458c1",
    "b5d50044bb95e5a7",
    "417320070cbb1297",
]
"""Hashes of the first problem of each family, of seed 0."""


@pytest.mark.parametrize("family", FAMILIES)
def test_answers_are_what_the_numbers_of_the_text_give(family: str) -> None:
    own = [one for one in made(5) if one.meta["family"] == family]
    plain = [one for one in own if one.meta["needless_number"] == "no"]
    assert len(own) == 20
    assert 2 <= len(plain) <= 18
    for one in plain:
        numbers = [int(found) for found in re.findall(r"\d+", one.fields["problem"].replace("(clock of 24 hours)", ""))]
        assert str(SECOND[family](numbers)) == one.reference, one.fields["problem"]


def test_a_seed_gives_the_same_problems_whatever_their_number_and_no_two_are_the_same() -> None:
    few, many = made(0, 30), made(0, 2_000)
    assert many[:30] == few
    assert len({one.fields["problem"] for one in many}) == len({one.key for one in many}) == 2_000
    assert not {one.uid for one in many} & {one.uid for one in made(1, 2_000)}


def test_the_first_problem_of_seed_0_is_this_one() -> None:
    """Whoever changes a template renames the generator: results of one name are to be comparable."""
    first = made(0, 1)[0]
    assert first.key == "word-problems-1/0/0"
    assert first.fields["problem"].startswith("Ada buys 11 pencils for 25 coins each and 18 shells for 19 coins each.")
    assert [one.uid for one in made(0, 12)] == UIDS


def test_the_dataset_says_which_generator_and_seed_and_reads_nothing(tmp_path: Path) -> None:
    (data,) = datasets("word_problems").values()
    options = Options(data_dir=str(tmp_path), num_prompts=3)
    assert stamp_of(data, options) == f"{GENERATOR}, seed 0"
    assert count_of(data, options) == len(list(samples_of(data, options))) == 3


def test_another_generator_is_refused(tmp_path: Path) -> None:
    (data,) = datasets("word_problems").values()
    other: DatasetConfig = data
    other.loader.options["generator"] = "word-problems-0"
    with pytest.raises(ConfigError, match="'word-problems-0' is not here; this version makes 'word-problems-1'"):
        list(samples_of(other, Options(data_dir=str(tmp_path))))
