"""Types that the config tests name; stand-ins for loaders, methods and functions of a user."""

from __future__ import annotations

import msgspec

from judgebench.models import VLLMCustomAPIChat
from judgebench.models.contract import ServiceConfig


class ToyLoader:
    class Config(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
        path: str
        input_columns: list[str] = []
        output_column: str = ""
        split: str = "test"
        limit: int | None = None


class ToyRule:
    asks = False

    class Config(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
        case: bool = True


class ToyMethod:
    asks = True

    class Config(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
        prompt: str = "Is {answer} right?"
        votes: int = 1
        reminder: str = ""


def strip_tail(text: str, *, marker: str = "##") -> str:
    return text.partition(marker)[0]


class NoConfig:
    pass


class Keyed:
    asks = False

    class Config(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
        token: str = ""


class KeyedService(VLLMCustomAPIChat):
    """A service whose config has a secret of its own."""

    class Config(ServiceConfig, frozen=True, kw_only=True, forbid_unknown_fields=True):
        session_token: str = ""
