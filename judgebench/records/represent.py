"""What is asked of a model whose hidden states are wanted instead of its words, and what its reply says of them."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

Pool = Literal["last", "mean", "min", "max", "service"]
Span = Literal["item", "text", "all", "service"]

LAST_LAYER = -1
"""The layer behind which the model's final norm has been applied: what services of embeddings return."""


class Represent(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The parameter ``represent`` of a question: which hidden states of a text are wanted, and pooled how.

    It is a parameter like any other: it is part of the question's hash, so a recorded vector is found again only by who
    asks for the same one.

    Attributes:
        layers: Numbers of layers that the text has passed, from 1; -1 is the last, with the model's final norm.
        pools: How the states of the tokens become one vector: that of the last token, or mean, least or greatest value
            in each dimension; ``service`` is whatever a service of embeddings does.
        span: Which tokens are pooled: ``item`` those from ``item_from`` on, ``text`` all but those that the tokenizer
            adds at the ends (BOS), ``all`` those too, as in published probes; ``service`` as above.
        item_from: Number of characters in front of the item: an instruction, which is read and not pooled. Both parts
            are split into tokens on their own.
    """

    layers: list[int] = msgspec.field(default_factory=lambda: [LAST_LAYER])
    pools: list[Pool] = msgspec.field(default_factory=lambda: ["last"])
    span: Span = "text"
    item_from: int = 0


class StatesFacts(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a service says of the states that it returns; ``Reply.extra["represent"]``.

    Attributes:
        model: Name of the model.
        layers: As asked. ``pools``, ``span``: likewise.
        source: What computed them: ``llama.cpp``, ``transformers``; empty for any other service.
        weights: Hash by which the weights are known again; empty where the service does not say.
        norm: ``rms`` where each token's state is divided by its root mean square, ``none`` where it is as it was.
        dtype: Of the computation.
        pooled_tokens: How many tokens were pooled.
    """

    model: str = ""
    layers: list[int] = msgspec.field(default_factory=lambda: [LAST_LAYER])
    pools: list[str] = msgspec.field(default_factory=lambda: ["service"])
    span: str = "service"
    source: str = ""
    weights: str = ""
    norm: str = ""
    dtype: str = ""
    pooled_tokens: int = 0


def represent_params(wanted: Represent) -> dict[str, Any]:
    """Return the parameters of a question that asks for states."""
    return {"represent": msgspec.to_builtins(wanted)}
