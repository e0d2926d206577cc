"""What batches and files of questions share: the id of a question, and the body that is sent for it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

import msgspec

from judgebench.content.attachments import with_media
from judgebench.engine import framing as wire
from judgebench.identity.questions import question_uuid
from judgebench.models.access import check_takes
from judgebench.models.contract import Dialect, ServiceConfig
from judgebench.records.flow import Failure, Reply, Request

STOPPED = Reply(status="failed", error=Failure(kind="cancelled", message="the run ended before the answer came"))
"""The reply to who asks for what will be answered later; nobody records it."""


def custom_id(request: Request, identity: dict[str, Any], scope: str) -> str:
    """Return the id of a question in a batch or a file: the same whenever it is asked, by whatever process.

    It is made of the question, the number of its repetition, and the place in the run that it is asked for: at most 64
    letters, digits and hyphens, which every provider takes.

    Args:
        request: The question.
        identity: What tells its model from others.
        scope: Which tested model and judge it is asked for.
    """
    place = hashlib.blake2b(f"{scope}/{request.place}".encode(), digest_size=4).hexdigest()
    return f"{question_uuid(request.prompt, request.params, identity, request.nth)}-{request.nth}-{place}"


def question_identity(config: ServiceConfig, model: str) -> dict[str, Any]:
    """Return what tells one model from another in the ids of questions."""
    return {"type": config.type, "model": model, "path": config.path}


def body_maker(config: ServiceConfig, dialect: Dialect, model: str) -> Callable[[Request], bytes]:
    """Return what makes the JSON body of a question: that of the ordinary call, never a stream."""
    whole = msgspec.structs.replace(config, stream=False)

    def body(request: Request) -> bytes:
        check_takes(whole, request.prompt, where="A question")
        return wire.encode(dialect.body(whole, with_media(request), model))

    return body
