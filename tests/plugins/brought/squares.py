"""A dataset of one's own, which needs no file."""

from __future__ import annotations

import msgspec

from judgebench.datasets.columns import uid_of
from judgebench.records.flow import Sample


class Squares:
    """Asks for twice a square number."""

    class Config(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
        """``upto`` is how many there are."""

        upto: int = 3

    def __init__(self, config):
        self.config = config

    def count(self, data_dir=None):
        return self.config.upto

    def samples(self, data_dir=None):
        for at in range(self.config.upto):
            fields, answer = {"question": f"What is twice {at * at}?"}, str(2 * at * at)
            yield Sample(id=at, uid=uid_of(fields, answer, []), fields=fields, reference=answer)
