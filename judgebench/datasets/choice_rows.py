"""Multiple choice in published files: options in one column or in several, in the file's order or in another one."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from pathlib import Path
from string import ascii_uppercase
from typing import Any, ClassVar, Literal

import msgspec

from judgebench.datasets.columns import Row, SourceConfig
from judgebench.datasets.judge_samples import JudgeSamples, JudgeSamplesConfig
from judgebench.errors import ConfigError, DataError
from judgebench.records.flow import Sample

Order = Literal["published", "simple-evals", "opencompass"]

_OPTIONS = "options"
_LETTER = "right letter"
_TURNS = ((0, 1, 2, 3), (1, 2, 3, 0), (2, 3, 0, 1), (3, 0, 1, 2))
"""In which order OpenCompass shows the right option and the three wrong ones, by the row's number."""


class ChoiceRowsConfig(JudgeSamplesConfig, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Keys of ``type=ChoiceRows``, beside those of ``JudgeSamples``.

    Attributes:
        option_column: Column that holds the list of options; ``answer_column`` says which is right.
        answer_column: Column of the right option: its letter, its index from 0, or a list that holds this index alone.
        option_columns: Columns of one option each instead, the right one first.
        order: In which order they are shown: ``published`` as they stand; ``simple-evals`` as OpenAI's simple-evals
            shuffles GPQA, by one random generator of the seed 0 for the whole file; ``opencompass`` by turns, by the
            row's number.
        not_options: Texts in the list of options that are none (``N/A``); they are left out, and the letters close up.
    """

    option_column: str = ""
    answer_column: str = ""
    option_columns: list[str] = msgspec.field(default_factory=list)
    order: Order = "published"
    not_options: list[str] = msgspec.field(default_factory=list)

    def further_columns(self) -> dict[str, Any]:
        """Return the columns of the options, and of the right one."""
        listed = {self.option_column: ["..."], self.answer_column: "the letter or the index of the right option"}
        apart = {name: "the right option" if not at else "..." for at, name in enumerate(self.option_columns)}
        return super().further_columns() | (listed if self.option_column else apart)


class ChoiceRows(JudgeSamples):
    """Gives each item the field ``options`` (one line an option), a field for each letter, and the letter as reference.

    Args:
        config: Its keys.

    Raises:
        ConfigError: The keys name no options, or both kinds.
    """

    Config: ClassVar[type[JudgeSamplesConfig]] = ChoiceRowsConfig
    config: ChoiceRowsConfig

    def __init__(self, config: ChoiceRowsConfig) -> None:
        if bool(config.option_column) == bool(config.option_columns):
            raise ConfigError("ChoiceRows needs either option_column or option_columns.")
        super().__init__(config)

    def samples(self, data_dir: Path | None = None) -> Iterator[Sample]:
        """Yield the items; see ``JudgeSamples.samples``."""
        for sample in super().samples(data_dir):
            letters = {letter: sample.meta[letter] for letter in ascii_uppercase if letter in sample.meta}
            meta = {name: value for name, value in sample.meta.items() if name not in letters}
            yield msgspec.structs.replace(sample, fields={**sample.fields, **letters}, meta=meta)

    def rows(self, data_dir: Path | None) -> Iterator[Row]:
        """Yield the rows with their options by letter.

        Raises:
            DataError: A row has no options, or none of them is the right one.
        """
        shuffle = random.Random(0)
        for number, row in enumerate(super().rows(data_dir)):
            options, right = self._listed(row) if self.config.option_column else self._apart(row)
            if self.config.order != "published":
                four = self.config.order == "opencompass" and len(options) == len(_TURNS)
                order = _TURNS[number % 4] if four else shuffle.sample(range(len(options)), len(options))
                options, right = [options[place] for place in order], list(order).index(right)
            letters = dict(zip(ascii_uppercase, options, strict=False))
            shown = "\n".join(f"{letter}. {text}" for letter, text in letters.items())
            about = {_OPTIONS: shown, _LETTER: ascii_uppercase[right], **letters}
            yield row._replace(values={**row.values, **about})

    def _columns(self) -> SourceConfig:
        own = super()._columns()
        return msgspec.structs.replace(
            own,
            input_columns=[*own.input_columns, _OPTIONS],
            output_column=_LETTER,
            meta_columns=[*own.meta_columns, *ascii_uppercase],
        )

    def _apart(self, row: Row) -> tuple[list[str], int]:
        return [_option(row, row.values.get(name), name) for name in self.config.option_columns], 0

    def _listed(self, row: Row) -> tuple[list[str], int]:
        column = self.config.option_column
        listed = row.values.get(column)
        if not isinstance(listed, list) or not 2 <= len(listed) <= len(ascii_uppercase):
            raise DataError(f"{row.place}: the column {column!r} must hold a list of options, not {listed!r:.60}.")
        right = _index(row.values, self.config.answer_column)
        if right is None or right >= len(listed) or listed[right] in self.config.not_options:
            answer = row.values.get(self.config.answer_column)
            raise DataError(
                f"{row.place}: the column {self.config.answer_column!r} holds {answer!r:.60}; the letter or the index "
                f"of one of {len(listed)} options was expected."
            )
        kept = [place for place, text in enumerate(listed) if text not in self.config.not_options]
        return [_option(row, listed[place], column) for place in kept], kept.index(right)


def _option(row: Row, text: Any, column: str) -> str:
    if not isinstance(text, str) or not text.strip():
        raise DataError(f"{row.place}: the column {column!r} must hold an option's text, not {text!r:.60}.")
    return text.strip()


def _index(values: Mapping[str, Any], column: str) -> int | None:
    answer = values.get(column)
    if isinstance(answer, list) and len(answer) == 1:
        answer = answer[0]
    if isinstance(answer, str) and len(bare := answer.strip().upper()) == 1 and bare in ascii_uppercase:
        return ascii_uppercase.index(bare)
    if isinstance(answer, str) and answer.isdecimal():
        answer = int(answer)
    return answer if isinstance(answer, int) and not isinstance(answer, bool) and answer >= 0 else None
