"""The terminal labeller: shows one answer after another, without the judge's verdict, and takes a key for each."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple, TextIO

from judgebench.errors import visible

KEYS: dict[str, dict[str, str]] = {
    "right": {"c": "correct", "x": "incorrect"},
    "preference": {"a": "A", "b": "B", "t": "tie"},
    "score": {},
}
"""Key to decision, by what the row's verdicts say; scores are typed, with Enter at the end."""
_OTHER = {"s": "skip", "u": "back to the one before", "q": "quit"}


class LabelledTexts(NamedTuple):
    """What an annotator sees of an answer."""

    question: str
    reference: str
    answer: str


def label_all(
    count: int,
    shown: Callable[[int], LabelledTexts],
    keep: Callable[[int, str], None],
    *,
    kind: str,
    done: int = 0,
    stdin: TextIO | None = None,
) -> int:
    """Ask for a label of each answer and return how many were given; ends early where the annotator quits.

    Args:
        count: How many answers there are to label.
        shown: Returns the texts of one of them, by its number.
        keep: Takes the label of one; it is on disk when this returns.
        kind: ``right``, ``preference`` or ``score``.
        done: How many of the draw are labelled already.
        stdin: Where the keys come from.
    """
    given: set[int] = set()
    at = 0
    with _keys(stdin or sys.stdin) as keys:
        while at < count:
            _show(shown(at), f"{done + at + 1} of {done + count}", kind)
            said = _answer(keys, KEYS[kind], number=kind == "score")
            if said is None:
                break
            if said == "u":
                at = max(0, at - 1)
                continue
            if said != "s":
                keep(at, said)
                given.add(at)
            at += 1
    return len(given)


def _show(texts: LabelledTexts, place: str, kind: str) -> None:
    keys: Mapping[str, str] = KEYS[kind]
    offered = ["a number and Enter"] if kind == "score" else [f"{key} {said}" for key, said in keys.items()]
    parts = [("Question", texts.question), ("Reference", texts.reference), ("Answer", texts.answer)]
    print(f"\n── {place} " + "─" * 60)
    for name, text in parts:
        if text:
            print(f"\n{name}:\n{visible(text)}")
    print(f"\n[{'] ['.join([*offered, *(f'{key} {said}' for key, said in _OTHER.items())])}] ", end="", flush=True)


def _answer(keys: Iterator[str], known: Mapping[str, str], *, number: bool) -> str | None:
    """Return a decision, a number, ``s`` or ``u``; ``None`` where the annotator quits or nothing more comes."""
    typed = ""
    for key in keys:
        low = key.lower()
        if low in {"q", "\x03", "\x04"}:
            return None
        if low in {"s", "u"}:
            print(_OTHER[low])
            return low
        if low in known:
            print(known[low])
            return known[low]
        if number and key in "\r\n" and typed:
            with contextlib.suppress(ValueError):
                float(typed)
                print()
                return typed
            print(f" {typed!r} is no number ", end="", flush=True)
            typed = ""
        elif number and key in "\x7f\b":
            typed = typed[:-1]
            print("\b \b", end="", flush=True)
        elif number and key in "0123456789.-":
            typed += key
            print(key, end="", flush=True)
        elif key.strip() and not number:
            print(f"{visible(key)} is none of the keys ", end="", flush=True)
    return None


def _without_arrows(keys: Iterator[str]) -> Iterator[str]:
    """Yield keys but for what arrows and other special keys send, which ends in a letter and is no label.

    That is ``ESC [`` or ``ESC O``, up to a letter or ``~``.
    """
    for key in keys:
        if key != "\x1b":
            yield key
        elif (after := next(keys, "")) in {"[", "O"}:
            next((end for end in keys if "@" <= end <= "~"), None)
        elif after:
            yield after


@contextlib.contextmanager
def _keys(stdin: TextIO) -> Iterator[Iterator[str]]:
    """Yield the keys as they are pressed; of a pipe, its characters."""
    if not stdin.isatty():
        yield _without_arrows(iter(lambda: stdin.read(1), ""))
        return
    import termios
    import tty

    before = termios.tcgetattr(stdin)
    try:
        tty.setcbreak(stdin, termios.TCSADRAIN)  # what was typed ahead counts
        yield _without_arrows(iter(lambda: stdin.read(1), ""))
    finally:
        termios.tcsetattr(stdin, termios.TCSADRAIN, before)
