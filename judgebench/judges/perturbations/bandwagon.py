"""Bandwagon: a note below one answer that most people chose it."""

from __future__ import annotations

import random

import msgspec

from judgebench.errors import ConfigError
from judgebench.judges.wrappers.perturbed import OneAnswer


class Bandwagon(OneAnswer):
    """Says of one answer that most people believe it."""

    class Config(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
        """Keys of ``dict(type="bandwagon", ...)``.

        Attributes:
            share: How many people in a hundred are said to believe it.
        """

        share: int = 90

    def __init__(self, config: Config) -> None:
        if not 1 <= config.share <= 100:
            raise ConfigError(f"perturbations: bandwagon.share must be from 1 to 100, not {config.share}.")
        super().__init__(config)
        self.config = config

    def changed(self, text: str, dice: random.Random) -> str:  # noqa: ARG002 - one sentence for all
        """Return the text with the note below it."""
        return f"{text}\n\n(In a survey, {self.config.share}% of those who were asked took this answer to be right.)"
