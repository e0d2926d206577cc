"""One factory for every ``dict(type=..., ...)``, and one wording of what is wrong with its keys."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from judgebench.datasets.samples import loader_of
from judgebench.errors import ConfigError
from judgebench.judges.aggregations import aggregation_of
from judgebench.judges.core.contract import extractor_of, method_of
from judgebench.judges.parsers.reading import parser_of
from judgebench.judges.wrappers.perturbed import perturbation_of
from judgebench.metrics.scores.score import score_of
from judgebench.models.access import model_config
from judgebench.models.postprocess import postprocessor
from judgebench.records.run import DatasetConfig, Typed

Make = Callable[[Mapping[str, Any]], Any]


def typed(spec: Mapping[str, Any]) -> Typed:
    return Typed(type=spec["type"], options={key: value for key, value in spec.items() if key != "type"})


MADE: dict[str, tuple[Make, dict[str, Any], str, str]] = {
    "model": (model_config, {"type": "OpenAIChat", "abbr": "m"}, "models.m", "batch_size"),
    "dataset": (
        lambda spec: loader_of(DatasetConfig(abbr="d", loader=typed(spec))),
        {"type": "JsonlDataset", "path": "x", "input_columns": []},
        "datasets.d.loader",
        "output_column",
    ),
    "judge method": (lambda spec: method_of(typed(spec)), {"type": "ReferenceVerifier"}, "method", "style"),
    "rule": (
        lambda spec: method_of(typed(spec), where="evaluator"), {"type": "NumberEqual"}, "evaluator", "tolerance"
    ),
    "verdict parser": (parser_of, {"type": "anchored", "words": {"YES": "correct"}}, "parser", "decisions"),
    "aggregation": (aggregation_of, {"type": "majority", "unread": "drop"}, "aggregate", "tie_break"),
    "answer rule": (lambda spec: extractor_of(typed(spec)), {"type": "LastNumber"}, "extractor", "markers"),
    "perturbation": (lambda spec: perturbation_of(spec, where="p"), {"type": "verbosity"}, "p", "words"),
    "score": (lambda spec: score_of(typed(spec)), {"type": "VerifierScore"}, "score", "headline"),
}  # fmt: skip


@pytest.mark.parametrize("kind", MADE)
def test_an_unknown_key_is_named_with_its_path_and_the_nearest_known_one(kind: str) -> None:
    make, spec, where, key = MADE[kind]
    with pytest.raises(ConfigError) as caught:
        make({**spec, f"{key}s": 1})
    assert caught.value.message == f"{where}.{key}s is not a known key."
    assert f"Did you mean '{key}'" in caught.value.hint
    assert "Known keys: " in caught.value.hint


@pytest.mark.parametrize("kind", MADE)
def test_a_wrong_type_is_named_with_what_was_expected(kind: str) -> None:
    make, spec, where, key = MADE[kind]
    with pytest.raises(ConfigError) as caught:
        make({**spec, key: {"a": []}})
    assert caught.value.message.startswith(f"{where}.{key}")
    assert "xpected `" in caught.value.message or "nvalid" in caught.value.message


@pytest.mark.parametrize("kind", MADE)
def test_an_unknown_type_is_named_with_its_kind(kind: str) -> None:
    make, spec, _, _ = MADE[kind]
    with pytest.raises(ConfigError, match=r"there is no [a-z ]+ 'NoSuchThing'\.") as caught:
        make({**spec, "type": "NoSuchThing"})
    assert caught.value.hint


@pytest.mark.parametrize("kind", MADE)
def test_a_dotted_path_that_cannot_be_imported_names_what_is_missing(kind: str) -> None:
    make, spec, _, _ = MADE[kind]
    with pytest.raises(ConfigError, match="cannot be imported: there is no module 'no_such_package'"):
        make({**spec, "type": "no_such_package.mine.Thing"})


def test_a_key_deep_inside_is_found() -> None:
    options = {
        "presentations": [{"prompt": "{answer}"}, {"name": "b", "prompt": "{answer}", "wieght": 2}],
        "parser": "trailing_int",
        "aggregate": {"type": "first", "unread": "unparsed"},
    }
    with pytest.raises(ConfigError) as caught:
        method_of(Typed(type="DeclaredJudge", options=options))
    assert caught.value.message == "method.presentations.1.wieght is not a known key."
    assert "'weight'" in caught.value.hint


def test_a_key_that_is_missing_is_named() -> None:
    with pytest.raises(ConfigError, match=r"^aggregate lacks the key 'unread'\."):
        aggregation_of({"type": "majority"})


def test_a_parameter_that_a_function_does_not_take_is_named() -> None:
    with pytest.raises(ConfigError) as caught:
        postprocessor({"type": "before_any", "markrs": ["x"]}, where="models.m.pred_postprocessor")
    assert caught.value.message == "models.m.pred_postprocessor.markrs is no parameter of before_any."
    assert "Did you mean 'markers'" in caught.value.hint
