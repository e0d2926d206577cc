"""Rows whose texts were published encrypted, so that no crawler finds them: they are decrypted while they are read."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from contextlib import suppress
from hashlib import sha256
from itertools import cycle
from pathlib import Path
from typing import Any, ClassVar

import msgspec

from judgebench.datasets.columns import Row
from judgebench.datasets.judge_samples import JudgeSamples, JudgeSamplesConfig
from judgebench.errors import DataError


class EncryptedRowsConfig(JudgeSamplesConfig, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Keys of ``type=EncryptedRows``, beside those of ``JudgeSamples``.

    Attributes:
        encrypted: Columns whose texts are encrypted.
        unlocked_by: Column of the row's password.
    """

    encrypted: list[str] = msgspec.field(default_factory=lambda: ["problem", "answer"])
    unlocked_by: str = "canary"

    def further_columns(self) -> dict[str, Any]:
        """Return the column of the password."""
        return {**super().further_columns(), self.unlocked_by: "the row's password"}


class EncryptedRows(JudgeSamples):
    """Base64 text, exclusive-or with the repeated SHA-256 of the password (BrowseComp, Wei et al. 2025).

    The data file stays as it was published. What a run keeps of an item is plain text, so a config with such rows says
    ``shareable=False``.
    """

    Config: ClassVar[type[JudgeSamplesConfig]] = EncryptedRowsConfig
    config: EncryptedRowsConfig

    def rows(self, data_dir: Path | None) -> Iterator[Row]:
        """Yield the rows with their texts in plain form.

        Raises:
            DataError: A row has no password, or a text that it does not decrypt.
        """
        for row in super().rows(data_dir):
            password = row.values.get(self.config.unlocked_by)
            if not isinstance(password, str) or not password:
                raise DataError(f"{row.place}: the column {self.config.unlocked_by!r} must hold the row's password.")
            plain = {column: _decrypted(row, column, password) for column in self.config.encrypted}
            yield row._replace(values={**row.values, **plain})


def _decrypted(row: Row, column: str, password: str) -> str:
    plain = ""
    with suppress(KeyError, TypeError, ValueError):
        hidden = base64.b64decode(row.values[column], validate=True)
        key = sha256(password.encode()).digest()
        plain = bytes(one ^ other for one, other in zip(hidden, cycle(key), strict=False)).decode()
    if not plain:
        raise DataError(
            f"{row.place}: the column {column!r} must hold a text that the row's password decrypts, "
            f"not {row.values.get(column)!r:.40}."
        )
    return plain
