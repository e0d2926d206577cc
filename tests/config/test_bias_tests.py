"""``bias_tests`` puts the method of a benchmark of judges into a bias test, and refuses everything else."""

from __future__ import annotations

from typing import Any

import pytest

from judgebench.config.checks import Declared, Untyped
from judgebench.config.dataset import take_bias_tests
from judgebench.errors import ConfigError

METHOD = {"type": "ReferenceVerifier", "style": "word"}


def taken(asked: Any, **data: Any) -> dict[str, Any]:
    declared = Declared("datasets", {"abbr": "d", "method": METHOD, **data, "bias_tests": asked}, "d.py")
    take_bias_tests(declared)
    return declared.data


@pytest.mark.parametrize(
    ("asked", "names"),
    [
        ("all", []),
        (True, []),
        (["all"], []),
        (Untyped("all"), []),
        (Untyped("True"), []),
        (Untyped("position, bandwagon"), ["position", "bandwagon"]),
        (Untyped("[position,bandwagon]"), ["position", "bandwagon"]),
        (Untyped("['position', {'type': 'verbosity', 'words': 9}]"), ["position", {"type": "verbosity", "words": 9}]),
        ("bandwagon", ["bandwagon"]),
        (["bandwagon"], ["bandwagon"]),
    ],
)
def test_the_method_stands_inside_as_it_was(asked: Any, names: list[Any]) -> None:
    found = taken(asked, score={"type": "VerifierScore"})
    assert found == {
        "abbr": "d",
        "method": {"type": "BiasTest", "judge": METHOD, "perturbations": names},
        "score": {"type": "BiasScore"},
    }


@pytest.mark.parametrize("asked", [None, False, Untyped("False"), Untyped("none")])
def test_switched_off_it_changes_nothing(asked: Any) -> None:
    assert taken(asked, score={"type": "VerifierScore"}) == {
        "abbr": "d",
        "method": METHOD,
        "score": {"type": "VerifierScore"},
    }


@pytest.mark.parametrize("asked", [3, [3], {"type": "verbosity"}, Untyped("3")])
def test_anything_else_is_refused(asked: Any) -> None:
    with pytest.raises(ConfigError, match=r"d\.py: datasets\.d\.bias_tests must be 'all' or a list"):
        taken(asked)


def test_a_data_set_without_answers_of_its_own_has_none() -> None:
    with pytest.raises(ConfigError, match="belongs to benchmarks of judges") as caught:
        taken("all", method=None)
    assert "BiasTest" in (caught.value.hint or "")
