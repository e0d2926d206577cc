from __future__ import annotations

import asyncio
import json
import operator
import subprocess
import sys
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from judgebench.judges import MathEqual
from judgebench.judges.rules.math_equal import COMPARE, same_at_once
from judgebench.judges.rules.math_worker import arithmetic
from judgebench.judges.rules.sandbox import KillablePool
from judgebench.judges.table import METHODS
from tests.recordings import recording
from tests.rules.items import ask_nobody, item, judge, judge_all

AIME_2025 = (
    "70 588 16 117 279 504 821 77 62 81 259 510 204 60 735 468 49 82 106 336 293 237 610 149 907 113 19 248 104 240"
)


@pytest.mark.parametrize(
    ("reference", "answer", "same"),
    [
        ("025", "25", True),
        ("25", "+25", True),
        ("1234", "1,234", True),
        ("1234", r"1\,234", True),
        ("1234", "1{,}234", True),
        ("336", r"336^\circ", True),
        (r"336^{\circ}", "336", True),
        ("$70$", "70", True),
        (r"\(70\)", "70", True),
        (r"\boxed{70}", "70", True),
        ("-0", "0", True),
        ("70", "71", False),
        ("-70", "70", False),
        (r"\frac{1}{2}", r"\frac{1}{2}", True),
        ("1,2", "12", None),
        ("7.0", "7", None),
        ("1 2", "12", None),
        ("", "", None),
        ("x", "y", None),
    ],
)
def test_equal_texts_and_integers_need_no_mathematics(reference, answer, same):
    assert same_at_once(reference, answer) is same


@settings(deadline=None)
@given(st.integers(), st.integers())
def test_integers_are_compared_by_value(one, other):
    assert same_at_once(f"{one:,}", f"${other}$") is (one == other)


def test_aime_answers_start_no_process_and_import_no_sympy():
    code = """
import asyncio, sys
from judgebench.judges import rules
from judgebench.judges import MathEqual
from tests.rules.items import item, ask_nobody
rule = MathEqual(MathEqual.Config(answer="boxed"))
golds = %r.split()
labels = [asyncio.run(rule.judge(item(f"... so \\\\boxed{{{gold}}}", gold), ask_nobody)).decision for gold in golds]
wrong = [asyncio.run(rule.judge(item(f"\\\\boxed{{{int(gold) + 1}}}", gold), ask_nobody)).decision for gold in golds]
assert set(labels) == {"correct"} and set(wrong) == {"incorrect"} and len(labels) == 30
assert rule._pool is None and not {"sympy", "math_verify"} & set(sys.modules)
"""
    root = Path(__file__).parents[2]
    subprocess.run([sys.executable, "-c", code % AIME_2025], cwd=root, check=True, timeout=200)


def test_where_the_answer_may_stand():
    boxed, either = MathEqual(MathEqual.Config(answer="boxed")), MathEqual()
    assert judge(boxed, "The answer is $\\frac12$", "0.5").reason == "no boxed answer found"
    assert judge(either, "The answer is $\\frac12$", "0.5").decision == "correct"
    assert judge(either, r"First $3$, then \boxed{\frac12} or $4$", "0.5").decision == "correct"


BARE = [
    ("(2,3)", "(2, 3)", "correct"),
    ("(2,3)", "(3, 2)", "incorrect"),
    ("x^2+1", " 1+x^2 ", "correct"),
    ("x^2+1", "x^2-1", "incorrect"),
    (r"\sqrt{8}", r"2\sqrt{2}", "correct"),
    ("[0,1)", "(0,1]", "incorrect"),
    (r"\frac{1}{2}", r"\frac{1}{3}", "incorrect"),
    ("5", "x = 5", "correct"),
    ("5", "x = 6", "incorrect"),
    ("12", "It is 12 m.", "correct"),
    ("12", "It is 21 m.", "incorrect"),
    ("3", "(2, 3)", None),
    ("12", "12 (m)", None),
    (r"11\sqrt2", "11√2", None),
    ("(2,3)", "It is (2, 3).", None),
    ("x^2+1", "It is x^2 + 1.", None),
    (r"\frac{3}{4}", r"It is \frac{3}{4}, at most 4.", None),
]


def test_a_number_within_a_bare_formula_is_never_taken_for_the_answer():
    verdicts = judge_all(MathEqual(), [item(answer, reference) for reference, answer, _ in BARE])
    found = [(*row[:2], verdict.decision) for row, verdict in zip(BARE, verdicts, strict=True)]
    assert found == BARE
    assert [verdict.status == "unparsed" for verdict in verdicts] == [said is None for *_, said in BARE]


def test_a_reference_needs_no_dollars_and_several_are_accepted():
    answers = [item(r"\boxed{\{1,2,3\}}", r"\{1,2,3\}"), item(r"\boxed{\frac{2}{4}}", ["7", "1/2"])]
    assert [verdict.decision for verdict in judge_all(MathEqual(), answers)] == ["correct", "correct"]


def test_an_amount_of_money_as_reference_can_be_read():
    rule = MathEqual()
    answers = [item(rf"\boxed{{{amount}}}", r"\$18.90") for amount in ("18.9", r"\$18.90", r"\frac{189}{10}", "19")]
    assert [verdict.decision for verdict in judge_all(rule, answers)] == ["correct", "correct", "correct", "incorrect"]


def test_the_written_solutions_of_math_500_are_correct_and_a_neighbours_answer_is_not():
    rows = [json.loads(line) for line in recording("math500/test.jsonl").open(encoding="utf-8")]
    verdicts = judge_all(
        MathEqual(MathEqual.Config(deadline=60)), [item(row["solution"], row["answer"]) for row in rows]
    )
    assert [verdict.decision for verdict in verdicts] == ["correct"] * 500
    shifted = [item(row["solution"], other["answer"]) for row, other in pairwise(rows[:61])]
    verdicts = judge_all(MathEqual(MathEqual.Config(deadline=60)), shifted)
    assert {verdict.status for verdict in verdicts} == {"ok"}
    assert sum(verdict.decision == "correct" for verdict in verdicts) <= 1  # neighbours may happen to agree


def test_the_cases_of_math_verify_come_out_as_recorded():
    rows = [json.loads(line) for line in recording("math_verify/cases.jsonl").open(encoding="utf-8")]
    assert len(rows) == 268
    found = {"latex": "formulas", "expr": "numbers", "string": "letters"}

    async def run():
        async with KillablePool(2, deadline=60) as pool:
            calls = [
                pool.call(
                    COMPARE,
                    row["gold"],
                    row["pred"],
                    row["options"].get("precision", 6),
                    row["options"].get("strict", True),
                    [found[kind] for kind in row["options"].get("match_types", ["latex", "expr"])],
                    row["options"].get("allow_set_relation_comp", False),
                )
                for row in rows
            ]
            return await asyncio.gather(*calls)

    outcomes = {row["idx"]: result["outcome"] for row, result in zip(rows, asyncio.run(run()), strict=True)}
    assert [row["idx"] for row in rows if (outcomes[row["idx"]] == "equal") != bool(row["expected"])] == []


CHOICES = [
    ({}, "1,22", "1.22", False),  # a pair
    ({"find": ["numbers"]}, "1,22", "1.22", True),
    ({"find": ["formulas"]}, "$9$", "Answer $ \n 9 \n $", None),  # no formula: its marks stand on lines of their own
    ({}, "$9$", "Answer $ \n 9 \n $", True),
    ({}, r"$x \in [-2,7]$", r"$-2 \le x \le 7$", False),
    ({"sets_as_relations": True}, r"$x \in [-2,7]$", r"$-2 \le x \le 7$", True),
    ({"digits": 2}, r"$\frac{1}{3}$", "$0.33$", True),
    ({}, r"$\frac{1}{3}$", "$0.33$", False),
    ({"strict": False}, "$f(x)$", "$f(y)$", True),
    ({"find": ["letters"]}, "B", "The answer is B", True),
]


def test_what_counts_as_the_same_is_a_choice_of_the_config():
    rules_of = [MathEqual(MathEqual.Config(answer="any", **options)) for options, *_ in CHOICES]

    async def run():
        async with KillablePool(1, deadline=60) as pool:  # one for all: a worker takes seconds to start
            for rule in rules_of:
                rule._pool = pool
            return [
                await rule.judge(item(answer, reference), ask_nobody)
                for rule, (_, reference, answer, _) in zip(rules_of, CHOICES, strict=True)
            ]

    for rule, verdict, (options, *_, same) in zip(rules_of, asyncio.run(run()), CHOICES, strict=True):
        assert verdict.decision == {True: "correct", False: "incorrect", None: None}[same], (options, verdict)
        assert all(rule.identity()[key] == value for key, value in options.items())


def test_the_page_names_every_key():
    page = (Path(__file__).parents[2] / "docs/judges/rules.md").read_text("utf-8")
    assert all(f"`{name}`" in page for name in MathEqual.Config.__struct_fields__)
    rules = [name for name, path in METHODS.items() if path.startswith("judgebench.judges.rules.")]
    assert all(f"`{name}`" in page for name in rules)


HOSTILE = {
    "tower": "9**9**9**9",
    "power of powers": r"\boxed{\dfrac{5^{(5^{(5^{(5^5)})}-4)}-5}{16}}",
    "factorial": r"\boxed{100000000!}",
    "matrix": r"\boxed{\begin{pmatrix}" + r"\\".join(["&".join(["x^{9}+1"] * 40)] * 40) + r"\end{pmatrix}}",
    "braces": r"\boxed{" + "{" * 10_000 + "}" * 10_000 + "}",
    "open braces": "$" + "{" * 10_000,
    "import": r"\boxed{__import__('os').system('touch hostile')}",
    "import as text": "__import__('os').system('touch hostile')",
    "digits": "$" + "9" * 15_000 + "$",
    "a megabyte": r"\boxed{" + "x+" * 500_000 + "1}",
}


def test_hostile_answers_are_unparsed_within_bounds_and_never_run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    rule = MathEqual(MathEqual.Config(deadline=1.5, memory_mb=512, workers=2))
    verdicts = judge_all(rule, [item(text, r"\frac{1}{2}") for text in HOSTILE.values()])
    for name, verdict in zip(HOSTILE, verdicts, strict=True):
        assert (name, verdict.status, verdict.decision) == (name, "unparsed", None)
        assert verdict.reason
    assert list(tmp_path.iterdir()) == []


NUMBERS = st.integers(0, 99).map(lambda number: (str(number), Fraction(number)))
OPERATORS = {"+": operator.add, "-": operator.sub, "*": operator.mul, "/": operator.truediv}


def merged(parts):
    (left, one), sign, (right, other) = parts
    undefined = one is None or other is None or (sign == "/" and other == 0)
    return f"({left}{sign}{right})", None if undefined else OPERATORS[sign](one, other)


EXPRESSIONS = st.recursive(
    NUMBERS, lambda inner: st.tuples(inner, st.sampled_from(sorted(OPERATORS)), inner).map(merged), max_leaves=6
)


@settings(deadline=None, max_examples=50)
@given(EXPRESSIONS)
def test_arithmetic_is_read_without_being_evaluated_as_code(expression):
    text, value = expression
    found = arithmetic(text)
    if value is not None:
        assert Fraction(str(found.doit())) == value


@pytest.mark.parametrize(
    "text", ["__import__('os')", "x", "f(1)", "[1]", "1 if 1 else 2", "(1).real", "'a'*9", "1;2", "True", "1j"]
)
def test_anything_but_arithmetic_is_refused(text):
    with pytest.raises((ValueError, SyntaxError)):
        arithmetic(text)


INSIDE = [
    ("1", r"\boxed{x \in \{y : y^{99999} = 1\}}"),
    ("1", r"\boxed{\{x \mid x^2 = 1\}}"),
    ("1", r"\boxed{\left\{y \middle| y = 1\right\}}"),
    ("1", r"\boxed{P(X=1)}"),
    ("1", r"\boxed{\lbrace y : y=1 \rbrace}"),
    ("1", r"The answer is $\lbrace y : y=1\rbrace$."),
    ("1", r"\boxed{\{ y \text{ such that } y = 1 \}}"),
    ("1", r"\boxed{P\lparen X=1 \rparen}"),
    ("1", r"\boxed{\langle y, y=1\rangle}"),
    ("1", r"\boxed{\lfloor x = 1 \rfloor}"),
    (r"\{1,2\}", r"\boxed{\{x : x = 1, 2\}}"),
    (r"\{x : x = 1\}", r"\boxed{1}"),
    (r"\{-1,1\}", r"\boxed{\{x : x^2 = 1\} = \{-1, 1\}}"),
]


def test_what_follows_an_equals_sign_inside_a_bracket_is_not_the_answer():
    verdicts = judge_all(MathEqual(), [item(answer, reference) for reference, answer in INSIDE])
    assert [row for row, verdict in zip(INSIDE, verdicts, strict=True) if verdict.status != "unparsed"] == []


BESIDE = [
    (r"\frac12", r"\boxed{P(X=1) = \frac{1}{2}}"),
    ("(1,2)", r"\boxed{(x=1,y=2)}"),
    ("3.5", r"\boxed{(x = \frac{7}{2})}"),
    (r"\{x : x = 1\}", r"\boxed{\{x : x = 1\}}"),
    ("6.0", r"\boxed{\sum_{i=1}^{3} i}"),
]


def test_equations_beside_each_other_or_before_the_answer_are_read():
    verdicts = judge_all(MathEqual(), [item(answer, reference) for reference, answer in BESIDE])
    assert [row for row, verdict in zip(BESIDE, verdicts, strict=True) if verdict.decision != "correct"] == []
