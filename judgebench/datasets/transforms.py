"""Named transforms that take the reference answer out of what a source gives for it."""

from __future__ import annotations

from collections.abc import Callable


def after_hashes(text: str) -> str:
    """Return what follows the last ``####`` (GSM8K), without thousands separators.

    Raises:
        ValueError: There is no ``####``, or nothing after it.
    """
    _, mark, answer = text.rpartition("####")
    answer = answer.strip().replace(",", "")
    if not mark or not answer:
        raise ValueError("no '#### <answer>' found")
    return answer


def without_commas(text: str) -> str:
    """Return the text without thousands separators."""
    return text.replace(",", "")


def letter(text: str) -> str:
    """Return the letter of an option given by its index from 0; a letter stays as it is.

    Raises:
        ValueError: The text is neither.
    """
    bare = text.strip()
    if bare.isascii() and bare.isdigit() and int(bare) < 26:
        return chr(ord("A") + int(bare))
    if len(bare) == 1 and bare.isascii() and bare.isalpha():
        return bare.upper()
    raise ValueError(f"{bare[:40]!r} is neither a letter nor an index below 26")


TRANSFORMS: dict[str, Callable[[str], str]] = {
    "after_hashes": after_hashes,
    "without_commas": without_commas,
    "letter": letter,
}
"""By the name that a loader's ``transforms`` key uses."""
