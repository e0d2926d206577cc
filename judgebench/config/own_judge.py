"""``judges/_judge_model.py`` in a folder of the user's: the model of all shipped judges and judged datasets."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from judgebench.config.checks import Declared
from judgebench.config.files import load_file
from judgebench.config.registry import SHIPPED, Registry
from judgebench.errors import ConfigError

FILE = Path("judges/_judge_model.py")
_SHIPPED_URL = "${JB_JUDGE_URL:-}"
"""The address by which the shipped block is known, wherever it stands."""


def with_own_judge(declared: Sequence[Declared], registry: Registry) -> list[Declared]:
    """Return shipped judges and datasets with the user's judge model in place of the shipped one.

    Raises:
        ConfigError: The user's file has no dict named ``judge_model``.
    """
    path = next((root / FILE for root in registry.roots if root != SHIPPED and (root / FILE).is_file()), None)
    if path is None:
        return list(declared)
    own = load_file(path).get("judge_model")
    if not isinstance(own, dict):
        raise ConfigError(f"{path} has no dict named 'judge_model'.", hint="Write: judge_model = dict(type=..., ...)")
    for one in declared:
        one.data = _replaced(one.data, own)
    return list(declared)


def _replaced(value: Any, own: dict[str, Any]) -> Any:
    if isinstance(value, list):
        return [_replaced(item, own) for item in value]
    if not isinstance(value, dict):
        return value
    if value.get("url") == _SHIPPED_URL:
        return {"abbr": value["abbr"], **own}
    return {key: _replaced(item, own) for key, item in value.items()}
