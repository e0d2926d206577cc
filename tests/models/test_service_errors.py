"""What error replies of services mean."""

from __future__ import annotations

from typing import Any

import pytest

from judgebench.engine.endpoint import gone
from judgebench.engine.faults import Fault
from judgebench.models.access import model_config
from judgebench.models.contract import ServiceConfig
from judgebench.models.service_errors import EXCERPT, failure_inside, failure_of_status
from judgebench.records.flow import Failure


@pytest.mark.parametrize(
    ("status", "payload", "kind"),
    [
        (400, {"error": {"message": "unknown parameter"}}, "bad_request"),
        (400, {"error": {"message": "x", "code": "context_length_exceeded"}}, "context_length"),
        (400, {"object": "error", "message": "This model's maximum context length is 4096 tokens."}, "context_length"),
        (400, {"error": {"message": "x", "type": "exceed_context_size_error"}}, "context_length"),
        (400, {"error": {"message": "x", "code": "content_policy_violation"}}, "content_filter"),
        (401, None, "auth"),
        (402, None, "quota"),
        (403, None, "auth"),
        (404, {"detail": "Not Found"}, "not_found"),
        (408, None, "timeout"),
        (413, None, "bad_request"),
        (422, {"detail": [{"loc": ["body"], "msg": "field required"}]}, "bad_request"),
        (425, None, "server"),
        (429, {"error": {"message": "slow down", "code": "rate_limit_exceeded"}}, "rate_limit"),
        (429, {"error": {"message": "pay", "code": "insufficient_quota"}}, "quota"),
        (500, None, "server"),
        (501, None, "bad_request"),
        (503, None, "server"),
        (529, None, "server"),
    ],
)
def test_kinds(status: int, payload: Any, kind: str) -> None:
    failure = failure_of_status(status, payload, "<html>the body</html>")
    assert (failure.kind, failure.http_status) == (kind, status)
    assert str(status) in failure.message


def test_the_service_speaks_for_itself_in_one_short_line() -> None:
    assert failure_of_status(500, {"error": {"message": "out\nof\tmemory"}}).message == "HTTP 500: out of memory"
    assert failure_of_status(502, None, "<html>\n bad gateway").message == "HTTP 502: <html> bad gateway"
    long = failure_of_status(500, None, "x" * 10_000).message
    assert len(long) < EXCERPT + 20


@pytest.mark.parametrize("code", ["9" * 5000, "4000", "٤٠٠", "0429", [429], 10**400, 4.29e2, True, None])
def test_a_code_that_is_no_http_status_is_none(code: Any) -> None:
    failure = failure_inside({"error": {"code": code, "message": "x"}})
    assert failure is not None
    assert (failure.kind, failure.http_status) == ("server", None)


def test_an_answer_carries_no_error() -> None:
    assert failure_inside({"choices": [], "error": None}) is None
    assert failure_inside([1]) is None


@pytest.mark.parametrize(("model", "named"), [("m", True), ("", False)])
def test_a_model_that_is_not_served_is_mended_by_what_is_not_so_already(model: str, named: bool) -> None:
    config = model_config({"type": "judgebench.models.openai.VLLMCustomAPIChat", "abbr": "x", "model": model})
    assert isinstance(config, ServiceConfig)
    fault = Fault(Failure(kind="not_found", message="no such model"), "never")
    hint = gone(config, "http://127.0.0.1:1/v1", model, fault).hint
    assert "--override '*.x.model=NAME'" in hint
    assert ("empty takes the first that it lists" in hint) is named
