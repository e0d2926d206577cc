r"""The expressions of ``--where``: a small language over the columns of the index, compiled to SQL with parameters.

::

    category == "algebra" and score < 3
    status in ("unparsed", "judge_failed") or length > 2000
    not wrong and "approximately" in answer
    reply contains "I cannot" and fields["sub category"] != "easy"
    matches(answer, r"Final answer: \d+\.")

It is read by Python's own parser and never run as Python. Numbers are compared with numbers and texts with texts. What
a sample lacks equals ``none`` and nothing else.
"""

from __future__ import annotations

import ast
import difflib
import io
import tokenize
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from judgebench.errors import UsageError
from judgebench.query.regexes import checked_regex

FLAGS: Mapping[str, str] = {
    "wrong": "wrong",
    "unread": "status = 'unparsed'",
    "against_rule": "against_rule",
    "against_judges": "against_judges",
    "flipped": "flipped",
    "truncated": "truncated",
    "failed": "status IN ('judge_failed', 'prediction_failed')",
    "not_judged": "status = 'not_judged'",
}
"""What is true or false of an item, and what of the index it is."""

COLUMN_NAMES: Mapping[str, str] = {
    **{name: f"({sql})" for name, sql in FLAGS.items()},
    **{
        name: f"(SELECT {column} FROM sources WHERE sources.row = items.row)"
        for name, column in {"model": "model", "row": "name", "dataset": "dataset", "judge": "judge"}.items()
    },
    "label": "(SELECT said FROM labels WHERE labels.pos = items.pos)",
    "id": "id", "repeat": "repeat", "key": "key", "status": "status",
    "decision": "decision", "score": "score", "reason": "reason",
    "disagree": "(against_rule OR against_judges)", "rule": "rule_decision", "rule_score": "rule_score",
    "gold": "gold", "length": "length", "tokens": "tokens", "latency": "latency", "tries": "tries",
}  # fmt: skip
"""What an expression may name, and what of the index it is."""

TEXT_NAMES = ("question", "answer", "reasoning", "reply")
"""Texts that stand in the run's files: searched last, as each is read from there."""

OF_TEXTS = "items.row, items.id, items.repeat, items.answer_at, items.answer_size"
"""By what the functions that read texts find them."""

_ORDER: dict[type[ast.cmpop], str] = {ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">="}
_CONSTANTS = {"true": True, "false": False, "none": None}
_DEPTH_AT_MOST = 50


class SqlCondition(NamedTuple):
    """A condition in SQL.

    Attributes:
        sql: The condition; never null.
        values: Its parameters.
        reads_texts: Whether it reads texts from the run's files.
    """

    sql: str
    values: tuple[Any, ...] = ()
    reads_texts: bool = False


class _Value(NamedTuple):
    """A column, a text or a constant."""

    sql: str = ""
    constant: Any = None
    text: str = ""

    @property
    def fixed(self) -> bool:
        return not self.sql and not self.text


def compiled(expression: str, fields: Mapping[str, str]) -> SqlCondition:
    """Return the condition that an expression means.

    Args:
        expression: As the user wrote it.
        fields: Fields of the samples by name, with their columns.

    Raises:
        UsageError: It is no expression of the language, or names what the run does not hold; names the word.
    """
    try:
        expression.encode()
        tree = ast.parse(_infix(expression), mode="eval")
    except (SyntaxError, ValueError, MemoryError, RecursionError, tokenize.TokenError) as error:
        raise _no_syntax(expression, error) from error
    return _Compiler(expression, fields).condition(tree.body)


def column_of(name: str, fields: Mapping[str, str]) -> str:
    """Return the column that a name means, a field of the samples included.

    Raises:
        UsageError: There is none; names the nearest.
    """
    if name in COLUMN_NAMES:
        return COLUMN_NAMES[name]
    if name in fields:
        return fields[name]
    known = [*COLUMN_NAMES, *TEXT_NAMES, *fields]
    near = difflib.get_close_matches(name, known, n=2)
    of_samples = f"; fields of the samples: {', '.join(fields)}" if fields else "; the samples have no further fields"
    raise UsageError(
        f"There is no field {name!r} in this run.",
        hint=f"Did you mean {' or '.join(near)}?"
        if near
        else f"There are: {', '.join([*COLUMN_NAMES, *TEXT_NAMES])}{of_samples}.",
    )


def _no_syntax(expression: str, error: Exception) -> UsageError:
    at = getattr(error, "offset", None) or 0
    rest = expression[at - 1 :].split() if 0 < at <= len(expression) else []
    near = f" near {rest[0]!r}" if rest else ""
    if _has_single_equals(expression):
        return UsageError(
            f"--where {expression!r}: '=' compares nothing.", hint="Write == for equal, != for different."
        )
    return UsageError(
        f"--where {expression!r} cannot be read{near}.",
        hint="An example: --where 'category == \"algebra\" and score < 3'. Texts stand in quotation marks.",
    )


def _has_single_equals(expression: str) -> bool:
    try:
        return any(one.type == tokenize.OP and one.string == "=" for one in _tokens(expression))
    except (tokenize.TokenError, SyntaxError):
        return False


def _tokens(expression: str) -> list[tokenize.TokenInfo]:
    return list(tokenize.generate_tokens(io.StringIO(expression.strip()).readline))


def _infix(expression: str) -> str:
    """Return an expression in which ``a contains b`` is the operator ``@``, which has no other use here."""
    found: list[tuple[int, str]] = []
    for token in _tokens(expression):
        if token.type == tokenize.OP and token.string == "@":
            raise SyntaxError("@", ("", 1, token.start[1] + 1, expression))
        word = token.type == tokenize.NAME and token.string == "contains"
        found.append((tokenize.OP, "@") if word else (token.type, token.string))
    return tokenize.untokenize(found).strip()


class _Compiler:
    def __init__(self, expression: str, fields: Mapping[str, str]) -> None:
        self._expression = expression
        self._fields = fields
        self._depth = 0

    def condition(self, node: ast.expr) -> SqlCondition:
        self._depth += 1
        if self._depth > _DEPTH_AT_MOST:
            raise UsageError("The expression of --where is nested too deeply.", hint="Make it simpler.")
        try:
            return self._condition(node)
        finally:
            self._depth -= 1

    def _condition(self, node: ast.expr) -> SqlCondition:
        if isinstance(node, ast.BoolOp):
            parts = [self.condition(part) for part in node.values]
            return combined("AND" if isinstance(node.op, ast.And) else "OR", parts)
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
            part = self.condition(node.operand)
            return part._replace(sql=f"NOT {part.sql}")
        if isinstance(node, ast.Compare):
            operands = [node.left, *node.comparators]
            pairs = zip(operands, node.ops, operands[1:], strict=False)
            return combined("AND", [self._compared(left, op, right) for left, op, right in pairs])
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.MatMult):
            return self._contains(self._value(node.left), self._value(node.right), node.right)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "matches":
            return self._matches(node)
        return self._true(node)

    def _true(self, node: ast.expr) -> SqlCondition:
        value = self._value(node)
        if value.text:
            raise self._wrong(node, f'is a text, and no condition. Write for example: {value.text} contains "word"')
        if value.fixed:
            return SqlCondition("1" if value.constant else "0")
        return SqlCondition(f"(coalesce({value.sql}, 0) NOT IN (0, ''))")

    def _compared(self, left_node: ast.expr, op: ast.cmpop, right_node: ast.expr) -> SqlCondition:
        left = self._value(left_node)
        if isinstance(op, ast.In | ast.NotIn):
            found = self._in(left, right_node)
            return found._replace(sql=f"NOT {found.sql}") if isinstance(op, ast.NotIn) else found
        right = self._value(right_node)
        if isinstance(op, ast.Eq | ast.NotEq | ast.Is | ast.IsNot):
            found = _equal(left, right)
            return found._replace(sql=f"NOT {found.sql}") if isinstance(op, ast.NotEq | ast.IsNot) else found
        for side, node in ((left, left_node), (right, right_node)):
            if side.fixed and (side.constant is None or isinstance(side.constant, bool)):
                raise self._wrong(node, "has no order; compare it with == or !=")
        return _ordered(left, _ORDER[type(op)], right)

    def _in(self, left: _Value, node: ast.expr) -> SqlCondition:
        if isinstance(node, ast.List | ast.Tuple | ast.Set):
            parts = [_equal(left, self._value(one)) for one in node.elts]
            return combined("OR", parts) if parts else SqlCondition("0")
        return self._contains(self._value(node), left, node)

    def _contains(self, text: _Value, part: _Value, node: ast.expr) -> SqlCondition:
        if not part.fixed or not isinstance(part.constant, str):
            raise self._wrong(node, "can be searched only for a text in quotation marks")
        if text.text:
            return SqlCondition(f"text_contains({OF_TEXTS}, ?, ?)", (text.text, part.constant), reads_texts=True)
        if text.fixed:
            raise self._wrong(node, 'is no field; write for example: answer contains "word"')
        if not part.constant.isascii():  # SQLite knows no other capitals than those of ASCII
            return SqlCondition(f"value_contains({text.sql}, ?)", (part.constant,))
        return SqlCondition(f"(instr(lower(coalesce({text.sql}, '')), lower(?)) > 0)", (part.constant,))

    def _matches(self, node: ast.Call) -> SqlCondition:
        if len(node.args) != 2 or node.keywords:
            raise self._wrong(node, "takes a field and a regular expression in quotation marks")
        text, pattern = (self._value(one) for one in node.args)
        if text.fixed or not isinstance(pattern.constant, str):
            raise self._wrong(node, "takes a field and a regular expression in quotation marks")
        checked_regex(pattern.constant)
        if text.text:
            return SqlCondition(f"text_matches({OF_TEXTS}, ?, ?)", (text.text, pattern.constant), reads_texts=True)
        return SqlCondition(f"value_matches({text.sql}, ?)", (pattern.constant,))

    def _value(self, node: ast.expr) -> _Value:
        if isinstance(node, ast.Constant) and (node.value is None or isinstance(node.value, str | int | float | bool)):
            check_texts(*([node.value] if isinstance(node.value, str) else []))
            return _Value(constant=_number(node.value))
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub | ast.UAdd):
            value = self._value(node.operand).constant
            if isinstance(value, int | float) and not isinstance(value, bool):
                return _Value(constant=-value if isinstance(node.op, ast.USub) else value)
        if isinstance(node, ast.Name):
            return self._named(node.id)
        if (name := _field_named(node)) is not None:
            return _Value(sql=self._field(name))
        raise self._wrong(
            node, "is not part of the language of --where: fields, texts, numbers, comparisons, and, or, not"
        )

    def _named(self, name: str) -> _Value:
        if name.lower() in _CONSTANTS and name not in self._fields:
            return _Value(constant=_CONSTANTS[name.lower()])
        if name in TEXT_NAMES and name not in self._fields:
            return _Value(text=name)
        return _Value(sql=column_of(name, self._fields))

    def _field(self, name: str) -> str:
        if name not in self._fields:
            column_of(f"fields[{name!r}]" if name in COLUMN_NAMES else name, self._fields)
        return self._fields[name]

    def _wrong(self, node: ast.AST, why: str) -> UsageError:
        try:
            part = ast.unparse(node).replace(" @ ", " contains ")
        except (ValueError, RecursionError):
            part = self._expression
        return UsageError(
            f"--where: {part!r} {why}.", hint="An example: --where 'category == \"algebra\" and score < 3'"
        )


def _number(value: Any) -> Any:
    return float(value) if isinstance(value, int) and abs(value) >= 1 << 63 else value


def _field_named(node: ast.expr) -> str | None:
    """Return which field ``fields.name`` and ``fields["name"]`` name; ``None`` for anything else."""
    if not isinstance(node, ast.Attribute | ast.Subscript):
        return None
    if not isinstance(node.value, ast.Name) or node.value.id != "fields":
        return None
    if isinstance(node, ast.Attribute):
        return node.attr
    key = node.slice
    return key.value if isinstance(key, ast.Constant) and isinstance(key.value, str) else None


def check_texts(*texts: str) -> None:
    """Check that texts can be looked for: a lone surrogate stands in no file.

    Raises:
        UsageError: One cannot.
    """
    for text in texts:
        try:
            text.encode()
        except UnicodeEncodeError as error:
            raise UsageError(
                f"{text!r} is no text that a file could hold.", hint="Write it in UTF-8, without \\ud800 and the like."
            ) from error


def combined(word: str, parts: Sequence[SqlCondition]) -> SqlCondition:
    """Return several conditions as one; those that read texts come last, and only where the others leave it open.

    Args:
        word: ``AND`` or ``OR``.
        parts: The conditions.
    """
    if not parts:
        return SqlCondition("1")
    if len(parts) == 1:
        return parts[0]
    cheap = [part for part in parts if not part.reads_texts]
    dear = [part for part in parts if part.reads_texts]
    if not cheap or not dear:
        return SqlCondition(
            f"({f' {word} '.join(part.sql for part in parts)})",
            tuple(value for part in parts for value in part.values),
            reads_texts=bool(dear),
        )
    first, last = combined(word, cheap), combined(word, dear)
    # SQLite may look at the sides of AND and OR in any order, but not at those of CASE
    taken = f"THEN {last.sql} ELSE 0" if word == "AND" else f"THEN 1 ELSE {last.sql}"
    return SqlCondition(f"(CASE WHEN {first.sql} {taken} END)", (*first.values, *last.values), reads_texts=True)


def _equal(left: _Value, right: _Value) -> SqlCondition:
    if left.fixed:
        left, right = right, left
    if left.fixed:
        return SqlCondition("1" if left.constant == right.constant else "0")
    if left.text or right.text:
        if left.text and right.fixed:
            return SqlCondition(f"text_equals({OF_TEXTS}, ?, ?)", (left.text, str(right.constant)), reads_texts=True)
        raise UsageError("--where compares texts with a text in quotation marks alone.", hint='Write: answer == "42"')
    if not right.fixed:
        return SqlCondition(f"({left.sql} IS {right.sql})")
    value = right.constant
    if isinstance(value, int | float) and not isinstance(value, bool):  # data files have numbers as texts too
        return SqlCondition(f"({left.sql} IS ? OR {left.sql} IS ?)", (value, str(value)))
    return SqlCondition(f"({left.sql} IS ?)", (value,))


def _ordered(left: _Value, sign: str, right: _Value) -> SqlCondition:
    if left.text or right.text:
        raise UsageError("--where puts no texts in order.", hint='Write contains or ==, such as: answer contains "42"')
    if left.fixed and right.fixed:
        raise UsageError(
            f"--where compares {left.constant!r} with {right.constant!r}, and no field.", hint="Name a field."
        )
    sides, kinds, values = [], [], []
    for side in (left, right):
        if side.fixed:
            sides.append("?")
            values.append(side.constant)
            kinds.append("text" if isinstance(side.constant, str) else "number")
        else:
            sides.append(side.sql)
            kinds.append("")
    checks = []
    for own, other in ((0, 1), (1, 0)):
        if not kinds[own] and kinds[other]:
            names = "'text'" if kinds[other] == "text" else "'integer', 'real'"
            checks.append(f"typeof({sides[own]}) IN ({names})")
    if not any(kinds):
        checks.append(f"(typeof({sides[0]}) = 'text') = (typeof({sides[1]}) = 'text')")
    both = " AND ".join([*checks, f"{sides[0]} {sign} {sides[1]}"])
    return SqlCondition(f"coalesce({both}, 0)", tuple(values))
