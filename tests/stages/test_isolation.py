"""What a plug-in raises about one item: the reason, the log, and what is no matter of one item."""

from __future__ import annotations

import logging

import pytest

from judgebench.errors import EndpointError
from judgebench.stages.isolation import Isolation


def fail(error: Exception) -> None:
    raise error


def raised(isolation: Isolation, error: Exception) -> str:
    try:
        fail(error)
    except (ValueError, EndpointError, MemoryError) as caught:
        return isolation.reason(caught, about="The method on item 1")
    raise AssertionError


def test_three_tracebacks_are_enough_to_see_what_is_wrong(caplog: pytest.LogCaptureFixture) -> None:
    isolation = Isolation()
    assert isolation.first == ""
    reasons = [f"ValueError: odd {at}" for at in range(5)]
    assert [raised(isolation, ValueError(f"odd {at}")) for at in range(5)] == reasons
    assert isolation.first == "ValueError: odd 0"
    logged = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert [record.getMessage() for record in logged] == [
        f"The method on item 1 raised {reason}; the item counts as failed" for reason in reasons
    ]
    assert [bool(record.exc_info) for record in logged] == [True, True, True, False, False]


@pytest.mark.parametrize("error", [EndpointError("The service is gone."), MemoryError()], ids=["endpoint", "memory"])
def test_what_says_something_of_the_whole_task_is_no_items_failure(error: Exception) -> None:
    isolation = Isolation()
    with pytest.raises(type(error)):
        raised(isolation, error)
    assert isolation.first == ""
