"""A dialect of one's own: a service that takes ``{"prompt": ..., "limit": ...}`` and answers ``{"said": ...}``."""

from __future__ import annotations

from judgebench.models.contract import Dialect, ServiceConfig, StreamReader
from judgebench.records.flow import Failure, Reply


class GenerateConfig(ServiceConfig, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Keys of the service; ``mood`` is sent along."""

    mood: str = "plain"


class GenerateAPI(Dialect):
    """Translates requests and replies; the engine sends."""

    Config = GenerateConfig
    path = "api/generate"
    prompt_kind = "text"

    def body(self, config, request, model):
        return {"prompt": request.prompt, "limit": config.max_out_len, "mood": config.mood, "name": model}

    def stream_reader(self):
        return SaidReader()


class SaidReader(StreamReader):
    """Reads a reply, which is one JSON object."""

    def feed(self, event):
        self.reply = event
        return bool(event.get("said"))

    def finish(self, *, terminated):
        said = self.reply.get("said")
        if not said:
            return Reply(status="failed", error=Failure(kind="empty_reply", message="the service said nothing"))
        return Reply(status="ok", text=said, finish_reason="stop", served_model=str(self.reply.get("name", "")))
