"""A built-in launcher and a model type, found by dotted path."""

from __future__ import annotations

import sys
from pathlib import Path

from judgebench.models.openai import VLLMCustomAPIChat


class Model(VLLMCustomAPIChat):
    """A service of the usual protocol."""


class Launcher:
    def command(self, *, host: str, port: int, options: dict[str, object], model_path: str) -> list[str]:
        assert host == "127.0.0.1"
        assert model_path == "weights.gguf"
        return [sys.executable, "-S", str(Path(__file__).with_name("service.py")), str(port), str(options["how"])]

    def notice(self) -> str:
        return "Licence: be kind."
