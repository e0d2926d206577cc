"""The training pairs of the embedded judge: a question, its reference, an answer, and whether the answer is right.

    python -m benchmarks.judge_data.pairs --rows 12000 --seed 1 --out train.jsonl

Everything comes from the tables and templates of this folder. Both verdicts are equally frequent, and what surrounds an
answer is drawn alike for both. What ``demo_facts``, the worked examples of its prompt, or the measured pairs of
``benchmarks/data`` ask or answer is left out (``Excluded``).
"""

from __future__ import annotations

import argparse
import hashlib
import json
import random
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from benchmarks.judge_data import close_items, close_words, forms, items, named_items, number_items

REPOSITORY = Path(__file__).resolve().parents[2]
DEMO_FACTS = REPOSITORY / "judgebench" / "datasets" / "data" / "demo_facts.jsonl"
MEASURED = REPOSITORY / "benchmarks" / "data" / "tiny_judge_pairs.jsonl"
PROMPT_EXAMPLES = [
    ("Which metal is liquid at room temperature?", "mercury"),
    ("In which country do the Pyramids of Giza stand?", "Egypt"),
    ("How many minutes are there in an hour?", "60"),
]
"""The worked examples with which demo_facts asks the tested model."""

MAKERS = [
    (named_items.fact, 5.0), (named_items.named, 4.0), (named_items.person, 2.5), (named_items.title, 1.5), (named_items.place, 2.0), (named_items.organisation, 0.8),
    (number_items.number, 2.2), (number_items.quantity, 1.8), (number_items.time, 1.5), (number_items.rank, 0.6),
]  # fmt: skip
CLOSE_MAKERS = [
    (close_items.close, 6.0),
    (close_items.known_as, 7.5),
    (close_items.among, 3.0),
    (close_items.two_things, 0.6),
]
"""What the judge of ``demo_facts`` learns from besides."""
BY_KEY = {named_items.named, close_items.close, close_items.known_as, close_items.among, close_items.two_things}
"""Makers that leave out what training, or validation, does not use."""
VALIDATION_SHARE = 0.1
GIVEN_BACK = 0.1
"""Share of the wrong answers of that judge's data that are some words of the question, whatever kind it is of."""
NAMES_AND_NUMBERS = {
    *("author", "person", "invented person", "number", "year", "date", "quantity", "king", "past", "capital", "does"),
    *("names of people", "titles of works", *(kind for kind in close_words.TABLES if kind != "wider")),
}
"""Kinds of answers that rarely stand behind an article."""


def core(text: str) -> str:
    """Return what two answers have in common that differ in case, articles and punctuation."""
    words = re.sub(r"[^\w\s]", " ", forms.plain(text).lower()).split()
    return " ".join(word for word in words if word not in {"the", "a", "an"})


class Excluded:
    """What no training pair may hold.

    Args:
        anywhere: Leave out an answer of ``demo_facts`` or of the worked examples wherever it stands, among other words
            too: a model that has learnt about ``The Red Mirror`` has seen ``red``. Without, only where it is the whole.
    """

    def __init__(self, *, anywhere: bool) -> None:
        self.questions, self.answers = set(), set()
        for line in DEMO_FACTS.read_text("utf-8").splitlines():
            row = json.loads(line)
            self.questions.add(core(row["question"]))
            self.answers |= {core(form) for form in (row["answer"], *row["accepted"])}
        for question, answer in PROMPT_EXAMPLES:
            self.questions.add(core(question))
            self.answers.add(core(answer))
        answers = "|".join(re.escape(one) for one in sorted(self.answers))
        self._answer = re.compile(f" (?:{answers}) " if anywhere else f"^ (?:{answers}) $")
        self.pairs: set[frozenset[str]] = set()
        for line in MEASURED.read_text("utf-8").splitlines():
            row = json.loads(line)
            self.questions.add(core(row["question"]))
            self.pairs.add(frozenset({core(row["gold"]), core(row["candidate"])}))

    def holds(self, question: str, gold: str, answer: str) -> bool:
        """Return whether the pair holds a question or an answer that is measured later."""
        question, gold, answer = core(question), core(gold), core(answer)
        if question in self.questions or frozenset({gold, answer}) in self.pairs:
            return True
        return any(self._answer.search(f" {text} ") for text in (question, gold, answer))


def answer_of(chance: random.Random, item: items.Item, *, equal: bool) -> str:
    """Return a right or a wrong answer to an item, in some form."""
    shape = chance.random()
    if equal:
        text = item.gold if shape < 0.22 else item.right(chance)
    else:
        text = chance.choice(items.JUNK) if shape < 0.05 else item.wrong(chance)
    if item.fixed:
        return forms.wrapped(chance, text) if chance.random() < 0.5 else text
    if chance.random() < (0.2 if item.kind not in NAMES_AND_NUMBERS else 0.03):
        text = forms.with_article(chance, text)
    if (
        item.kind in {"synonym", "look-alike", "modifier", "job", "young"}
        and chance.random() < 0.15
        and text[-1:].isalpha()
    ):
        text = forms.in_number(text)
    if chance.random() < 0.15:
        text = forms.respelt(chance, text)
    if chance.random() < 0.05:
        text = forms.misspelt(chance, text)
    if chance.random() < 0.22:
        text = forms.cased(chance, text)
    if chance.random() < 0.3:
        text = forms.wrapped(chance, text, tag=item.kind not in {"number", "quantity", "year", "date"})
    return text


def pairs(seed: int, *, validation: bool = False, for_demo: bool = True) -> Iterator[dict[str, Any]]:
    """Give pairs without end: two right and two wrong answers to every question, in any order.

    Args:
        seed: Source of chance.
        validation: Use the facts and names that training leaves out, and invented things of other seeds.
        for_demo: Whether the judge of ``demo_facts`` learns from them. Then no answer of that set stands anywhere in them,
            more of the wrong answers give a word of the question back, as models do that know no answer, and there are
            the items of ``close_items``.
    """
    chance = random.Random(f"{seed} {'validation' if validation else 'training'}")
    excluded = Excluded(anywhere=for_demo)

    def part(key: str) -> bool:
        digest = int.from_bytes(hashlib.sha256(key.encode()).digest()[:4], "big") / 2**32
        return (digest < VALIDATION_SHARE) == validation

    makers, weights = zip(*MAKERS, *(CLOSE_MAKERS if for_demo else ()), strict=True)
    number = 0
    while True:
        make = chance.choices(makers, weights)[0]
        if make is named_items.fact:
            item = make(chance, part, 0.3 if for_demo else 0.12)
        else:
            item = make(chance, part) if make in BY_KEY else make(chance)
        answers = [(equal, answer_of(chance, item, equal=equal)) for equal in (True, True, False, False)]
        if for_demo and not item.fixed and chance.random() < 2 * GIVEN_BACK:
            words = close_items.given_back(chance, item.question, item.gold)
            if words:
                answers[-1] = (False, forms.wrapped(chance, words) if chance.random() < 0.3 else words)
        gold = item.gold
        if not item.fixed and chance.random() < 0.06:
            gold = forms.cased(chance, gold)
        if not item.fixed and item.kind not in NAMES_AND_NUMBERS and chance.random() < 0.05:
            gold = forms.with_article(chance, gold)
        if any(not equal and core(text) == core(gold) for equal, text in answers):
            continue
        if any(excluded.holds(item.question, gold, text) for _, text in answers):
            continue
        for equal, text in chance.sample(answers, len(answers)):
            yield {
                "question_id": str(number), "question": item.question, "gold": gold, "answer": text,
                "label": "correct" if equal else "incorrect", "kind": item.kind,
            }  # fmt: skip
        number += 1


def first(rows: Iterable[dict[str, Any]], count: int) -> list[dict[str, Any]]:
    """Return the first rows."""
    return [row for row, _ in zip(rows, range(count), strict=False)]


def main() -> None:
    """Write a file of pairs."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=12000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--validation", action="store_true", help="of the part that is not trained on")
    parser.add_argument("--out", type=Path, required=True)
    chosen = parser.parse_args()
    rows = first(pairs(chosen.seed, validation=chosen.validation), chosen.rows)
    chosen.out.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), "utf-8")


if __name__ == "__main__":
    main()
