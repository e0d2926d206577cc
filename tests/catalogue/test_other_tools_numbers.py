"""Our rules for formulas and numbers against the scorers of lm-eval and inspect-evals, on generated answer forms."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest

from judgebench.records.flow import Sample
from tests.catalogue.judging import datasets
from tests.catalogue.models import method_for
from tests.catalogue.other_tools import Form, compare, right, verdicts

pytestmark = [pytest.mark.soak, pytest.mark.timeout(1500)]
pytest.importorskip("lm_eval", reason="lm-eval is not installed: pip install lm-eval==0.4.13 scipy")

MATH = [
    # reference, the same value, another value
    ("\\frac{1}{2}", "0.5", "2"),
    ("\\frac{2}{3}", "2/3", "\\frac{1}{3}"),
    ("\\frac{3}{4}", "\\dfrac{3}{4}", "\\frac{4}{3}"),
    ("12", "12.0", "21"),
    ("1,000", "1000", "100"),
    ("x^2+1", "1+x^2", "x^2-1"),
    ("(2,3)", "(2, 3)", "(3,2)"),
    ("\\sqrt{8}", "2\\sqrt{2}", "\\sqrt{6}"),
    ("45^\\circ", "45", "54"),
    ("50\\%", "50", "5"),
    ("\\text{Friday}", "Friday", "\\text{Monday}"),
    ("\\{1,2\\}", "\\{2,1\\}", "\\{1,3\\}"),
    ("[0,1)", "[0, 1)", "(0,1]"),
    ("-7", "-7", "7"),
]
MATH_FORMS = {"box": "So it is $\\boxed{{{}}}$.", "dollars": "The answer is ${}$", "bare": "{}"}


def formulas(count: int) -> Iterator[Form]:
    """Yield answers to MATH."""
    for number in range(count):
        reference, same, other = MATH[number % len(MATH)]
        place, form = divmod(number // len(MATH), len(MATH_FORMS))
        how = list(MATH_FORMS)[form]
        kind, said = [("written alike", reference), ("same value", same), ("other value", other)][place % 3]
        pad = " " * (place // 3 % 3)
        sample = Sample(id=number, uid="u", fields={}, reference=reference)
        yield Form(f"{how}, {kind}, {reference}", sample, f"{pad}{MATH_FORMS[how].format(said)}{pad}")


def named(hows: str, kinds: str, references: list[str], reason: str) -> dict[str, str]:
    """Return a reason for several forms."""
    return {
        f"{how}, {kind}, {reference}": reason
        for how in hows.split("; ")
        for kind in kinds.split("; ")
        for reference in references
    }


REFERENCES = [reference for reference, _, _ in MATH]
OTHER_TEXT = ["12", "1,000", "x^2+1", "\\sqrt{8}", "\\{1,2\\}"]
"""References whose value can be written so that a comparison of normalised text does not see it."""
_NO_BOX = "a word without a box is no mathematics to ours"
BARE = named("bare", "same value; written alike", ["\\text{Friday}"], _NO_BOX)
_VALUE = "ours compares values, the other scorer normalised text"
MATH_LM_EVAL = {
    **named("box", "same value; written alike", REFERENCES, "lm-eval takes all between the dollars, the box included"),
    **named("dollars", "same value", [*OTHER_TEXT, "\\text{Friday}"], _VALUE),
    **named("bare", "same value", OTHER_TEXT, _VALUE),
}
MATH_INSPECT = {
    **named("box; dollars", "same value", [*OTHER_TEXT, "\\text{Friday}"], _VALUE),
    **named("bare", "same value", OTHER_TEXT, _VALUE),
}
_SYMPY = "sympy's parser reads no pair, no set, no interval and no per cent"
MATH_SYMPY = {
    **named("box; dollars; bare", "written alike; same value", ["(2,3)", "50\\%", "\\{1,2\\}", "[0,1)"], _SYMPY),
    "bare, same value, \\text{Friday}": _NO_BOX,
}


@pytest.mark.parametrize("name", ["math", "math500_gen"])
def test_math_as_lm_eval_scores_it(name: str) -> None:
    from lm_eval.tasks.hendrycks_math import utils

    (data,) = datasets(name).values()
    forms = list(formulas(2100))
    ours = [right(one) for one in verdicts(method_for(data, ""), forms)]
    wrong = {form.name for form, one in zip(forms, ours, strict=True) if one == ("other value" in form.name)}
    assert wrong <= set(BARE), wrong
    theirs = [
        bool(utils.process_results({"solution": f"\\boxed{{{form.sample.reference}}}"}, [form.text])["exact_match"])
        for form in forms
    ]
    compare(f"`{name}` | lm-eval `hendrycks_math`", forms, ours, theirs, MATH_LM_EVAL)


def test_math_as_inspect_scores_it() -> None:
    inspect = pytest.importorskip("inspect_evals.math.utils", reason="inspect-evals is not installed")
    (data,) = datasets("math").values()
    forms = list(formulas(2100))
    ours = [right(one) for one in verdicts(method_for(data, ""), forms)]

    async def scored() -> list[tuple[bool, bool]]:
        return [await inspect_says(inspect, form) for form in forms]

    text, value = zip(*asyncio.run(scored()), strict=True)
    compare("`math` | inspect-evals `math`, by text", forms, ours, text, MATH_INSPECT)
    compare("`math` | inspect-evals `math`, by sympy", forms, ours, value, MATH_SYMPY)


async def inspect_says(inspect: Any, form: Form) -> tuple[bool, bool]:
    """Return what two of inspect-evals' scorers say of an answer, as its prompt wants it: a line “ANSWER: …”."""
    said = form.text.strip().removeprefix("The answer is ").removeprefix("So it is ").rstrip(".").strip("$")
    said = said.removeprefix("\\boxed{").removesuffix("}") if said.startswith("\\boxed{") else said
    said = inspect.extract_answer(f"It follows.\nANSWER: {said}")
    text = await inspect.is_equiv(said, form.sample.reference)
    parsed = [await inspect.normalize_final_answer(one) for one in (said, str(form.sample.reference))]
    return bool(text), bool(await inspect.is_equiv_sympy(*parsed))


AIME_FORMS = {
    "box": "So it is $\\boxed{{{0}}}$.",
    "bold box": "**$\\boxed{{{0}}}$**",
    "zeros": "\\boxed{{{2}}}",
    "last of two": "$\\boxed{{{1}}}$ is wrong. $\\boxed{{{0}}}$",
    "first of two": "$\\boxed{{{0}}}$, no: $\\boxed{{{1}}}$",
    "decimal": "$\\boxed{{{0}.0}}$",
    "text": "$\\boxed{{\\text{{{0}}}}}$",
    "sum": "$m+n=\\boxed{{{0}}}$",
    "equation": "$\\boxed{{n={0}}}$",
    "display": "$$\n\\boxed{{{0}}}\n$$",
    "line after": "$\\boxed{{{0}}}$\nThis uses {1} cases.",
    "said": "The answer is {0}.",
    "alone": "{0}",
    "dollars": "${0}$",
    "line": "Let me see.\nANSWER: {0}",
    "unclosed": "\\boxed{{{0}",
    "empty box": "\\boxed{{}}",
    "nothing": "I cannot tell.",
    "empty": "",
    "spaces": "$\\boxed{{ {0} }}$",
    "degrees": "$\\boxed{{{0}^\\circ}}$",
    "fbox": "$\\fbox{{{0}}}$",
}
_BOX = "ours wants a box, as the question does"
_LAST_LINE = "inspect-evals takes the first box of the last line, or its last number"
_NO_NUMBER = "inspect-evals wants a bare number at the end of the last line"
AIME_LM_EVAL = {
    "decimal": "lm-eval compares normalised text, ours values",
    "zeros": "lm-eval compares normalised text, ours values",
    "text": "lm-eval compares normalised text, ours values",
    "fbox": "lm-eval reads `\\boxed` alone",
    "alone": _BOX,
    "dollars": _BOX,
}
AIME_INSPECT = {
    "last of two": _LAST_LINE,
    "first of two": _LAST_LINE,
    "line after": _LAST_LINE,
    "text": _NO_NUMBER,
    "sum": _NO_NUMBER,
    "equation": _NO_NUMBER,
    "degrees": _NO_NUMBER,
    "fbox": _NO_NUMBER,
    "said": _BOX,
    "alone": _BOX,
    "dollars": _BOX,
    "line": _BOX,
}

GSM8K_FORMS = {
    "hashes": "3 + 4.\n#### {0}",
    "dollar": "#### ${0}",
    "full stop": "#### {0}.",
    "thousands": "#### {2}",
    "decimal": "#### {0}.00",
    "unit": "#### {0} dollars",
    "said": "The answer is {0}.",
    "said with unit": "So she has {0} apples.",
    "alone": "{0}",
    "bold": "**{0}**",
    "number after": "It is {0}, since 3 of them remain",
    "hashes twice": "#### {1}\nNo.\n#### {0}",
    "box": "So $\\boxed{{{0}}}$",
    "negative": "#### -{0}",
    "nothing": "I cannot tell.",
    "empty": "",
    "per cent": "#### {0}%",
    "two numbers": "{1} and {0}",
    "bold hashes": "**#### {0}**",
    "equation": "#### {1} + 1 = {0}",
    "euro": "#### {0} €",
    "thousands alone": "It costs {2}",
}
_NO_HASHES = "lm-eval's strict rule wants `####`"
GSM8K_STRICT = {
    "dollar": "lm-eval's strict rule wants the number right behind `####`",
    "hashes twice": "lm-eval takes the first statement, ours the last",
    "equation": "lm-eval takes the first number behind `####`, ours the last",
    "decimal": "lm-eval compares text, ours values",
    **dict.fromkeys(("said", "said with unit", "box", "two numbers", "thousands alone", "alone", "bold"), _NO_HASHES),
}
GSM8K_FLEXIBLE = {"decimal": "lm-eval compares text, ours values"}
GSM8K_INSPECT = {
    "box": "inspect-evals reads no box",
    "per cent": "inspect-evals takes `60%` for another number than 60",
}


def numbers(table: Mapping[str, str], count: int, draw: random.Random, choose: Callable[[], int]) -> Iterator[Form]:
    """Yield answers that are whole numbers; two of three are right where one number is said."""
    for number in range(count):
        name = list(table)[number % len(table)]
        said, other = choose(), choose()
        gold = draw.choice([said, said, other])
        third = f"{said:03d}" if table is AIME_FORMS else f"{said:,}"
        sample = Sample(id=number, uid="u", fields={}, reference=f"{gold}")
        yield Form(name, sample, table[name].format(said, other, third))


@pytest.mark.parametrize("name", ["aime2024_gen", "aime2025_gen", "aime2026"])
def test_aime_as_lm_eval_and_inspect_score_it(name: str) -> None:
    from lm_eval.tasks.aime import utils

    (data,) = datasets(name).values()
    draw = random.Random(5)
    forms = list(numbers(AIME_FORMS, 2200, draw, lambda: draw.randrange(1, 1000)))
    ours = [right(one) for one in verdicts(method_for(data, ""), forms)]
    theirs = [
        bool(utils.process_results({"answer": form.sample.reference}, [form.text])["exact_match"]) for form in forms
    ]
    compare(f"`{name}` | lm-eval `aime`", forms, ours, theirs, AIME_LM_EVAL)
    common = pytest.importorskip("inspect_evals.utils.aime_common", reason="inspect-evals is not installed")

    def says(form: Form) -> bool:
        line = common.remove_boxed_from_ans(common._find_last_substantive_line(form.text))
        return bool(form.text and inspect_number(line, form))

    compare(f"`{name}` | inspect-evals `aime`", forms, ours, [says(form) for form in forms], AIME_INSPECT)


def inspect_number(text: str, form: Form) -> bool:
    """Say whether inspect-ai finds the reference as the last number of a text."""
    from inspect_ai.scorer._common import match_str

    return bool(match_str(text, str(form.sample.reference), location="end", numeric=True)[1])


def test_gsm8k_as_lm_eval_and_inspect_score_it() -> None:
    (data,) = datasets("gsm8k_gen").values()
    draw = random.Random(6)
    forms = list(
        numbers(GSM8K_FORMS, 2200, draw, lambda: draw.choice([draw.randrange(2, 99), draw.randrange(1000, 9999)]))
    )
    ours = [right(one) for one in verdicts(method_for(data, ""), forms)]
    strict = [lm_eval_number(form, "#### (\\-?[0-9\\.\\,]+)", 0) for form in forms]
    compare("`gsm8k_gen` | lm-eval `gsm8k`, strict", forms, ours, strict, GSM8K_STRICT)
    flexible = [lm_eval_number(form, "(-?[$0-9.,]{2,})|(-?[0-9]+)", -1) for form in forms]
    compare("`gsm8k_gen` | lm-eval `gsm8k`, flexible", forms, ours, flexible, GSM8K_FLEXIBLE)
    pytest.importorskip("inspect_evals", reason="inspect-evals is not installed")
    theirs = [inspect_number(form.text, form) for form in forms]
    compare("`gsm8k_gen` | inspect-evals `gsm8k`", forms, ours, theirs, GSM8K_INSPECT)


def lm_eval_number(form: Form, pattern: str, group: int) -> bool:
    """Say what lm-eval says by one of its two filters of GSM8K."""
    from lm_eval.api.metrics import exact_match_hf_evaluate
    from lm_eval.filters.extraction import RegexFilter

    (found,) = [[*one] for one in RegexFilter(pattern, group).apply([[form.text]], [{}])]
    gold = [f"It is so.\n#### {form.sample.reference}"]
    ignored = [",", "\\$", "(?s).*#### ", "\\.$"]
    said = exact_match_hf_evaluate(found, gold, regexes_to_ignore=ignored, ignore_case=True)
    return bool(said["exact_match"] == 1)
