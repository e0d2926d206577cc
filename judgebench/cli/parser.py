"""What the command lines of all commands share: the parser, the kinds of values, and how a run is named.

Only argparse is imported here, so that ``--help`` stays fast.
"""

from __future__ import annotations

import argparse
import difflib
import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NoReturn

from judgebench.errors import HelpShown, ReuseError, UsageError

if TYPE_CHECKING:
    from pathlib import Path


class HelpFormatter(argparse.HelpFormatter):
    """Formats the help for the window, and in a pipe or a wide window for lines that are still easy to read."""

    def __init__(self, prog: str) -> None:
        import shutil

        width = min(116, shutil.get_terminal_size((118, 24)).columns - 2)
        super().__init__(prog, max_help_position=32, width=width)

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        """Fill a description; examples stand as they are written."""
        return text if "\n" in text else super()._fill_text(text, width, indent)


class Parser(argparse.ArgumentParser):
    """An argparse parser whose usage errors are ours, with the nearest flag named."""

    def __init__(self, **said: Any) -> None:
        super().__init__(formatter_class=HelpFormatter, **said)

    def error(self, message: str) -> NoReturn:
        """Raise the message as a usage error.

        Raises:
            UsageError: Always.
        """
        raise UsageError(f"{message[:1].upper()}{message[1:]}.", hint=f"See all flags with: {self.prog} --help")

    def exit(self, status: int = 0, message: str | None = None) -> NoReturn:  # noqa: ARG002 - argparse's signature
        """End after the help of a command was shown; told apart from code of others that ends the program."""
        raise HelpShown(status)

    def completable(self) -> list[argparse.Action]:
        """Return the arguments that a completion script completes."""
        return list(self._actions)

    def grouped(self) -> list[tuple[str, list[argparse.Action]]]:
        """Return the titled groups of arguments, for the page in the docs."""
        return [
            (group.title, list(group._group_actions))  # noqa: SLF001 - argparse has no public way to read a parser
            for group in self._action_groups
            if group.title and group._group_actions  # noqa: SLF001
        ]

    def parse_all(self, argv: list[str]) -> argparse.Namespace:
        """Parse a command line; what is no flag may stand before, between and behind the flags.

        Raises:
            UsageError: An unknown flag, a wrong value, or an empty one.
        """
        _check_words(argv, self.prog)
        parsed, unknown = self.parse_known_intermixed_args(argv)
        if unknown:
            flags = {flag.lstrip("-"): flag for action in self._actions for flag in action.option_strings}
            near = difflib.get_close_matches(unknown[0].partition("=")[0].lstrip("-"), flags, n=2, cutoff=0.7)
            hint = f"Did you mean {' or '.join(flags[name] for name in near)}? " if near else ""
            what = "flag" if unknown[0].startswith("-") else "argument"
            raise UsageError(
                f"There is no {what} {unknown[0]!r}.", hint=f"{hint}See all flags with: {self.prog} --help"
            )
        return parsed


def _check_words(argv: list[str], prog: str) -> None:
    """Refuse an empty word: it is nearly always a shell variable that is not set, and would mean something else.

    Raises:
        UsageError: A word is empty, or holds a NUL character, which no name and no path may.
    """
    flag = ""
    for word in argv:
        name, _, value = word.partition("=")
        if name.startswith("--"):
            flag = name
        if not word.strip() or (name.startswith("--") and "=" in word and not value.strip()):
            raise UsageError(
                f"{f'A value of {flag}' if flag else 'An argument'} is empty; perhaps a shell variable is not set.",
                hint=f"Give a value, or leave the flag out. See all flags with: {prog} --help",
            )
        if "\0" in word:
            raise UsageError(f"The argument {word!r} holds a NUL character.", hint="Write it without.")


def add_run(parser: Parser) -> None:
    """Add the arguments by which a command is told of a run; ``run_folder`` finds it."""
    parser.add_argument(
        "run",
        nargs="?",
        default="latest",
        metavar="RUN",
        help="run folder, its timestamp under --work-dir, or 'latest', which is meant where none is named",
    )
    parser.add_argument(
        "-w", "--work-dir", default="outputs/default", metavar="DIR", help="folder that holds the run folders"
    )


def run_folder(name: str, work_dir: Path) -> Path:
    """Return the run folder that a name means: a run's folder, a timestamp below ``work_dir``, or ``latest``.

    Raises:
        ReuseError: There is no such run; names the nearest.
    """
    from judgebench.store.runs import existing_run, known_runs

    near = difflib.get_close_matches(name, ["latest", *reversed(known_runs(work_dir))], n=2, cutoff=0.8)
    if near and name not in near:
        raise ReuseError(f"There is no run {name!r} in {work_dir}.", hint=f"Did you mean {' or '.join(near)}?")
    return existing_run(work_dir, name).path


_DIGITS = 18
"""Digits of a whole number at most; Python's own limit of 4300 would end in an error of its own."""


def whole_from(least: int) -> Callable[[str], int]:
    """Return what reads a whole number that is at least so much."""

    def whole(text: str) -> int:
        digits = text.strip().removeprefix("+")
        if not digits.isdecimal() or len(digits) > _DIGITS or int(digits) < least:
            raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from {least}")
        return int(digits)

    return whole


def number_within(least: float, most: float) -> Callable[[str], float]:
    """Return what reads a number between two others, or one of them."""

    def number(text: str) -> float:
        value = _number(text, math.nan)
        if not least <= value <= most:
            raise argparse.ArgumentTypeError(f"{text!r} is not a number from {least:g} to {most:g}")
        return value

    return number


ALL = 0
"""What ``--num-prompts none`` is: not the same as no flag, which keeps the choice of a run that is continued."""


def count_or_all(text: str) -> int:
    """Return a whole number from 1, or ``ALL`` for ``none``.

    Raises:
        ArgumentTypeError: It is neither.
    """
    if text.lower() == "none":
        return ALL
    try:
        return whole_from(1)(text)
    except argparse.ArgumentTypeError:
        raise argparse.ArgumentTypeError(f"{text!r} is neither a whole number from 1 nor 'none'") from None


def cost_or_none(text: str) -> tuple[float, str]:
    """Return an amount and its currency, of ``5``, ``5EUR`` or ``5 EUR``; an amount of ``ALL`` for ``none``.

    Raises:
        ArgumentTypeError: It is neither.
    """
    if text.strip().lower() == "none":
        return ALL, ""
    digits = text.strip().rstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZ")
    currency = text.strip()[len(digits) :]
    amount = _number(digits)
    if not 0 < amount < 1e15 or len(currency) not in {0, 3}:
        raise argparse.ArgumentTypeError(f"{text!r} is neither an amount, such as 5 (USD) or 5EUR, nor 'none'")
    return amount, currency or "USD"


def scale(text: str) -> tuple[int, int]:
    """Return the ends of ``1-5``.

    Raises:
        ArgumentTypeError: It is no scale.
    """
    low, _, high = text.strip().partition("-")
    if not (low.isdecimal() and high.isdecimal() and max(len(low), len(high)) <= 4 and int(low) < int(high)):
        raise argparse.ArgumentTypeError(f"{text!r} is no scale of whole numbers from 0, such as 1-5")
    return int(low), int(high)


def share(text: str) -> float:
    """Return a share from 0 to 1.

    Raises:
        ArgumentTypeError: It is none, or a percentage is meant.
    """
    value = _number(text.removesuffix("%"))
    percent = text.endswith("%") or value > 1
    if not 0 <= value <= (100 if percent else 1):
        raise argparse.ArgumentTypeError(f"{text!r} is not a share from 0 to 1")
    if percent:
        raise argparse.ArgumentTypeError(
            f"{text!r} is not a share from 0 to 1; for {value:g} percent write {value / 100:g}"
        )
    return value


def points(text: str) -> float:
    """Return a number of points from 0.

    Raises:
        ArgumentTypeError: It is none, or no percentage is that many points from another.
    """
    value = _number(text)
    if not 0 <= value <= 100:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of points from 0 to 100")
    return value


def percentage(text: str) -> float:
    """Return a percentage of a lower bound.

    Raises:
        ArgumentTypeError: It is none, or a share is meant.
    """
    from judgebench.report.conditions import percent_slip

    value = _number(text.removesuffix("%"))
    if not 0 <= value <= 100:
        raise argparse.ArgumentTypeError(f"{text!r} is not a percentage from 0 to 100")
    if slip := percent_slip(value, least=True, marked=text.endswith("%")):
        raise argparse.ArgumentTypeError(slip)
    return value


def _number(text: str, otherwise: float = -1.0) -> float:
    try:
        return float(text)
    except ValueError:
        return otherwise
