"""Items of the training data: a question, the answer that is right, other ways to write it, and answers that are wrong."""

from __future__ import annotations

import dataclasses
import random
from collections.abc import Callable

from benchmarks.judge_data import aliases

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


def words_of(text: str) -> list[str]:
    return text.split()


def drawn_place(chance: random.Random) -> str:
    return chance.choice(words_of(aliases.PLACE_STEMS)) + chance.choice(words_of(aliases.PLACE_ENDINGS))


def drawn_person(chance: random.Random) -> str:
    first, last = chance.choice(words_of(aliases.FIRST_NAMES)), chance.choice(words_of(aliases.LAST_NAMES))
    kind = chance.random()
    if kind < 0.12:
        return f"{first} {chance.choice(words_of(aliases.FIRST_NAMES))} {last}"
    if kind < 0.2:
        return f"{first} {chance.choice(['van', 'von', 'de', 'da'])} {last}"
    if kind < 0.26:
        return f"{first[0]}. {chance.choice('ABCDEHJLMPRTW')}. {last}"
    return f"{first} {last}"


def drawn_title(chance: random.Random) -> str:
    adjective, noun = (
        chance.choice(words_of(aliases.ADJECTIVES)).title(),
        chance.choice(words_of(aliases.NOUNS)).title(),
    )
    other = chance.choice(words_of(aliases.NOUNS)).title()
    return chance.choice(
        [
            f"The {adjective} {noun}", f"The {adjective} {noun}", f"The {noun} of {drawn_place(chance)}", f"{noun} and {other}", f"A {noun} for {drawn_person(chance).split()[0]}",
            f"{adjective} {noun}", f"The {noun}'s {other}", f"{drawn_place(chance)} {noun}", f"{noun} in the {other}", f"{adjective} {noun}s",
        ]
    )  # fmt: skip
