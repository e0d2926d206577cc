"""Items whose answer is a name: facts, words, people, titles, places, organisations."""

from __future__ import annotations

import random
from collections.abc import Callable

from benchmarks.judge_data import aliases, forms
from benchmarks.judge_data.facts import TABLES
from benchmarks.judge_data.items import ASKED, JUNK, Item, drawn_person, drawn_place, drawn_title, words_of


def fact(chance: random.Random, part: Callable[[str], bool], given_back: float) -> Item:
    """Return an item about one of the facts.

    Args:
        chance: Source of chance.
        part: Says which of the keys may be used.
        given_back: Share of wrong answers that are the question's own key.
    """
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
        if source.random() < given_back:
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


def person(chance: random.Random) -> Item:
    """Return an item about an invented person."""
    name = drawn_person(chance)
    other, year = drawn_title(chance), chance.randint(1720, 2015)
    question = chance.choice(
        [
            f"Who wrote {other}?", f"Who directed the film {other} of {year}?", f"Who was mayor of {drawn_place(chance)} in {year}?", f"Who founded the town of {drawn_place(chance)}?",
            f"Which singer had a hit with {other} in {year}?", f"Who plays the detective in the series {other}?", f"Who won the {drawn_place(chance)} Prize in {year}?",
            f"Which scientist described the {drawn_place(chance)} effect?", f"Who painted {other}?", f"Who succeeded {drawn_person(chance)} as leader of the party?",
            f"Which author, born in {drawn_place(chance)} in {year}, created the character {drawn_person(chance)}?", f"Who is the hero of the novel {other}?", f"Who composed the opera {other}?",
        ]
    )  # fmt: skip
    *given, surname = name.split(" ")

    def wrong(source: random.Random) -> str:
        kind = source.random()
        if kind < 0.25:
            return f"{' '.join(given)} {source.choice([one for one in words_of(aliases.LAST_NAMES) if one != surname])}"
        if kind < 0.4:
            first = source.choice(
                [one for one in words_of(aliases.FIRST_NAMES) if one not in given and one[0] != given[0][0]]
            )
            return f"{first} {surname}"
        while True:
            if (another := drawn_person(source)).split(" ")[-1] != surname:
                return another if source.random() < 0.4 else forms.as_person(source, another)

    return Item(question, name, lambda source: forms.as_person(source, name), wrong, "invented person")


def title(chance: random.Random) -> Item:
    """Return an item about an invented book, film or song."""
    name, year = drawn_title(chance), chance.randint(1850, 2015)
    question = chance.choice(
        [
            f"Which novel by {drawn_person(chance)} appeared in {year}?", f"Which film of {year} was directed by {drawn_person(chance)}?", f"What was {drawn_person(chance)}'s first hit?",
            f"Which play is set in {drawn_place(chance)}?", f"Which painting hangs in the museum of {drawn_place(chance)}?", f"What is the name of the pub in the series {drawn_title(chance)}?",
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
            new = source.choice([one for one in words_of(pool) if one.title() not in words]).title()
            if words[at] not in {"The", "A", "of", "and", "in", "the", "for"}:
                return " ".join([*words[:at], new, *words[at + 1 :]])
        while (other := drawn_title(source)) == name:
            pass
        return other

    return Item(question, name, right, wrong, "invented title")


def place(chance: random.Random) -> Item:
    """Return an item about an invented river, mountain, lake, town or country."""
    stem = drawn_place(chance)
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
    question = f"Which {kind.lower()} {chance.choice(['lies near', 'was named after', 'is older than', 'is part of', 'is south of'])} {drawn_place(chance)}?"
    if kind == "town":
        question = chance.choice(
            [
                f"In which town was {drawn_person(chance)} born?",
                f"Where is the head office of {drawn_place(chance)} Limited?",
                question,
            ]
        )

    def right(source: random.Random) -> str:
        of = source.choice(["country", "city", "kingdom", "Republic"])
        if kind == "town":
            return source.choice(
                [
                    f"{name}, {drawn_place(source)}",
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
        while (other := drawn_place(source)) == stem:
            pass
        if source.random() < 0.3:
            other = stem[: max(3, len(stem) - 4)].rstrip() + source.choice(
                [end for end in words_of(aliases.PLACE_ENDINGS) if not stem.endswith(end)]
            )
            if other == stem or stem.startswith(other):
                other = f"New {drawn_place(source)}"
        if kind in {"town", "country"}:
            return source.choice(
                [
                    other,
                    f"the city of {other}",
                    f"{other}, {drawn_place(source)}",
                    f"Republic of {other}",
                    f"in {other}",
                ]
            )
        return source.choice([other, f"{other} {kind}", f"{kind} {other}", f"the {other}", f"the {other} {kind}"])

    return Item(question, gold, right, wrong, "invented place")


def organisation(chance: random.Random) -> Item:
    """Return an item about an invented organisation, with its letters as another form."""

    def made(source: random.Random) -> str:
        first, kind, field = (
            source.choice(words_of(one))
            for one in (aliases.ORGANISATION_WORDS, aliases.ORGANISATION_KINDS, aliases.ORGANISATION_FIELDS)
        )
        return source.choice([f"{first} {kind} of {field}", f"{first} {field} {kind}", f"{field} {kind}"])

    def letters(text: str) -> str:
        return "".join(word[0] for word in text.split() if word[0].isupper())

    name = made(chance)
    gold = chance.choice([name, name, letters(name)])
    question = chance.choice(
        [
            f"Which organisation was founded in {drawn_place(chance)} in {chance.randint(1860, 2005)}?",
            f"For whom did {drawn_person(chance)} work?",
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
            other = " ".join([*words[:-1], source.choice([one for one in words_of(pool) if one[0] != words[-1][0]])])
        return source.choice([other, letters(other), f"the {other}", f"the {letters(other)}"])

    return Item(question, gold, right, wrong, "organisation")
