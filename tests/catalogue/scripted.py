"""A local model that judges as a simulated judge does, in the form of one benchmark's parser."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from hashlib import sha256
from typing import Any, ClassVar, Literal

from judgebench.content.attachments import with_media
from judgebench.models.contract import Client, ModelConfig
from judgebench.records.flow import Prompt, Reply, Request
from tests.catalogue.files import PICTURES, PIXEL, shown_in
from tests.catalogue.judging import datasets, judge_of


class ScriptedConfig(ModelConfig, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Keys of the model.

    Attributes:
        config: Name of a config of datasets.
        dataset: Abbr of one of them.
        extreme: What the judge always does.
    """

    config: str
    dataset: str
    extreme: str = "right"


class ScriptedModel:
    """Reads the prompt that it is sent, and nothing else."""

    Config: ClassVar[type[ModelConfig]] = ScriptedConfig
    free = True
    prompt_kind: ClassVar[Literal["chat", "text"]] = "chat"
    takes: ClassVar[frozenset[str]] = frozenset({"image"})

    @asynccontextmanager
    async def open(self, config: Any) -> AsyncIterator[Client]:
        """Give a client that answers in the form of the benchmark."""
        data = datasets(config.config)[config.dataset]
        yield _Scripted(judge_of(data, config.extreme))


class _Scripted:
    def __init__(self, judge: Callable[[Prompt, int], Reply]) -> None:
        self.model = "scripted"
        self._judge = judge

    async def ask(self, request: Request) -> Reply:
        """Return what the judge says."""
        seen = with_media(request).media
        PICTURES.update({name: shown_in(data) for name, data in seen.items() if data != PIXEL})
        return self._judge(request.prompt, 0)


class OneReplyConfig(ModelConfig, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Keys that the shipped block of the judges' service has, in whose place it stands."""

    stream: bool = False
    request_rate: float = 0
    use_timestamp: bool = False
    retry: int = 0
    api_key: str = ""
    host_ip: str = ""
    host_port: int = 1
    url: str = ""
    trust_remote_code: bool = False


class OneReplyModel:
    """Says one and the same to everything, which suits every dataset for models and every judge of them."""

    Config: ClassVar[type[ModelConfig]] = OneReplyConfig
    free = True
    prompt_kind: ClassVar[Literal["chat", "text"]] = "chat"
    takes: ClassVar[frozenset[str]] = frozenset({"image"})

    @asynccontextmanager
    async def open(self, config: Any) -> AsyncIterator[Client]:
        """Give the client."""
        yield _OneReply()


class _OneReply:
    model = "one-reply"

    async def ask(self, request: Request) -> Reply:
        """Return a criterion's verdict, a JSON verdict, a picture, or an answer with a letter, a box and a verdict."""
        asked = str(request.prompt)
        if "Edit the picture" in asked:
            name = sha256(PIXEL).hexdigest()
            image = {"type": "image", "sha256": name, "media_type": "image/png"}
            return Reply(status="ok", parts=[image], media={name: PIXEL}, finish_reason="stop")
        text = "Answer: A\nSo $\\boxed{1}$.\nThe answer is (A)\nVERDICT: A"
        if "extracted_answer" in asked:
            text = '{"correct": "yes", "confidence": 70}'
        elif "criteria_met" in asked:
            text = '{"criteria_met": true}'
        elif '"score": [' in asked:
            text = '{"score": [7, 8]}'
        elif "VERDICT: CORRECT" in asked:
            text = "VERDICT: CORRECT"
        elif "VERDICT: A" in asked:
            text = "VERDICT: A"
        return Reply(status="ok", text=text, finish_reason="stop")
