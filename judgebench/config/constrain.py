"""``constrain`` of a judge: refused where it could have no effect, or would spoil what the judge reads."""

from __future__ import annotations

from typing import Any, get_args

from judgebench import plugins
from judgebench.config.checks import Declared
from judgebench.records.run import Constrain, Typed


def checked_constrain(given: Any, method: Typed | None, declared: Declared) -> Constrain:
    """Return the value, unless there is no such value, or the judge's replies cannot be held to a schema.

    Args:
        given: What the config, or an override, says.
        method: How the judge judges; ``None`` where a dataset is no benchmark of judges.
        declared: The judge, or the dataset.

    Raises:
        ConfigError: There is no such value, nothing to hold to a schema, or the judge reads log-probabilities.
    """
    constrain: Constrain | None = next((one for one in get_args(Constrain) if one == given), None)
    if constrain is None:
        raise declared.error("constrain", f"is {given!r}, but must be one of {', '.join(get_args(Constrain))}.")
    if constrain == "off":
        return constrain
    if method is None:
        raise declared.error(
            "constrain",
            "is for judges, and this dataset is no benchmark of judges.",
            hint="Write it into the judge, beside its method: judge_infer_cfg=dict(constrain=..., method=...).",
        )
    judge = plugins.make(method.type, method.options, "judges", where=declared.place("method"))
    if judge.needs_logprobs:
        raise declared.error(
            "constrain",
            f"is {constrain!r}, but the judge reads log-probabilities, which a schema would change.",
            hint="Leave one of them out.",
        )
    if not judge.offers_schema:
        raise declared.error(
            "constrain",
            f"is {constrain!r}, but no parser of this judge reads JSON, so there is no schema to hold its replies to.",
            hint="Take a judge whose parser is json_field, such as ReferenceVerifier with style='json', "
            "or leave constrain out.",
        )
    return constrain
