"""Mathematical equivalence by math-verify; runs in a worker process that can be killed, and nowhere else.

Nothing here evaluates text as code: math-verify's one use of SymPy's ``parse_expr`` (which calls ``eval``) is replaced
by a reader of the parser of arithmetic. Nothing prints a SymPy object either, because printing can take for ever.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Sequence
from functools import cache
from itertools import product
from typing import Any, Literal

import msgspec

MOST_CHARACTERS = 20_000
MOST_NESTING = 64
_UNREAD = "the answer cannot be read as mathematics"
_UNREAD_REFERENCE = "the reference cannot be read as mathematics"
_NO_MARKS = "the answer marks no formula (\\boxed{}, $), and a number alone does not tell"
_MARKS = ("$", "\\(", "\\[", "\\boxed")
_PLAIN = re.compile(r"\s*[-+\u2212]?[\d.,/ ]+%?\.?\s*")
_FORMULA = 200
"""Most characters of a text that may be one bare formula."""
_FORMULA_SIGN = re.compile(r"[\\^_(\[{=+*]|[a-z]\s*-|-\s*[a-z]|[a-z]/|/[a-z]")
_COMMAND = re.compile(r"\\text\s*\{[^{}]*\}|\\[a-zA-Z]+|\b(?:sin|cos|tan|log|ln|exp|sqrt|pi|inf)\b")
_BARE_SIGN = re.compile(r"[\\^√π∞²³]")
_WORD = re.compile(r"[^\W\d_]{2,}")
_BRACKET = re.compile(
    r"(?P<open>\\\{|[(\[]|\\(?:l(?:brace|brack|paren|vert|floor|ceil|group)|langle)(?![a-z]))"
    r"|(?P<close>\\\}|[)\]]|\\(?:r(?:brace|brack|paren|vert|floor|ceil|group)|rangle)(?![a-z]))"
    r"|(?P<such>\\mid|\\vert|\\colon|[:|])"
    r"|(?<![\\<>!])="
)
_SET = frozenset({r"\{", r"\}", r"\lbrace", r"\rbrace"})


class MathComparison(msgspec.Struct, frozen=True):
    """Whether two texts mean the same.

    Attributes:
        outcome: ``equal``, ``different`` or ``unsure``.
        reason: Why it is unsure.
    """

    outcome: Literal["equal", "different", "unsure"]
    reason: str = ""


def warm_up() -> None:
    """Import math-verify and SymPy and compare something, so that no comparison's time limit pays for that."""
    compare("x + 1", "$1 + x$")


def compare(
    gold: str,
    answer: str,
    digits: int = 6,
    strict: bool = True,
    find: Sequence[str] = ("formulas", "numbers"),
    sets_as_relations: bool = False,
) -> dict[str, str]:
    r"""Return a ``MathComparison`` as JSON values.

    Args:
        gold: The reference: a formula, with or without ``$``, or a text that holds one.
        answer: The candidate's text; formulas in it are marked (``$``, ``\boxed``), plain numbers need no mark.
        digits: Decimal places to which decimals are compared.
        strict: Whether variable names matter and sets differ from tuples.
        find: What is looked for in both texts: ``formulas`` between marks, plain ``numbers``, ``letters`` of
            choices.
        sets_as_relations: Whether a reference that is a set may be answered by relations, such as ``-2 < x < 7``.
    """
    wanted = WantedValue(digits, strict, tuple(find), sets_as_relations)
    return msgspec.to_builtins(_compare(gold, answer, wanted))  # type: ignore[no-any-return]


class WantedValue(msgspec.Struct, frozen=True):
    """How two texts are compared; see ``compare``."""

    digits: int
    strict: bool
    find: tuple[str, ...]
    sets_as_relations: bool


def _compare(gold: str, answer: str, how: WantedValue) -> MathComparison:
    reason = _too_much("reference", gold) or _too_much("answer", answer)
    if reason:
        return MathComparison("unsure", reason)
    wanted = _read_reference(gold, how.find)
    if not wanted:
        return MathComparison("unsure", _UNREAD_REFERENCE)
    plain = _compared(wanted, _read(answer, how.find), how)
    if "formulas" not in how.find or any(mark in answer for mark in _MARKS) or _PLAIN.fullmatch(answer):
        return plain
    return _without_marks(wanted, answer, plain, how)


def _without_marks(wanted: list[Any], answer: str, plain: MathComparison, how: WantedValue) -> MathComparison:
    r"""Return how an answer that marks no formula compares, of which only plain numbers were read so far.

    A number out of a bare formula is not the answer: ``(2, 3)`` is neither 2 nor 3. So a whole text that looks like a
    formula is read as one, and of anything else a number that differs shows nothing where a formula was wanted.
    """
    if _looks_like_formula(answer) and _is_math(said := _read(f"${answer.strip()}$", how.find)):
        whole = _compared(wanted, said, how)
        torn = (whole.outcome, plain.outcome) == ("different", "equal")
        return MathComparison("unsure", _NO_MARKS) if torn else whole
    if plain.outcome == "different" and (_BARE_SIGN.search(answer) or not all(_is_number(one) for one in wanted)):
        return MathComparison("unsure", _NO_MARKS)
    return plain


def _looks_like_formula(text: str) -> bool:
    """Whether a text is one short line without words, with a sign that plain numbers do not have."""
    inner = text.strip()
    if len(inner) > _FORMULA or "\n" in inner or not _FORMULA_SIGN.search(inner):
        return False
    return _WORD.search(_COMMAND.sub(" ", inner)) is None


def _is_number(parsed: Any) -> bool:
    """Whether what was read is one number; a text that goes with it says nothing."""
    return isinstance(parsed, str) or (getattr(parsed, "is_number", False) is True and not parsed.free_symbols)


def _compared(wanted: list[Any], said: list[Any], how: WantedValue) -> MathComparison:
    """Compare what was read of the reference with what was read of the answer."""
    if not said:
        return MathComparison("unsure", _UNREAD)
    reason = ""
    for one, other in product(wanted, said):
        try:
            if _verify(one, other, how):
                return MathComparison("equal")
        except MemoryError:
            raise
        except Exception as error:  # noqa: BLE001 -- SymPy raises all kinds; what cannot be compared is unsure
            reason = f"the comparison failed ({type(error).__name__})"
    if not reason and not _is_math(wanted) and any(_hidden_equation(one) for one in wanted):
        reason = _UNREAD_REFERENCE
    if not reason and _is_math(wanted) and not _is_math(said):
        reason = _UNREAD
    return MathComparison("unsure", reason) if reason else MathComparison("different")


def _too_much(name: str, text: str) -> str:
    if len(text) > MOST_CHARACTERS:
        return f"the {name} is longer than {MOST_CHARACTERS} characters"
    return f"the {name} is nested more than {MOST_NESTING} deep" if _nesting(text) > MOST_NESTING else ""


def _verify(gold: Any, answer: Any, how: WantedValue) -> bool:
    from math_verify import verify

    return bool(
        verify(
            gold,
            answer,
            float_rounding=how.digits,
            strict=how.strict,
            allow_set_relation_comp=how.sets_as_relations,
            timeout_seconds=None,
            raise_on_error=True,
        ),
    )


def _read(text: str, find: tuple[str, ...]) -> list[Any]:
    """Return what a text was read as, and the text of it last; the text alone where it was misread."""
    parsed = list(_parser()(text, extraction_config=_targets(find), parsing_timeout=None))
    hidden = {_hidden_equation(one) for one in parsed if isinstance(one, str)}
    return [one for one in parsed if isinstance(one, str) or not _misread(one, hidden)]


def _misread(parsed: Any, hidden: set[str]) -> bool:
    r"""Whether what was read is a part of the formula only.

    The parser takes what follows the last ``=``, also of one inside a bracket: ``\{y : y^2 = 1\}`` and ``P(X = 1)`` are
    read as 1. No set in set-builder form is read at all; in a bracket equations may stand beside each other (a pair).
    """
    from sympy import Expr

    return "set" in hidden or ("bracket" in hidden and isinstance(parsed, Expr))


def _hidden_equation(formula: str) -> str:
    r"""Return ``set`` where one holds an equation (``\{x : x = 1\}``), ``bracket`` if the last one is in a bracket.

    The parser cuts a formula at ``\text``, so a set that is not closed had words in it: ``\{x \text{ with } x = 1\}``.
    """
    inner = formula.strip()
    if inner[:1] in ("(", "[") and inner[-1:] in (")", "]") and not any(mark in inner[1:-1] for mark in "()[]"):
        inner = inner[1:-1]  # the brackets hold the whole
    opened: list[bool] = []  # of the open brackets, whether "such that" was said in a set
    found = ""
    sets = 0
    for token in _BRACKET.finditer(inner):
        if token["open"]:
            opened.append(False)
            sets += token["open"] in _SET
        elif token["close"]:
            opened = opened[:-1]
            sets -= token["close"] in _SET
        elif token["such"]:
            opened = [*opened[:-1], True] if opened else opened
        elif any(opened):
            return "set"
        else:
            found = "bracket" if opened else ""
    return "set" if sets > 0 else found


def _read_reference(text: str, find: tuple[str, ...]) -> list[Any]:
    text = text.replace("\\$", "")  # the sign of a currency, which would pass for a mark
    if "formulas" in find and not any(mark in text for mark in ("$", "\\(", "\\[", "\\boxed")):
        # math-verify finds formulas only between marks: without them most references would be read as nothing
        wrapped = _read(f"${text}$", find)
        if _is_math(wrapped) or any(_hidden_equation(one) for one in wrapped):
            return wrapped
    return _read(text, find)


def _is_math(parsed: list[Any]) -> bool:
    return any(not isinstance(one, str) for one in parsed)


@cache
def _targets(find: tuple[str, ...]) -> tuple[Any, ...]:
    from math_verify import ExprExtractionConfig, LatexExtractionConfig, StringExtractionConfig

    kinds = {"formulas": LatexExtractionConfig, "numbers": ExprExtractionConfig, "letters": StringExtractionConfig}
    return tuple(kinds[name]() for name in find)


@cache
def _parser() -> Callable[..., list[Any]]:
    import math_verify.parser

    math_verify.parser.parse_expr = arithmetic
    return math_verify.parser.parse  # type: ignore[no-any-return]


def arithmetic(text: str, evaluate: bool = False) -> Any:
    """Return an arithmetic expression of numbers, ``+ - * / **`` and brackets as an unevaluated SymPy expression.

    Raises:
        ValueError: The text holds anything else.
        SyntaxError: The brackets or operators do not fit together.
    """
    if evaluate:
        raise ValueError("expressions are read without being evaluated")
    return _build(ast.parse(text.strip(), mode="eval").body)


def _build(node: ast.expr) -> Any:
    import sympy

    if isinstance(node, ast.Constant) and type(node.value) in (int, float):
        return sympy.Integer(node.value) if isinstance(node.value, int) else sympy.Float(repr(node.value))
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub | ast.UAdd):
        inner = _build(node.operand)
        return _product(-1, inner) if isinstance(node.op, ast.USub) else inner
    if isinstance(node, ast.BinOp) and type(node.op) in _OPERATIONS:
        return _OPERATIONS[type(node.op)](_build(node.left), _build(node.right))
    raise ValueError("this is not an arithmetic expression")


def _sum(left: Any, right: Any) -> Any:
    from sympy import Add

    return Add(left, right, evaluate=False)


def _product(left: Any, right: Any) -> Any:
    from sympy import Mul

    return Mul(left, right, evaluate=False)


def _power(left: Any, right: Any) -> Any:
    from sympy import Pow

    return Pow(left, right, evaluate=False)


_OPERATIONS: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: _sum,
    ast.Sub: lambda left, right: _sum(left, _product(-1, right)),
    ast.Mult: _product,
    ast.Div: lambda left, right: _product(left, _power(right, -1)),
    ast.Pow: _power,
}


def _nesting(text: str) -> int:
    deepest = depth = 0
    for char in text:
        if char in "{([":
            depth += 1
            deepest = max(deepest, depth)
        elif char in "})]":
            depth = max(0, depth - 1)
    return deepest
