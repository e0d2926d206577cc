"""Items of the training data: a question, the answer that is right, other ways to write it, and answers that are wrong."""

from __future__ import annotations

import dataclasses
import random
from collections.abc import Callable

from benchmarks.judge_data import aliases, forms
from benchmarks.judge_data.facts import TABLES

ASKED = (
    "Which one is meant?", "What is shown here?", "What is described in the text?", "Name it.", "What did the speaker mean?", "Which word fits best?",
    "What is it called?", "What is the right word?", "What was the topic of the lecture?", "Which of them was chosen?", "What is the answer to the riddle?",
    "What did the quiz master ask for?", "What is the name of this?", "What does the picture show?", "Which term is defined in the first line?",
)  # fmt: skip
JUNK = (
    "I don't know", "unknown", "not sure", "no idea", "It depends.", "none", "nothing", "I do not know.", "a good question", "yes", "no", "the same",
    "a person", "a country", "a city", "a number", "a kind of animal", "it is very old", "in the world", "a famous writer", "the first", "many", "the name of a place",
    "a place in Europe", "something else", "the answer", "a word", "see above", "1", "the people", "N/A", "the most common one", "a long time ago", "the largest one",
)  # fmt: skip


@dataclasses.dataclass(frozen=True)
class Item:
    """One question of the training data.

    Attributes:
        question: What is asked.
        gold: The reference that the judge is shown.
        right: Gives another form of the gold answer.
        wrong: Gives an answer that is not the gold answer, in any form.
        kind: Kind of item, for the tables.
        fixed: Whether the letters must stay as they are (symbols).
    """

    question: str
    gold: str
    right: Callable[[random.Random], str]
    wrong: Callable[[random.Random], str]
    kind: str
    fixed: bool = False


def fact(chance: random.Random, part: Callable[[str], bool]) -> Item:
    """Return an item about one of the facts; ``part`` says which of the keys may be used."""
    while True:
        name = chance.choice(list(TABLES))
        template, table = TABLES[name]
        entries = aliases.groups(table)
        entry = chance.choice(entries)
        if part(f"{name} {entry[0]}"):
            break
    key, gold, *others = entry
    if name in {"author", "person"}:
        others = [*others, *[forms.as_person(chance, gold) for _ in range(3)]]
    statement = {"capital": "The capital of {k} is {a}.", "author": "{k} was written by {a}.", "person": "{a} {k}.", "opposite": "The opposite of {k} is {a}."}  # fmt: skip
    said = statement.get(name, "")

    def told(source: random.Random, answer: str) -> str:
        return said.format(k=key, a=answer) if said and source.random() < 0.12 else answer

    def right(source: random.Random) -> str:
        return told(source, source.choice([gold, *others, *others]))

    def wrong(source: random.Random) -> str:
        if source.random() < 0.12:
            return key if len(key) < 30 else "it"
        while True:
            other = source.choice(entries)
            if other[1] != gold and other[1] not in others and gold not in other[2:]:
                break
        answer = source.choice(other[1:])
        if name in {"author", "person"} and source.random() < 0.5:
            answer = forms.as_person(source, other[1])
        return told(source, answer)

    return Item(template.format(key=key), gold, right, wrong, name, fixed=name == "symbol")


def named(chance: random.Random, part: Callable[[str], bool]) -> Item:
    """Return an item about things with several names, or with names that look like those of others."""
    kind = chance.choice(
        ["synonym", "synonym", "spelling", "spelling", "acronym", "look-alike", "look-alike", "modifier"]
    )
    table = {
        "synonym": aliases.SYNONYMS, "spelling": aliases.SPELLINGS, "acronym": aliases.ACRONYMS, "look-alike": aliases.LOOK_ALIKES, "modifier": aliases.MODIFIERS,
    }[kind]  # fmt: skip
    entries = aliases.groups(table)
    while True:
        place = chance.randrange(len(entries))
        if part(entries[place][0]):
            break
    entry = entries[place]
    gold = chance.choice(entry[:1] if kind == "modifier" else entry)
    same = [gold] if kind == "look-alike" else [form for form in entry if form != gold]

    def right(source: random.Random) -> str:
        return source.choice(same)

    def wrong(source: random.Random) -> str:
        if kind == "look-alike":
            return source.choice([form for form in entry if form != gold])
        near = entries[max(0, min(len(entries) - 1, place + source.choice([-2, -1, 1, 2])))]
        other = near if source.random() < 0.5 and near is not entry else source.choice(entries)
        return source.choice(other) if other is not entry else source.choice(JUNK)

    return Item(chance.choice(ASKED), gold, right, wrong, kind)


def _words(text: str) -> list[str]:
    return text.split()


def _place(chance: random.Random) -> str:
    return chance.choice(_words(aliases.PLACE_STEMS)) + chance.choice(_words(aliases.PLACE_ENDINGS))


def _person(chance: random.Random) -> str:
    first, last = chance.choice(_words(aliases.FIRST_NAMES)), chance.choice(_words(aliases.LAST_NAMES))
    kind = chance.random()
    if kind < 0.12:
        return f"{first} {chance.choice(_words(aliases.FIRST_NAMES))} {last}"
    if kind < 0.2:
        return f"{first} {chance.choice(['van', 'von', 'de', 'da'])} {last}"
    if kind < 0.26:
        return f"{first[0]}. {chance.choice('ABCDEHJLMPRTW')}. {last}"
    return f"{first} {last}"


def _title(chance: random.Random) -> str:
    adjective, noun = chance.choice(_words(aliases.ADJECTIVES)).title(), chance.choice(_words(aliases.NOUNS)).title()
    other = chance.choice(_words(aliases.NOUNS)).title()
    return chance.choice(
        [
            f"The {adjective} {noun}", f"The {adjective} {noun}", f"The {noun} of {_place(chance)}", f"{noun} and {other}", f"A {noun} for {_person(chance).split()[0]}",
            f"{adjective} {noun}", f"The {noun}'s {other}", f"{_place(chance)} {noun}", f"{noun} in the {other}", f"{adjective} {noun}s",
        ]
    )  # fmt: skip


def person(chance: random.Random) -> Item:
    """Return an item about an invented person."""
    name = _person(chance)
    other, year = _title(chance), chance.randint(1720, 2015)
    question = chance.choice(
        [
            f"Who wrote {other}?", f"Who directed the film {other} of {year}?", f"Who was mayor of {_place(chance)} in {year}?", f"Who founded the town of {_place(chance)}?",
            f"Which singer had a hit with {other} in {year}?", f"Who plays the detective in the series {other}?", f"Who won the {_place(chance)} Prize in {year}?",
            f"Which scientist described the {_place(chance)} effect?", f"Who painted {other}?", f"Who succeeded {_person(chance)} as leader of the party?",
            f"Which author, born in {_place(chance)} in {year}, created the character {_person(chance)}?", f"Who is the hero of the novel {other}?", f"Who composed the opera {other}?",
        ]
    )  # fmt: skip
    *given, surname = name.split(" ")

    def wrong(source: random.Random) -> str:
        kind = source.random()
        if kind < 0.25:
            return f"{' '.join(given)} {source.choice([one for one in _words(aliases.LAST_NAMES) if one != surname])}"
        if kind < 0.4:
            first = source.choice(
                [one for one in _words(aliases.FIRST_NAMES) if one not in given and one[0] != given[0][0]]
            )
            return f"{first} {surname}"
        while True:
            if (another := _person(source)).split(" ")[-1] != surname:
                return another if source.random() < 0.4 else forms.as_person(source, another)

    return Item(question, name, lambda source: forms.as_person(source, name), wrong, "invented person")


def title(chance: random.Random) -> Item:
    """Return an item about an invented book, film or song."""
    name, year = _title(chance), chance.randint(1850, 2015)
    question = chance.choice(
        [
            f"Which novel by {_person(chance)} appeared in {year}?", f"Which film of {year} was directed by {_person(chance)}?", f"What was {_person(chance)}'s first hit?",
            f"Which play is set in {_place(chance)}?", f"Which painting hangs in the museum of {_place(chance)}?", f"What is the name of the pub in the series {_title(chance)}?",
        ]
    )  # fmt: skip

    def right(source: random.Random) -> str:
        bare = name.removeprefix("The ").removeprefix("A ")
        ways = [
            bare,
            bare,
            name,
            f"The {bare}",
            f"{bare}, The" if name.startswith("The ") else name,
            f"{name} ({year})",
            f'"{name}"',
            f"{name}: {source.choice(['A Novel', 'The Movie', 'Part One'])}",
        ]
        ways += [
            f"the {source.choice(['novel', 'film', 'song', 'book', 'play', 'ship', 'painting'])} {name}",
            f"{name} ({source.choice(['film', 'novel', 'song', 'book', 'TV series'])})",
            f"{bare} {source.choice(['film', 'novel', 'song'])}",
        ]
        if " and " in name:
            ways += [name.replace(" and ", " & "), name.replace(" and ", " 'n' ")]
        return source.choice(ways)  # fmt: skip

    def wrong(source: random.Random) -> str:
        words = name.split(" ")
        if source.random() < 0.45:
            at = source.randrange(len(words))
            pool = aliases.ADJECTIVES if words[at].lower() in aliases.ADJECTIVES.split() else aliases.NOUNS
            new = source.choice([one for one in _words(pool) if one.title() not in words]).title()
            if words[at] not in {"The", "A", "of", "and", "in", "the", "for"}:
                return " ".join([*words[:at], new, *words[at + 1 :]])
        while (other := _title(source)) == name:
            pass
        return other

    return Item(question, name, right, wrong, "invented title")


def place(chance: random.Random) -> Item:
    """Return an item about an invented river, mountain, lake, town or country."""
    stem = _place(chance)
    kind = chance.choice(
        [
            "River",
            "Mount",
            "Lake",
            "Sea",
            "Island",
            "Mountains",
            "Desert",
            "town",
            "town",
            "country",
            "Castle",
            "Bay",
            "Canal",
        ]
    )
    before = kind in {"River", "Mount", "Lake"} or (kind == "Castle" and chance.random() < 0.3)
    name = stem if kind in {"town", "country"} else f"{kind} {stem}" if before else f"{stem} {kind}"
    gold = chance.choice([name, name, stem])
    question = f"Which {kind.lower()} {chance.choice(['lies near', 'was named after', 'is older than', 'is part of', 'is south of'])} {_place(chance)}?"
    if kind == "town":
        question = chance.choice(
            [
                f"In which town was {_person(chance)} born?",
                f"Where is the head office of {_place(chance)} Limited?",
                question,
            ]
        )

    def right(source: random.Random) -> str:
        of = source.choice(["country", "city", "kingdom", "Republic"])
        if kind == "town":
            return source.choice(
                [
                    f"{name}, {_place(source)}",
                    f"the city of {name}",
                    f"{name} City",
                    f"in {name}",
                    f"{name} (city)",
                    f"the town of {name}",
                    f"{name}, {source.choice(['England', 'USA', 'Ohio', 'Italy', 'France', 'Texas'])}",
                    f"City of {name}",
                    f"downtown {name}",
                    f"{name} town",
                ]
            )
        if kind == "country":
            return source.choice(
                [
                    f"Republic of {name}",
                    f"Kingdom of {name}",
                    f"the {of} of {name}",
                    f"The Republic of {name}",
                    f"in {name}",
                    f"{name} (country)",
                    f"State of {name}",
                    f"People's Republic of {name}",
                ]
            )
        ways = [
            stem,
            f"the {stem}",
            f"the {stem} {kind}",
            f"{kind} {stem}",
            f"{stem} {kind}",
            f"{kind} of {stem}",
            f"the {kind.lower()} {stem}",
            f"{stem} {kind.lower()}",
        ]
        ways += {
            "Mount": [f"Mt. {stem}", f"Mt {stem}", f"{stem} Mountain", f"{stem} Peak"],
            "Island": [f"Isle of {stem}", f"island of {stem}", f"{stem} Islands"],
            "Mountains": [f"the {stem}s", f"{stem} range", f"{stem} Mts"],
        }.get(kind, [])
        return source.choice(ways)  # fmt: skip

    def wrong(source: random.Random) -> str:
        while (other := _place(source)) == stem:
            pass
        if source.random() < 0.3:
            other = stem[: max(3, len(stem) - 4)].rstrip() + source.choice(
                [end for end in _words(aliases.PLACE_ENDINGS) if not stem.endswith(end)]
            )
            if other == stem or stem.startswith(other):
                other = f"New {_place(source)}"
        if kind in {"town", "country"}:
            return source.choice(
                [other, f"the city of {other}", f"{other}, {_place(source)}", f"Republic of {other}", f"in {other}"]
            )
        return source.choice([other, f"{other} {kind}", f"{kind} {other}", f"the {other}", f"the {other} {kind}"])

    return Item(question, gold, right, wrong, "invented place")


def organisation(chance: random.Random) -> Item:
    """Return an item about an invented organisation, with its letters as another form."""

    def made(source: random.Random) -> str:
        first, kind, field = (
            source.choice(_words(one))
            for one in (aliases.ORGANISATION_WORDS, aliases.ORGANISATION_KINDS, aliases.ORGANISATION_FIELDS)
        )
        return source.choice([f"{first} {kind} of {field}", f"{first} {field} {kind}", f"{field} {kind}"])

    def letters(text: str) -> str:
        return "".join(word[0] for word in text.split() if word[0].isupper())

    name = made(chance)
    gold = chance.choice([name, name, letters(name)])
    question = chance.choice(
        [
            f"Which organisation was founded in {_place(chance)} in {chance.randint(1860, 2005)}?",
            f"For whom did {_person(chance)} work?",
            "What do these letters stand for?",
            "Who organises the yearly meeting?",
        ]
    )

    def right(source: random.Random) -> str:
        short = letters(name)
        return source.choice(
            [
                short,
                short,
                f"the {short}",
                f"the {name}",
                f"The {name}",
                f"{name} ({short})",
                name,
                f"{short} ({name})",
                ".".join(short) + ".",
            ]
        )

    def wrong(source: random.Random) -> str:
        while letters(other := made(source)) == letters(name):
            pass
        if source.random() < 0.4:
            words = name.split(" ")
            pool = (
                aliases.ORGANISATION_FIELDS if words[-1] in aliases.ORGANISATION_FIELDS else aliases.ORGANISATION_KINDS
            )
            other = " ".join([*words[:-1], source.choice([one for one in _words(pool) if one[0] != words[-1][0]])])
        return source.choice([other, letters(other), f"the {other}", f"the {letters(other)}"])

    return Item(question, gold, right, wrong, "organisation")


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
        _place(chance),
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
                f"How many {things} has {chance.choice(['a', 'the'])} {chance.choice(_words(aliases.NOUNS))}?",
                f"How many {things} are there in {where}?",
                f"How many {things} does {_person(chance)} have?",
                f"How many {things} are on the {chance.choice(_words(aliases.NOUNS))} of {where}?",
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
            f"How much is the {chance.choice(_words(aliases.NOUNS))} of {_place(chance)}?",
            f"What is the size of the {chance.choice(_words(aliases.NOUNS))}?",
            f"How far is it from {_place(chance)} to {_place(chance)}?",
            f"How long does the {chance.choice(_words(aliases.NOUNS))} last?",
            f"How heavy is the {chance.choice(_words(aliases.NOUNS))}?",
        ]
    )
    if gold == str(value):
        asked = f"How many {unit[0]} is it from {_place(chance)}?"
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
            f"{_person(chance)} born",
            f"the battle of {_place(chance)}",
            f"the {_place(chance)} bridge opened",
            f"{_title(chance)} published",
            f"the treaty of {_place(chance)} signed",
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
    name = chance.choice(_words(aliases.FIRST_NAMES))

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
        "king": f"Which ruler founded {_place(chance)}?",
        "century": f"When was the cathedral of {_place(chance)} built?",
        "chapter": f"Where does {_person(chance)} first appear?",
        "rank": f"Which place did {_person(chance)} reach?",
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
            return f"{source.choice([one for one in _words(aliases.FIRST_NAMES) if one != name])} {forms.roman(value)}"
        return written(source, other)

    return Item(question, written(chance, value), lambda source: written(source, value), wrong, kind)
