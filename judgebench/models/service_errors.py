"""What the error replies of services mean: one stable kind and one sentence.

Works on the HTTP status and on the service's error object, wherever it stands: in the body of an error status, in a
body with status 200, or in an event of a stream.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from judgebench.records.flow import Failure

EXCERPT = 300
"""Most characters of a service's own words in a failure."""

_CONTEXT = re.compile(
    r"context[ _](?:length|size|window)|maximum (?:context|model) length|max_model_len|too many tokens"
    r"|(?:prompt|input|request) is too long|exceeds? the (?:available )?(?:context|maximum)",
    re.IGNORECASE,
)
_FILTER = re.compile(r"content_(?:filter|policy)|data_inspection_failed|ResponsibleAI", re.IGNORECASE)
_MONEY = re.compile(
    r"insufficient_quota|credit balance is too low|insufficient[ _](?:balance|credits|funds)"
    r"|billing_(?:hard_limit|not_active|error)|payment required|out of credits",
    re.IGNORECASE,
)
_ACCOUNT = re.compile(r"account_deactivated|api[_ ]key (?:not valid|invalid)|invalid api[_ ]key", re.IGNORECASE)
_STATUS = re.compile(r"[0-9]{3}")
_STATUS_OF_CODE = {
    "rate_limit_exceeded": 429,
    "rate_limit_error": 429,
    "server_error": 500,
    "internal_server_error": 500,
    "InternalServerError": 500,
    "overloaded_error": 529,
    "api_error": 500,
    "timeout_error": 504,
    "not_found_error": 404,
    "request_too_large": 413,
    "billing_error": 402,
    "UNAVAILABLE": 503,
    "RESOURCE_EXHAUSTED": 429,
    "INTERNAL": 500,
    "DEADLINE_EXCEEDED": 504,
    "UNAUTHENTICATED": 401,
    "PERMISSION_DENIED": 403,
    "NOT_FOUND": 404,
    "INVALID_ARGUMENT": 400,
    "FAILED_PRECONDITION": 400,
    "service_unavailable": 503,
    "model_not_found": 404,
    "NotFoundError": 404,
    "invalid_api_key": 401,
    "authentication_error": 401,
    "permission_error": 403,
    "BadRequestError": 400,
    "invalid_request_error": 400,
}
_KINDS = {
    401: "auth",
    402: "quota",
    403: "auth",
    404: "not_found",
    407: "auth",
    408: "timeout",
    409: "server",
    425: "server",
    429: "rate_limit",
    501: "bad_request",
    505: "bad_request",
}


def failure_of_status(status: int, payload: Any, text: str = "") -> Failure:
    """Return the failure that an HTTP error status means.

    Args:
        status: The HTTP status.
        payload: The decoded body; ``None`` where it is no JSON.
        text: The start of the body, shown where the body holds no error object.
    """
    error = error_object(payload)
    said = _words(error) if error else excerpt(text)
    return Failure(kind=_kind(status, error, said), message=_sentence(f"HTTP {status}", said), http_status=status)


def failure_inside(payload: Any) -> Failure | None:
    """Return the failure that a payload with status 200 carries, or ``None`` where it carries none."""
    error = error_object(payload)
    if error is None:
        return None
    said = _words(error)
    status = _status(error)
    kind = _kind(status, error, said) if status else "server"
    return Failure(kind=kind, message=_sentence("The service reported an error", said), http_status=status or None)


def error_object(payload: Any) -> dict[str, Any] | None:
    """Return the error that a decoded body describes: ``{"error": …}``, or an object that says it is one."""
    if not isinstance(payload, dict):
        return None
    error = payload.get("error")
    if isinstance(error, dict):
        return error
    if isinstance(error, str) and error:
        return {"message": error, "type": payload.get("error_type", "")}
    if payload.get("object") == "error" or (payload.get("detail") and "choices" not in payload):
        return {"message": payload.get("message") or payload.get("detail"), **payload}
    return None


def excerpt(text: str) -> str:
    """Return the start of a text on one line."""
    line = " ".join(text[: EXCERPT * 4].split())
    return line if len(line) <= EXCERPT else line[: EXCERPT - 1] + "…"


def _words(error: Mapping[str, Any]) -> str:
    message = error.get("message") or error.get("code") or error.get("type") or "no message"
    return excerpt(message if isinstance(message, str) else str(message))


def _sentence(what: str, said: str) -> str:
    return f"{what}: {said}" if said else what


def _status(error: Mapping[str, Any]) -> int:
    for key in ("code", "status", "status_code", "type"):
        value = error.get(key)
        if isinstance(value, str):
            value = int(value) if _STATUS.fullmatch(value) else _STATUS_OF_CODE.get(value, 0)
        if isinstance(value, int) and not isinstance(value, bool) and 400 <= value < 600:
            return value
    return 0


def _kind(status: int, error: Mapping[str, Any] | None, said: str) -> str:
    marks = " ".join(str((error or {}).get(key, "")) for key in ("code", "type")) + " " + said
    if status in {400, 413, 422, 500} and _CONTEXT.search(marks):
        return "context_length"
    if 400 <= status < 500 and _FILTER.search(marks):
        return "content_filter"
    if 400 <= status < 500 and _MONEY.search(marks):
        return "quota"
    if status in {400, 429} and _ACCOUNT.search(marks):
        return "auth"
    if status in _KINDS:
        return _KINDS[status]
    return "server" if status >= 500 else "bad_request"
