"""Items whose answer is a number: amounts, quantities, times, ranks."""

from __future__ import annotations

import random
from collections.abc import Callable

from benchmarks.judge_data import aliases, forms
from benchmarks.judge_data.items import Item, drawn_person, drawn_place, drawn_title, words_of


def number(chance: random.Random) -> Item:
    """Return an item about a count."""
    value = chance.choice(
        [
            chance.randint(2, 12),
            chance.randint(2, 30),
            chance.randint(10, 120),
            chance.choice([100, 150, 200, 250, 400, 500, 750, 1000, 2000, 5000, 10000, 12000, 50000]),
            chance.randint(100, 9999),
        ]
    )
    things, where = (
        chance.choice(
            [
                "players",
                "legs",
                "strings",
                "rooms",
                "pages",
                "members",
                "islands",
                "teeth",
                "keys",
                "cards",
                "wheels",
                "steps",
                "bridges",
                "stars",
                "sides",
                "colours",
                "letters",
                "seats",
                "towns",
                "moons",
                "books",
                "petals",
                "wings",
                "holes",
            ]
        ),
        drawn_place(chance),
    )
    if chance.random() < 0.25:
        first, second = chance.randint(2, 12), chance.randint(2, 12)
        sign = chance.choice(["plus", "times", "minus", "+", "x"])
        value = {
            "plus": first + second,
            "+": first + second,
            "minus": first,
            "times": first * second,
            "x": first * second,
        }[sign]
        question, things = f"What is {first + second if sign == 'minus' else first} {sign} {second}?", ""
    else:
        question = chance.choice(
            [
                f"How many {things} has {chance.choice(['a', 'the'])} {chance.choice(words_of(aliases.NOUNS))}?",
                f"How many {things} are there in {where}?",
                f"How many {things} does {drawn_person(chance)} have?",
                f"How many {things} are on the {chance.choice(words_of(aliases.NOUNS))} of {where}?",
            ]
        )
    gold = chance.choice(
        [str(value), str(value), str(value), forms.in_words(value), f"{value:,}", f"{value} {things}".strip()]
    )
    answer_wrong = _near_number(value)

    def written(source: random.Random, this: int) -> str:
        figure = forms.as_number(source, this)
        if not things:
            return source.choice(
                [figure, figure, f"{question[8:-1].strip()} is {figure}", f"{question[8:-1].strip()} = {this}"]
            )
        return source.choice(
            [
                figure,
                figure,
                figure,
                f"{figure} {things}",
                f"There are {figure} {things}.",
                f"There are {figure}.",
                f"exactly {figure}",
                f"It has {figure} {things}.",
                f"{figure} of them",
                f"{this} ({forms.in_words(this)})",
                f"a total of {figure}",
                f"{figure} in all",
                f"They have {figure}.",
            ]
        )

    return Item(
        question,
        gold,
        lambda source: written(source, value),
        lambda source: written(source, answer_wrong(source)),
        "number",
    )


def _near_number(value: int) -> Callable[[random.Random], int]:
    def near(source: random.Random) -> int:
        digits = str(value)
        ways = [
            value + source.choice([-3, -2, -1, 1, 2, 3, 4]),
            value * 10,
            value * 2,
            value // 2,
            int(digits[::-1]),
            source.randint(1, max(10, value * 2)),
            source.randint(1, 20),
            value + 10,
            value + 100,
            value // 10,
        ]
        fitting = [way for way in ways if way >= 0 and way != value]
        return min(999_999, source.choice(fitting))

    return near


def quantity(chance: random.Random) -> Item:
    """Return an item about a measure: number and unit."""
    place_of_unit = chance.randrange(len(forms.UNITS))
    unit = forms.UNITS[place_of_unit]
    value = chance.choice(
        [
            1,
            chance.randint(2, 20),
            chance.randint(20, 400),
            chance.choice([50, 100, 150, 200, 500, 1000, 1500, 2000, 3000]),
        ]
    )
    gold = chance.choice(
        [f"{value} {unit[0]}", f"{value} {unit[1]}", forms.as_quantity(chance, value, unit), str(value)]
    )
    asked = chance.choice(
        [
            f"How much is the {chance.choice(words_of(aliases.NOUNS))} of {drawn_place(chance)}?",
            f"What is the size of the {chance.choice(words_of(aliases.NOUNS))}?",
            f"How far is it from {drawn_place(chance)} to {drawn_place(chance)}?",
            f"How long does the {chance.choice(words_of(aliases.NOUNS))} last?",
            f"How heavy is the {chance.choice(words_of(aliases.NOUNS))}?",
        ]
    )
    if gold == str(value):
        asked = f"How many {unit[0]} is it from {drawn_place(chance)}?"
    converted = [(other, factor) for one, other, factor in forms.CONVERSIONS if one == unit[0]]
    names = {one[0]: one for one in forms.UNITS}

    def right(source: random.Random) -> str:
        if converted and gold != str(value) and source.random() < 0.25:
            other, factor = source.choice(converted)
            return forms.as_quantity(source, value * factor, names[other])
        if source.random() < 0.12:
            return forms.as_number(source, value)
        return forms.as_quantity(source, value, unit)

    def wrong(source: random.Random) -> str:
        if gold != str(value) and source.random() < 0.35:
            other = source.choice([one for at, one in enumerate(forms.UNITS) if at != place_of_unit])
            if not {unit[0], other[0]} & {"degrees", "tonnes"} or unit[0][:6] != other[0][:6]:
                return forms.as_quantity(source, value, other)
        return forms.as_quantity(source, min(99_999, _near_number(value)(source)), unit)

    return Item(asked, gold, right, wrong, "quantity")


def time(chance: random.Random) -> Item:
    """Return an item about a year or a date."""
    day, month, year = chance.randint(1, 28), chance.randint(1, 12), chance.randint(1066, 2024)
    event = chance.choice(
        [
            f"{drawn_person(chance)} born",
            f"the battle of {drawn_place(chance)}",
            f"the {drawn_place(chance)} bridge opened",
            f"{drawn_title(chance)} published",
            f"the treaty of {drawn_place(chance)} signed",
        ]
    )
    if chance.random() < 0.6:
        gold = chance.choice([str(year), str(year), str(year), f"in {year}"])
        question = chance.choice([f"In which year was {event}?", f"When was {event}?", f"What year was {event}?"])

        def other(source: random.Random) -> int:
            return source.choice(
                [
                    year + source.choice([-2, -1, 1, 2, 3]),
                    year + source.choice([-100, -10, 10, 100, 20, 30, -50]),
                    source.randint(1066, 2024),
                    int(f"{str(year)[:2]}{str(year)[:1:-1]}") if str(year)[2] != str(year)[3] else year + 4,
                ]
            )

        return Item(
            question,
            gold,
            lambda source: forms.as_year(source, year),
            lambda source: forms.as_year(source, other(source)),
            "year",
        )
    question = chance.choice(
        [f"When was {event}?", f"On which day was {event}?", f"What is the date on which was {event}?"]
    )

    def wrong(source: random.Random) -> str:
        kind = source.random()
        if kind < 0.3:
            return forms.as_date(source, day % 28 + 1, month, year)
        if kind < 0.5:
            return forms.as_date(source, day, month % 12 + 1, year)
        if kind < 0.8:
            return forms.as_date(source, day, month, year + source.choice([-10, -1, 1, 5]))
        return forms.as_date(
            source, source.randint(1, 28), (month + source.randint(1, 10)) % 12 + 1, source.randint(1066, 2024)
        )

    return Item(
        question,
        forms.as_date(chance, day, month, year),
        lambda source: forms.as_date(source, day, month, year),
        wrong,
        "date",
    )


def rank(chance: random.Random) -> Item:
    """Return an item about a place in an order: a king's number, a century, a chapter."""
    value = chance.randint(2, 20)
    kind = chance.choice(["king", "century", "chapter", "rank"])
    name = chance.choice(words_of(aliases.FIRST_NAMES))

    def written(source: random.Random, this: int) -> str:
        word = forms.ORDINALS[this - 1]
        if kind == "king":
            return source.choice(
                [
                    f"{name} {forms.roman(this)}",
                    f"{name} the {word.title()}",
                    f"King {name} {forms.roman(this)}",
                    f"{name} the {forms.ordinal(this)}",
                    f"Queen {name} {forms.roman(this)}",
                    f"{name} {this}",
                ]
            )
        if kind == "century":
            return source.choice(
                [
                    f"the {forms.ordinal(this)} century",
                    f"{word} century",
                    f"{forms.ordinal(this)} century",
                    f"in the {word} century",
                    f"the {forms.roman(this)} century",
                    f"{forms.ordinal(this)} century AD",
                    f"{forms.ordinal(this)} c.",
                ]
            )
        if kind == "chapter":
            return source.choice(
                [
                    f"chapter {this}",
                    f"Chapter {forms.roman(this)}",
                    f"the {word} chapter",
                    f"chapter {forms.in_words(this)}",
                    str(this),
                    f"ch. {this}",
                ]
            )
        return source.choice(
            [
                word,
                forms.ordinal(this),
                f"the {word}",
                f"the {forms.ordinal(this)} one",
                f"number {this}",
                f"{word} place",
            ]
        )

    question = {
        "king": f"Which ruler founded {drawn_place(chance)}?",
        "century": f"When was the cathedral of {drawn_place(chance)} built?",
        "chapter": f"Where does {drawn_person(chance)} first appear?",
        "rank": f"Which place did {drawn_person(chance)} reach?",
    }[kind]

    def wrong(source: random.Random) -> str:
        other = source.choice(
            [
                one
                for one in (value - 2, value - 1, value + 1, value + 2, source.randint(1, 20))
                if 1 <= one <= 20 and one != value
            ]
        )
        if kind == "king" and source.random() < 0.3:
            return (
                f"{source.choice([one for one in words_of(aliases.FIRST_NAMES) if one != name])} {forms.roman(value)}"
            )
        return written(source, other)

    return Item(question, written(chance, value), lambda source: written(source, value), wrong, kind)
