"""Types that the config tests name; stand-ins for loaders, methods and functions of a user."""

from __future__ import annotations

import msgspec

from judgebench.judges.core.contract import JudgeMethod
from judgebench.models import VLLMCustomAPIChat
from judgebench.models.contract import ServiceConfig
from judgebench.records.flow import Verdict


class ToyLoader:
    class Config(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
        path: str
        input_columns: list[str] = []
        output_column: str = ""
        split: str = "test"
        limit: int | None = None

    def count(self, data_dir=None):
        return 0

    def samples(self, data_dir=None):
        yield from ()


class _Toy(JudgeMethod):
    async def judge(self, item, ask):
        return Verdict(status="unparsed")

    def identity(self):
        return {}


class ToyRule(_Toy):
    asks = False

    class Config(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
        case: bool = True


class ToyMethod(_Toy):
    class Config(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
        prompt: str = "Is {answer} right?"
        votes: int = 1
        reminder: str = ""


class ToyExtractor:
    class Config(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
        case: bool = True

    def extract(self, text):
        return None


def strip_tail(text: str, *, marker: str = "##") -> str:
    return text.partition(marker)[0]


class NoConfig:
    pass


class NotAMethod:
    """A judge method that does not inherit from ``JudgeMethod``."""

    class Config(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
        pass

    async def judge(self, item, ask):
        return Verdict(status="unparsed")

    def identity(self):
        return {}


class Keyed(_Toy):
    asks = False

    class Config(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
        token: str = ""


class KeyedService(VLLMCustomAPIChat):
    """A service whose config has a secret of its own."""

    class Config(ServiceConfig, frozen=True, kw_only=True, forbid_unknown_fields=True):
        session_token: str = ""
