r"""Mathematical equivalence of the final answer and the reference.

Integers and equal texts are decided at once. Everything else goes to math-verify (Kydlíček 2025) in a worker process
that can be killed; what it cannot read or finish is ``unparsed``, never wrong.
"""

from __future__ import annotations

import re
from typing import Any, ClassVar, Literal

import msgspec

from judgebench.errors import ConfigError
from judgebench.judges.core.contract import Ask, Case, JudgeMethod
from judgebench.judges.rules.answers import Extracted, boxed, whole_text
from judgebench.judges.rules.sandbox import KillablePool, Overrun
from judgebench.judges.rules.verdicts import NO_REFERENCE, OUT_OF_TIME, decided, references, unread
from judgebench.records.flow import Verdict

COMPARE = "judgebench.judges.rules.math_worker.compare"
MOST_TEXT = 20_000
"""Characters of the end of a text in which an answer without a box is looked for."""
_INTEGER = re.compile(r"([-+\u2212]?)0*(\d{1,400}|\d{1,3}(?:(?:,|\\,|\{,\})\d{3}){1,130})")
_DRESS = re.compile(r"^(?:\\[(\[]|\$+)\s*|\s*(?:\\[)\]]|\$+)$|\\[!,;: ](?!\d)|\^\s*(?:\\circ|\{\s*\\circ\s*\})")


class MathEqual(JudgeMethod):
    r"""Correct when the final answer and the reference are mathematically the same."""

    asks: ClassVar[bool] = False
    holds_workers: bool = True

    class Config(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
        r"""Keys.

        Attributes:
            answer: Where the answer stands: ``boxed`` in the last ``\boxed{}`` and nowhere else; ``boxed_or_any`` also
                anywhere else that math-verify finds (the last formula or number); ``any`` leaves it all to math-verify.
                A text of one bare formula is read as that formula; elsewhere a number without marks decides only where
                a number was wanted, and the answer is ``unparsed`` otherwise.
            digits: Decimal places to which decimals are compared.
            strict: Whether variable names matter and sets differ from tuples.
            find: What math-verify looks for: ``formulas`` between marks, plain ``numbers`` without any, and ``letters``
                of choices. A comma is a separator in a formula (``1,22`` is a pair) and before two digits a decimal
                comma in a plain number, so that ``1,22`` is ``1.22`` with ``["numbers"]`` alone.
            sets_as_relations: Whether a reference that is a set may be answered by relations: ``x \in [-2, 7]`` by
                ``-2 \le x \le 7``.
            deadline: Seconds of one comparison.
            memory_mb: MiB of one comparison.
            workers: Most comparisons at once.
        """

        answer: Literal["boxed", "boxed_or_any", "any"] = "boxed_or_any"
        digits: int = 6
        strict: bool = True
        find: list[Literal["formulas", "numbers", "letters"]] = msgspec.field(
            default_factory=lambda: ["formulas", "numbers"]
        )
        sets_as_relations: bool = False
        deadline: float = 10.0
        memory_mb: int = 1024
        workers: int = 2

    def __init__(self, config: Config | None = None) -> None:
        self.config = config or self.Config()
        if not self.config.find:
            raise ConfigError("evaluator.find: name formulas, numbers or letters.")
        self._pool: KillablePool | None = None

    async def judge(self, case: Case, ask: Ask) -> Verdict:  # noqa: ARG002 -- rules ask nobody
        """Compare the final answer with every accepted reference."""
        accepted = references(case)
        if not accepted:
            return unread(case, NO_REFERENCE)
        answer, sent = self._final(case.answer)
        if answer is None:
            return unread(case, "no boxed answer found" if self.config.answer == "boxed" else "the answer is empty")
        reason = ""
        for form in accepted:
            outcome, why = await self._compare(form, answer, sent)
            if outcome == "equal":
                return decided(True, answer)
            reason = reason or why
        return unread(case, reason, answer) if reason else decided(False, answer)

    def identity(self) -> dict[str, Any]:
        """Return the rule, the options that decide and the versions of the libraries."""
        from importlib.metadata import version

        return {
            "rule": "math-equal",
            "revision": 3,
            "answer": self.config.answer,
            "digits": self.config.digits,
            "strict": self.config.strict,
            "find": self.config.find,
            "sets_as_relations": self.config.sets_as_relations,
            "math-verify": version("math-verify"),
            "sympy": version("sympy"),
        }

    async def aclose(self) -> None:
        """End the worker processes."""
        if self._pool is not None:
            await self._pool.aclose()
            self._pool = None

    def _final(self, text: str) -> tuple[Extracted | None, str]:
        """Return the answer and what is sent to math-verify for it."""
        if self.config.answer != "any":
            box = boxed(text)
            if box is not None:
                return box, f"$\\boxed{{{box.text}}}$"
            if self.config.answer == "boxed":
                return None, ""
        whole = whole_text(text[-MOST_TEXT:])
        if whole is None:
            return None, ""
        shift = max(0, len(text) - MOST_TEXT)
        return Extracted(whole.text, (whole.span[0] + shift, whole.span[1] + shift)), whole.text

    async def _compare(self, reference: str, answer: Extracted, sent: str) -> tuple[str, str]:
        quick = same_at_once(reference, answer.text)
        if quick is not None:
            return ("equal" if quick else "different"), ""
        config = self.config
        if self._pool is None:
            self._pool = KillablePool(config.workers, deadline=config.deadline, memory=config.memory_mb << 20)
        how = (config.digits, config.strict, config.find, config.sets_as_relations)
        result = await self._pool.call(COMPARE, reference, sent, *how)
        if isinstance(result, Overrun):
            why = OUT_OF_TIME if result.kind == "time" else "the comparison was stopped"
            return "unsure", f"{why}: {result.message}"
        return result["outcome"], result["reason"]


def same_at_once(reference: str, answer: str) -> bool | None:
    """Return whether two answers are the same where that needs no mathematics, else ``None``.

    Equal texts are the same, two integers are the same when their digits are; thousands separators, math delimiters and
    a degree sign do not matter.
    """
    one, other = _bare(reference), _bare(answer)
    if one == other and one:
        return True
    first, second = _INTEGER.fullmatch(one), _INTEGER.fullmatch(other)
    if first is None or second is None:
        return None
    return _digits(first) == _digits(second)


def _bare(text: str) -> str:
    if len(text) > 2000:
        return ""
    inner = boxed(text) if text.startswith("\\boxed") and text.endswith("}") else None
    return _DRESS.sub("", (inner.text if inner else text).strip()).strip()


def _digits(match: re.Match[str]) -> str:
    digits = re.sub(r"\D", "", match[2]).lstrip("0") or "0"
    return f"-{digits}" if match[1] in ("-", "\u2212") and digits != "0" else digits
