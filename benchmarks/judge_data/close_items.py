"""Items whose wrong answers are near the right one, and whose right answers are far from the reference in their letters.

The judge of ``demo_facts`` learns from them: a word of the question given back, another form or the symbol of the right
thing, the right word among other candidates, something wider; and other names of a thing that share no letters with it.
"""

from __future__ import annotations

import random
from collections.abc import Callable

from benchmarks.judge_data import aliases, close_words, other_names
from benchmarks.judge_data.items import ASKED, Item, drawn_person, drawn_place, drawn_title

Part = Callable[[str], bool]

AMONG = (
    "{a} or {b}", "either {a} or {b}", "{a} and {b}", "{a}, {b}", "{a}, {b} or {c}", "{a}, {b}, {c}", "{a} / {b}", "{a}; {b}; {c}", "maybe {a}, maybe {b}", "It is {a} or {b}.",
    "1. {a} 2. {b}", "1. {a} 2. {b} 3. {c}", "A) {a} B) {b} C) {c}", "I think {a} or {b}", "{a}, but it could be {b}", "both {a} and {b}", "{a} or perhaps {b}", "{a}. {b}. {c}.",
    "{a}, {b}, {c} and so on", "Which one? {a}? {b}?", "{a} | {b}", "- {a} - {b}", "It was {a}, {b} and {c}.", "{a} (or {b})",
)  # fmt: skip
"""Several candidates at once: wrong, whichever of them is the right one."""
DENIED = (
    "{b}, not {a}",
    "not {a} but {b}",
    "{b} rather than {a}",
    "not {a}",
    "It is not {a}.",
    "{b} (not {a})",
    "anything but {a}",
    "{b} instead of {a}",
    "{a} is wrong, it is {b}",
)
"""The right one is named and refused."""
CHOSEN = (
    "{a}, not {b}", "not {b} but {a}", "{a} rather than {b}", "{a} (not {b})", "It is {a} and not {b}.", "{b} is wrong, it is {a}", "{a}, unlike {b}", "{a}. {b} would be wrong.",
    "First I thought of {b}, but it is {a}.", "Of the two, {a}.", "{a}, that is certain", "only {a}", "{a} and nothing else", "{a} alone",
)  # fmt: skip
"""The right one is chosen, often beside others that are refused."""


def stated(question: str, answer: str) -> str:
    """Return an answer as a sentence that repeats the question, where the question can be turned round."""
    if question.startswith("What is the ") and question.endswith("?"):
        return f"The {question[12:-1]} is {answer}."
    return f"It is {answer}."


def in_letters(source: random.Random, text: str) -> str:
    """Return a text as it is, or in other letters, large or small."""
    return source.choice([str.upper, str.capitalize])(text) if source.random() < 0.12 else text


def close(chance: random.Random, part: Part) -> Item:
    """Return an item about a form of a word, a symbol, or a thing of which wider names exist."""
    while True:
        name = chance.choice(list(close_words.TABLES))
        template, table = close_words.TABLES[name]
        every = close_words.entries(table)
        key, right, near = chance.choice(every)
        if part(f"{name} {key}"):
            break
    if name == "wider":
        question, right = chance.choice(ASKED), [key, *(form for form in right if form != key)]
    else:
        question = template.format(key=key)
    fixed = name in close_words.FIXED

    def formed(source: random.Random, text: str) -> str:
        text = text if fixed or name == "wider" else in_letters(source, text)
        return stated(question, text) if source.random() < 0.1 and name != "wider" else text

    def wrong(source: random.Random) -> str:
        kind = source.random()
        if kind < 0.25 and key not in right and len(key) < 25:
            return formed(source, key)
        if kind < 0.75:
            return formed(source, source.choice(near))
        while True:
            _, other, wide = source.choice(every)
            if not set(other) & set(right):
                return formed(source, source.choice(wide if kind > 0.93 and not set(wide) & set(right) else other))

    return Item(question, right[0], lambda source: formed(source, source.choice(right)), wrong, name, fixed=fixed)


def known_as(chance: random.Random, part: Part) -> Item:
    """Return an item about a thing that has other names, which often share no letters with the reference."""
    while True:
        name = chance.choice(list(other_names.TABLES))
        sort, table = other_names.TABLES[name]
        every = aliases.groups(table)
        place = chance.randrange(len(every))
        if part(every[place][0]):
            break
    names = every[place]
    gold = names[0] if chance.random() < 0.6 else chance.choice(names)
    others = [one for one in names if one != gold]
    question = chance.choice(other_names.ASKED[sort]).format(
        person=drawn_person(chance),
        title=drawn_title(chance),
        place=drawn_place(chance),
        year=chance.randint(1720, 2015),
    )

    def right(source: random.Random) -> str:
        other = source.choice(others)
        return source.choice([other] * 8 + [f"{gold} ({other})", f"{other}, also known as {gold}", f"{other} ({gold})"])

    def wrong(source: random.Random) -> str:
        while True:
            near = every[(place + source.choice([-2, -1, 1, 2])) % len(every)]
            other = near if source.random() < 0.4 else source.choice(every)
            if not set(other) & set(names):
                break
        one, two = source.choice(other), source.choice(other)
        return f"{one} ({two})" if source.random() < 0.1 and one != two else one

    return Item(question, gold, right, wrong, name)


def among(chance: random.Random, part: Part) -> Item:
    """Return an item whose wrong answers name the right one among others or refuse it, and whose right ones choose it."""
    while True:
        sort, table = chance.choice(
            [*other_names.TABLES.values(), ("word", aliases.LOOK_ALIKES), ("word", aliases.SYNONYMS)]
        )
        every = aliases.groups(table)
        entry = chance.choice(every)
        if part(entry[0]):
            break
    gold = entry[0]

    def other(source: random.Random) -> str:
        near = entry if table is aliases.LOOK_ALIKES else source.choice(every)
        rest = [one for one in near if one != gold]
        if (near is entry and table is not aliases.LOOK_ALIKES) or not rest or source.random() < 0.3:
            near = source.choice([one for one in every if one is not entry])
            return near[0]
        return source.choice(rest) if near is entry else near[0]

    def filled(source: random.Random, form: str, first: str) -> str:
        return form.format(a=first, b=other(source), c=other(source))

    question = chance.choice(ASKED)
    if chance.random() < 0.3:
        question = chance.choice(other_names.ASKED[sort]).format(
            person=drawn_person(chance),
            title=drawn_title(chance),
            place=drawn_place(chance),
            year=chance.randint(1720, 2015),
        )
    elif chance.random() < 0.3:
        two = chance.sample([gold, other(chance)], 2)
        question = chance.choice(
            ["Which is meant, {} or {}?", "Was it {} or {}?", "Is it called {} or {}?", "Which is right: {} or {}?"]
        ).format(*two)

    def right(source: random.Random) -> str:
        return filled(source, source.choice(CHOSEN), gold)

    def wrong(source: random.Random) -> str:
        kind = source.random()
        if kind < 0.55:
            form = source.choice(AMONG)
            names = [gold, other(source), other(source)]
            if "{c}" not in form:
                names = names[:2]
            mixed = source.sample(names, len(names))
            return form.format(**dict(zip("abc", mixed, strict=False)))
        if kind < 0.75:
            return filled(source, source.choice(DENIED), gold)
        return filled(source, source.choice(CHOSEN), other(source)) if kind < 0.87 else other(source)

    return Item(
        question,
        gold,
        lambda source: in_letters(source, right(source)),
        lambda source: in_letters(source, wrong(source)),
        "among others",
        fixed=True,
    )


def two_things(chance: random.Random, part: Part) -> Item:
    """Return an item whose reference names two things: both, in any order, and not one of them alone."""
    while True:
        _, table = chance.choice(list(other_names.TABLES.values()))
        every = aliases.groups(table)
        first, second, third = (entry[0] for entry in chance.sample(every, 3))
        if part(first) and part(second):
            break
    question = chance.choice(
        ["Which two are meant?", "Name both.", "Which two did {person} choose?", "What were the two things called?"]
    ).format(person=drawn_person(chance))
    forms = [
        "{} and {}",
        "{}, {}",
        "{} & {}",
        "both {} and {}",
        "1. {} 2. {}",
        "{} as well as {}",
        "the two are {} and {}",
        "{} with {}",
    ]

    def right(source: random.Random) -> str:
        return source.choice(forms).format(*source.sample([first, second], 2))

    def wrong(source: random.Random) -> str:
        kind = source.random()
        if kind < 0.45:
            return source.choice([first, second])
        if kind < 0.6:
            return f"{first} or {second}"
        other = third if source.random() < 0.5 else source.choice(source.choice(every))
        return (
            source.choice(forms).format(*source.sample([source.choice([first, second]), other], 2))
            if other not in {first, second}
            else third
        )

    return Item(question, f"{first} and {second}", right, wrong, "two things", fixed=True)


def given_back(chance: random.Random, question: str, gold: str) -> str:
    """Return some words of a question, as models give them that know no answer; empty where they could be right."""
    words = question.rstrip("?.").replace("'", "").split()[1:]
    while words and words[0].lower() in {
        "is",
        "was",
        "the",
        "a",
        "an",
        "did",
        "does",
        "of",
        "in",
        "to",
        "do",
        "many",
        "much",
        "are",
    }:
        words = words[1:]
    if not words:
        return ""
    at = chance.randrange(len(words))
    some = words[at : at + chance.choice([1, 1, 2, 3, 4])]
    known = set(gold.lower().replace("-", " ").split())
    if len(" ".join(some)) < 4 or known & {word.lower().strip(",") for word in some}:
        return ""
    return " ".join(some).strip(",")
