"""Our rules against the scorers of lm-eval, inspect-evals and simple-evals, on thousands of generated answer forms.

Every answer has a form by name. A table holds each form on which two scorers differ, with the reason; a form on which
they differ and which is in no table fails the test, and so does one in a table on which they agree.
"""

from __future__ import annotations

import random
import re
import string
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from judgebench.judges.rules.accepted import AcceptedForms
from judgebench.judges.rules.choices import ChoiceEqual
from judgebench.judges.rules.instructions import LM_EVAL, InstructionsFollowed, checkers_of
from judgebench.judges.rules.spans import SpansEqual
from judgebench.records.flow import Sample
from tests.catalogue.judging import datasets
from tests.catalogue.models import method_for
from tests.catalogue.other_tools import Form, compare, right, verdicts

pytestmark = [pytest.mark.soak, pytest.mark.timeout(1500)]
lm_eval = pytest.importorskip("lm_eval", reason="lm-eval is not installed: pip install lm-eval==0.4.13 scipy")

LETTER_FORMS = {
    "plain": "It follows. The answer is {0}",
    "brackets": "Let's think step by step. The answer is ({0}).",
    "first of two": "The answer is ({0}). No, wait.\nThe answer is ({1}).",
    "bold": "The answer is **{0}**",
    "colon": "Answer: {0}",
    "colon bold": "**Answer:** {0}",
    "box": "So $\\boxed{{{0}}}$.",
    "letter alone": "{0}",
    "lower case": "The answer is {2}",
    "two letters": "The answer is {0} or {1}",
    "denied": "The answer is not {0}, it is surely {1}.",
    "in words": "I choose option {0} because it fits.",
    "nothing": "I cannot tell.",
    "empty": "",
    "dollar": "Answer: ${0}$",
    "line of its own": "Because.\n\n({0})",
}


def letters(options: str, count: int) -> Iterator[Form]:
    """Yield answers to questions of choice."""
    draw = random.Random(1)
    for number in range(count):
        name = list(LETTER_FORMS)[number % len(LETTER_FORMS)]
        said, other = draw.sample(options, 2)
        gold = draw.choice([said, other, draw.choice(options)])
        sample = Sample(id=number, uid="u", fields={}, reference=gold)
        yield Form(name, sample, LETTER_FORMS[name].format(said, other, said.lower()))


@cache
def lm_eval_letters() -> Callable[[str], str]:
    """Return lm-eval's own extraction of MMLU-Pro."""
    from lm_eval.filters.extraction import RegexFilter

    template = Path(lm_eval.__file__).parent / "tasks/mmlu_pro/_default_template_yaml"
    pattern = re.search(r"regex_pattern: '(.*)'", template.read_text("utf-8"))
    assert pattern
    found = RegexFilter(pattern[1])
    return lambda text: next(iter(found.apply([[text]], [{}])))[0]


def exact_match(said: str, golds: Sequence[str]) -> bool:
    """Say what lm-eval's exact match says, disregarding case and punctuation."""
    from lm_eval.api.metrics import exact_match_hf_evaluate

    return any(
        exact_match_hf_evaluate([said], [gold], ignore_case=True, ignore_punctuation=True)["exact_match"] == 1
        for gold in golds
    )


def test_mmlu_pro_as_lm_eval_scores_it() -> None:
    (data,) = datasets("mmlu_pro").values()
    forms = list(letters("ABCDEFGHIJ", 2400))
    theirs = [exact_match(lm_eval_letters()(form.text), [str(form.sample.reference)]) for form in forms]
    published = [right(one) for one in verdicts(method_for(data, "published"), forms)]
    compare("`mmlu_pro`, row `published` | lm-eval `mmlu_pro`", forms, published, theirs, {})
    ours = [right(one) for one in verdicts(ChoiceEqual(ChoiceEqual.Config(letters="ABCDEFGHIJ")), forms)]
    compare("`mmlu_pro` | lm-eval `mmlu_pro`", forms, ours, theirs, MMLU_PRO)


MMLU_PRO = {
    "first of two": "lm-eval takes the first statement, ours the last",
    "bold": "lm-eval's expression knows no bold letter",
    "colon": "lm-eval wants “answer is”",
    "colon bold": "lm-eval wants “answer is”",
    "box": "lm-eval wants “answer is”",
    "letter alone": "lm-eval wants “answer is”",
    "two letters": "two letters are no choice for ours; lm-eval takes the first",
    "dollar": "lm-eval wants “answer is”",
    "line of its own": "lm-eval wants “answer is”",
}


def test_gpqa_as_simple_evals_scores_it() -> None:
    (data,) = datasets("gpqa").values()
    forms = list(letters("ABCD", 2400))
    expression = r"(?i)Answer[ \t]*:[ \t]*\$?([A-D])\$?"
    matches = [re.search(expression, form.text) for form in forms]
    theirs = [
        match is not None and match[1] == form.sample.reference for match, form in zip(matches, forms, strict=True)
    ]
    published = [right(one) for one in verdicts(method_for(data, "published"), forms)]
    compare("`gpqa`, row `published` | simple-evals' expression", forms, published, theirs, {})
    ours = [right(one) for one in verdicts(ChoiceEqual(), forms)]
    compare("`gpqa` | simple-evals' expression", forms, ours, theirs, GPQA)


@pytest.mark.parametrize(
    ("name", "task", "options"),
    [("gpqa", "gpqa_diamond", "ABCD"), ("mmlu_gen", "mmlu_0_shot", "ABCD"), ("mmlu_pro", "mmlu_pro", "ABCDEFGHIJ")],
)
def test_choices_as_inspect_scores_them(name: str, task: str, options: str) -> None:
    inspect = pytest.importorskip("inspect_ai.solver._multiple_choice", reason="inspect-ai is not installed")
    data = next(iter(datasets(name).values()))
    forms = list(letters(options, 2400))
    ours = [right(one) for one in verdicts(method_for(data, ""), forms)]
    theirs = [inspect_letter(inspect, form.text, len(options)) == {form.sample.reference} for form in forms]
    compare(f"`{name}` | inspect-evals `{task}`", forms, ours, theirs, INSPECT)


def inspect_letter(inspect: Any, text: str, options: int) -> set[str]:
    """Return what inspect-ai reads as the choice."""
    from types import SimpleNamespace

    state = SimpleNamespace(output=SimpleNamespace(completion=text), choices=[*range(options)])
    found: set[str] = inspect.parse_answers(state, multiple_correct=False)
    return found


_ANSWER = "simple-evals wants “Answer: X”"
GPQA = {
    "plain": _ANSWER,
    "brackets": _ANSWER,
    "first of two": _ANSWER,
    "bold": _ANSWER,
    "colon bold": "asterisks stand between “Answer:” and the letter",
    "box": _ANSWER,
    "letter alone": _ANSWER,
    "line of its own": _ANSWER,
}
_LINE_OF_ANSWER = "inspect-ai wants “ANSWER: X”"
INSPECT = {form: reason if reason != _ANSWER else _LINE_OF_ANSWER for form, reason in GPQA.items()}


SPANS = ["{n}", "{n} yards", "the {w} River", "{w} and {v}", "{n}-yard {w}", "2 May 19{n}", "{w}", "{n},000"]
SPAN_FORMS = {
    "same": "{0}",
    "line": "Let me see.\nAnswer: {0}",
    "sentence": "It was {0}.",
    "capitals": "{1}",
    "article": "a {0}",
    "other": "{2}",
    "more words": "{0} or so {2}",
    "number apart": "{0} 17",
    "blank": "   ",
}


def spans(count: int) -> Iterator[tuple[Form, dict[str, Any]]]:
    """Yield answers to DROP beside the row in the layout of the hub."""
    draw = random.Random(2)
    no_date = {"day": "", "month": "", "year": ""}
    words = ["Rams", "Colts", "Seine", "Ottoman", "Élan", "St. Louis"]

    def span() -> str:
        word, other = draw.sample(words, 2)
        return draw.choice(SPANS).format(n=draw.randrange(60), w=word, v=other)

    for number in range(count):
        golds = [[span() for _ in range(draw.choice([1, 1, 2, 3]))] for _ in range(draw.choice([1, 2]))]
        kinds = [{"number": "", "date": no_date, "spans": gold} for gold in golds]
        further = {key: [one[key] for one in kinds[1:]] for key in ("number", "date", "spans")}
        row = {"query_id": f"{number}", "answer": kinds[0], "validated_answers": further}
        name = list(SPAN_FORMS)[number % len(SPAN_FORMS)]
        said = draw.choice(draw.choice(golds))
        text = SPAN_FORMS[name].format(said, said.upper(), span())
        sample = Sample(
            id=number, uid="u", fields={}, reference=["; ".join(gold) for gold in golds], meta={"golds": golds}
        )
        yield Form(name, sample, text), row


def test_drop_as_lm_eval_scores_it() -> None:
    pytest.importorskip("scipy", reason="lm-eval's scorer of DROP needs scipy")
    from lm_eval.tasks.drop import utils

    made = list(spans(2700))
    forms = [form for form, _ in made]
    theirs = [utils.process_results({"answers": utils.get_answers(row)}, [form.text]) for form, row in made]
    ours = verdicts(SpansEqual(SpansEqual.Config(golds="golds")), forms)
    both = [(one["em"], one["f1"]) for one in theirs]
    compare("the rule of `drop` | lm-eval `drop`", forms, [(float(right(x)), x.score or 0.0) for x in ours], both, {})
    (data,) = datasets("drop").values()
    read = [(float(right(one)), one.score or 0.0) for one in verdicts(method_for(data, ""), forms)]
    compare("`drop` | lm-eval `drop`", forms, read, both, DROP)


_LINE = "ours reads the line “Answer:” and nothing else"
DROP = {
    "same": _LINE,
    "line": "lm-eval takes the words before the line for a part of the answer",
    "sentence": _LINE,
    "capitals": _LINE,
    "article": _LINE,
    "other": _LINE,
    "more words": _LINE,
    "number apart": _LINE,
}


def test_drop_in_simple_evals_copy_as_simple_evals_scores_it() -> None:
    (data,) = datasets("drop_simple_evals").values()
    forms = [
        Form(form.name, Sample(id=form.sample.id, uid="u", fields={}, reference=form.sample.reference), form.text)
        for form, _ in spans(2700)
    ]
    theirs = [any(simple_evals_match(form.text, gold) for gold in form.sample.reference or []) for form in forms]
    ours = [right(one) for one in verdicts(method_for(data, "published"), forms)]
    compare("`drop_simple_evals`, row `published` | simple-evals' rule", forms, ours, theirs, {})


def simple_evals_match(text: str, gold: str) -> bool:
    """Say what simple-evals says: one of the two holds the other, normalised."""

    def normal(said: str) -> str:
        bare = "".join(char for char in said.lower() if char not in string.punctuation)
        return " ".join(re.sub(r"\b(a|an|the)\b", " ", bare).split())

    found = re.search(r"(?i)Answer\s*:\s*([^\n]+)", text)
    said, wanted = normal(found[1] if found else text), normal(gold)
    return said == wanted if not said or not wanted else said in wanted or wanted in said


TRIVIA_FORMS = {
    "same": "{0}",
    "capitals": "{1}",
    "full stop": "{0}.",
    "two lines": "{0}\nbecause it is so",
    "comma": "{0}, of course",
    "sentence": "The answer is {0}.",
    "quotes": '"{0}"',
    "article": "the {0}",
    "bold": "**{0}**",
    "denied": "not {0}, but another",
    "other": "Somebody",
    "empty": "",
    "accents": "{2}",
}


def trivia(count: int) -> Iterator[Form]:
    """Yield answers to TriviaQA."""
    draw = random.Random(3)
    names = ["Rome", "Zoë Wanamaker", "Beijing", "O'Neill", "Malmö", "Jean-Luc", "Seventeen", "David Lloyd George"]
    for number in range(count):
        aliases = draw.sample(names, 2)
        name = list(TRIVIA_FORMS)[number % len(TRIVIA_FORMS)]
        said = draw.choice([*aliases, draw.choice(names)])
        plain = said.replace("ë", "e").replace("ö", "o")
        text = TRIVIA_FORMS[name].format(said, said.upper(), plain)
        yield Form(name, Sample(id=number, uid="u", fields={}, reference=aliases), text)


def test_triviaqa_as_lm_eval_scores_it() -> None:
    (data,) = datasets("triviaqa").values()
    forms = list(trivia(2600))
    theirs = [
        exact_match(re.split(r"[\n.,]", form.text)[0].lstrip(), list(form.sample.reference or [])) for form in forms
    ]
    published = [right(one) for one in verdicts(method_for(data, "lm_eval"), forms)]
    compare("`triviaqa`, row `lm_eval` | lm-eval `triviaqa`", forms, published, theirs, {})
    ours = [right(one) for one in verdicts(AcceptedForms(AcceptedForms.Config(part="first_line")), forms)]
    compare("`triviaqa` | lm-eval `triviaqa`", forms, ours, theirs, TRIVIAQA)


TRIVIAQA = {
    "comma": "lm-eval stops at the comma; ours takes the whole line",
    "article": "articles do not matter to ours",
    "accents": "accents do not matter to ours",
}


KINDS: list[tuple[str, dict[str, Any]]] = [
    ("punctuation:no_comma", {}),
    ("length_constraints:number_words", {"relation": "at least", "num_words": 6}),
    ("keywords:existence", {"keywords": ["river"]}),
    ("keywords:forbidden_words", {"forbidden_words": ["stone"]}),
    ("keywords:frequency", {"relation": "at least", "keyword": "river", "frequency": 2}),
    ("keywords:letter_frequency", {"let_relation": "at least", "letter": "e", "let_frequency": 4}),
    ("detectable_format:number_bullet_lists", {"num_bullets": 2}),
    ("detectable_format:number_highlighted_sections", {"num_highlights": 1}),
    ("detectable_format:json_format", {}),
    ("detectable_format:title", {}),
    ("detectable_content:number_placeholders", {"num_placeholders": 1}),
    ("detectable_content:postscript", {"postscript_marker": "P.S."}),
    ("change_case:english_lowercase", {}),
    ("change_case:english_capital", {}),
    ("startend:end_checker", {"end_phrase": "That is all."}),
    ("startend:quotation", {}),
    ("combination:two_responses", {}),
    ("combination:repeat_prompt", {"prompt_to_repeat": "Write about a river."}),
    ("length_constraints:number_paragraphs", {"num_paragraphs": 2}),
    ("length_constraints:nth_paragraph_first_word", {"num_paragraphs": 2, "nth_paragraph": 2, "first_word": "the"}),
    ("detectable_format:constrained_response", {}),
    ("detectable_format:multiple_sections", {"section_spliter": "Section", "num_sections": 2}),
    ("language:response_language", {"language": "en"}),
]
PIECES = [
    "the river is wide", "The river, the stone", "* one\n* two", "*bold*", '{"a": 1}', "<<Title>>", "[name]",
    "P.S. more", "THE RIVER", "That is all.", '"said"', "one\n******\ntwo", "Write about a river. It flows.",
    "first\n***\nthe second", "My answer is yes.", "Section 1\na\nSection 2\nb", "", "\n\nthe next",
]  # fmt: skip


def test_ifeval_as_lm_eval_scores_it() -> None:
    from lm_eval.tasks.ifeval import utils

    draw = random.Random(4)
    forms, rows = [], []
    for number in range(2300):
        wanted = draw.sample(KINDS, draw.choice([1, 1, 2, 3]))
        text = draw.choice(["\n", " ", "\n\n"]).join(draw.choices(PIECES, k=draw.randrange(1, 5)))
        row = {
            "key": number,
            "prompt": "Write about a river.",
            "instruction_id_list": [name for name, _ in wanted],
            "kwargs": [keys for _, keys in wanted],
        }
        sample = Sample(
            id=number,
            uid="u",
            fields={"prompt": row["prompt"]},
            reference=None,
            meta={"instructions": [[name, keys] for name, keys in wanted]},
        )
        forms.append(Form("+".join(name for name, _ in wanted), sample, text))
        rows.append(row)
    InstructionsFollowed()  # seeds the guess of the language, which is random in lm-eval
    checkers_of(LM_EVAL)
    theirs = [utils.process_results(row, [form.text]) for row, form in zip(rows, forms, strict=True)]
    for loose, name in ((False, "strict"), (True, "loose")):
        ours = verdicts(InstructionsFollowed(InstructionsFollowed.Config(loose=loose)), forms)
        said = [[step.correct for step in one.steps] for one in ours]
        steps = [[bool(x) for x in one[f"inst_level_{name}_acc"]] for one in theirs]
        compare(f"`ifeval`, each instruction, {name} | lm-eval `ifeval`", forms, said, steps, {})
        prompts = [bool(one[f"prompt_level_{name}_acc"]) for one in theirs]
        compare(f"`ifeval`, {name} | lm-eval `ifeval`", forms, [right(one) for one in ours], prompts, {})
