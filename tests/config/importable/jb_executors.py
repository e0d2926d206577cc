"""Executors that start nothing."""

from __future__ import annotations

import msgspec


class Elsewhere:
    class Config(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
        queue: str = "short"

    follows = False
    reserves = True
    shares_machine = False

    def __init__(self, config):
        self.config = config

    async def start(self, spec, run, *, environment):
        raise AssertionError("nothing is started here")

    async def aclose(self):
        pass


class Halfway:
    """It cannot let go, and says of itself nothing."""

    class Config(msgspec.Struct, frozen=True):
        pass

    async def start(self, spec, run, *, environment):
        raise AssertionError("nothing is started here")
