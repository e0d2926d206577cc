"""A dialect of one's own: a service that takes ``{"prompt": ..., "limit": ...}`` and answers ``{"said": ...}``."""

from __future__ import annotations

from judgebench.models.contract import Dialect, ServiceConfig
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

    def read(self, payload):
        said = payload.get("said") if isinstance(payload, dict) else None
        if not said:
            return Reply(status="failed", error=Failure(kind="empty_reply", message="the service said nothing"))
        return Reply(status="ok", text=said, finish_reason="stop", served_model=str(payload.get("name", "")))

    def stream_reader(self):
        raise NotImplementedError("this service does not stream")
