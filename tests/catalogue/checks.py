"""Checks of instructions in the form of IFEval's, so that its layout is tested without the package that holds them."""

from __future__ import annotations

from typing import Any


class AtLeast:
    """So many words at least."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.words = 0

    def build_description(self, *, num_words: int = 0, prompt: str = "") -> str:
        """Take the arguments."""
        self.words = num_words or self.words
        return prompt

    def get_instruction_args(self) -> dict[str, Any] | None:
        """Return them."""
        return {"num_words": self.words}

    def check_following(self, text: str) -> bool:
        """Say whether a text has so many words."""
        return len(text.split()) >= self.words


class NoComma(AtLeast):
    """No comma; it needs the prompt."""

    def get_instruction_args(self) -> dict[str, Any] | None:
        """Return what it needs."""
        return {"prompt": None}

    def check_following(self, text: str) -> bool:
        """Say whether there is no comma."""
        return "," not in text


class Unknowable(AtLeast):
    """Cannot be checked for want of data."""

    def check_following(self, text: str) -> bool:
        """Raise what NLTK raises."""
        raise LookupError("Resource punkt_tab not found.")


TABLE = {
    "length_constraints:number_words": AtLeast,
    "punctuation:no_comma": NoComma,
    "length_constraints:number_sentences": Unknowable,
}
