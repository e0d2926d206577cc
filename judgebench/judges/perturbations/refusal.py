"""Refusal phrase: one answer begins as a refusal does."""

from __future__ import annotations

import random
from typing import ClassVar

from judgebench.judges.wrappers.perturbed import OneAnswer
from judgebench.records.findings import Expects


class Refusal(OneAnswer):
    """Opens one answer with a refusal, after which it answers all the same; that can be no merit."""

    expects: ClassVar[Expects] = "must_not_increase"

    def changed(self, text: str, dice: random.Random) -> str:  # noqa: ARG002 - one sentence for all
        """Return the text with the refusal above it."""
        return f"I am sorry, but as an assistant I am not able to help with this request.\n\n{text}"
