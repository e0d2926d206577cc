"""``bias_tests=...`` of a benchmark of judges: the same benchmark as a test of the judge's biases."""

from __future__ import annotations

from typing import Any

from judgebench.config.check import literal
from judgebench.config.place import Declared

KEY = "bias_tests"
EVERY = "all"


def take_bias_tests(dataset: Declared) -> None:
    """Put the method of a data set that has the key into a ``BiasTest`` and score it by ``BiasScore``.

    What the benchmark asks stays as it is: of a run whose plain judging is finished only the rest is asked.

    Args:
        dataset: A benchmark of judges; ``bias_tests`` is ``"all"``, a list of perturbations, or their names in a text.

    Raises:
        ConfigError: It is no benchmark of judges, or the key holds something else.
    """
    if KEY not in dataset.data:
        return
    asked: Any = dataset.data.pop(KEY)
    if isinstance(asked, str):
        meant = literal(str(asked))
        asked = meant if not isinstance(meant, str) else [one.strip(" []'\"") for one in meant.split(",")]
    if asked is None or asked is False:
        return
    asked = [] if asked is True or asked == [EVERY] else asked
    if not isinstance(asked, list) or not all(isinstance(one, str | dict) for one in asked):
        raise dataset.error(KEY, "must be 'all' or a list of perturbations.", hint="Write: bias_tests=['bandwagon']")
    method = dataset.data.get("method")
    if method is None:
        raise dataset.error(
            KEY,
            "belongs to benchmarks of judges, whose items bring their answers along.",
            hint="For a judge of --judges write method=dict(type=BiasTest, judge=...) and score=dict(type=BiasScore).",
        )
    dataset.data["method"] = {"type": "BiasTest", "judge": method, "perturbations": asked}
    dataset.data["score"] = {"type": "BiasScore"}
