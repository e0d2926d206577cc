"""A client of one's own, an answer source without a service: it multiplies by two, and errs from a number on."""

from __future__ import annotations

import re
from contextlib import asynccontextmanager

from judgebench.models.contract import ModelConfig
from judgebench.records.flow import Failure, Reply


class CountingConfig(ModelConfig, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``wrong_from`` is the first number whose double it gets wrong."""

    wrong_from: int = 1000


class Counting:
    """Answers in the task's own process."""

    Config = CountingConfig
    prompt_kind = "text"

    @asynccontextmanager
    async def open(self, config):
        yield Client(config)


class Client:
    """What is asked."""

    model = "counting"

    def __init__(self, config):
        self.config = config

    async def ask(self, request):
        found = re.search(r"twice (\d+)", request.prompt)
        if found is None:
            return Reply(status="failed", error=Failure(kind="local", message="there is nothing to double"))
        number = int(found[1])
        answer = 2 * number + (number >= self.config.wrong_from)
        return Reply(status="ok", text=f"I think it is {answer} (of twice {number})", finish_reason="stop")
