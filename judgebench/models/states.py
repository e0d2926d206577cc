"""Services that return hidden states of a model, or embeddings, instead of words.

Both are asked at ``v1/embeddings`` of the OpenAI protocol. A service of states (``states_server.py``) takes the further
key ``represent`` (``records/represent.py``) and says in its reply what the states are; any other service is asked for
its one embedding. A reply has no text: its vector is a part of type ``array``, and what is known of it stands in
``extra``.
"""

from __future__ import annotations

import base64
import binascii
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import msgspec

from judgebench.content.prompts import fit
from judgebench.content.vectors import NotFiniteError, array_part
from judgebench.models.contract import OWN_PARAMETERS, Dialect, ServiceConfig, StreamReader, parameters_of
from judgebench.models.service_errors import excerpt, failure_inside
from judgebench.records.flow import Failure, Reply, Request, Usage
from judgebench.records.represent import Represent, StatesFacts

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_UNSENT = OWN_PARAMETERS | {"max_tokens", "max_completion_tokens", "represent"}
"""Parameters that an embedding has no use for."""


class EmbeddingService(Dialect):
    """Any service with ``v1/embeddings``: one vector a text, of the last layer, pooled as the service does it."""

    Config: ClassVar[type[ServiceConfig]] = ServiceConfig
    path: ClassVar[str] = "v1/embeddings"
    prompt_kind: ClassVar[Literal["chat", "text"]] = "text"
    parameters: ClassVar[frozenset[str]] = OWN_PARAMETERS | {"dimensions", "encoding_format", "user", "represent"}
    chooses_states: ClassVar[bool] = False
    """Whether layer, pooling and span can be chosen."""

    def body(self, config: ServiceConfig, request: Request, model: str) -> dict[str, Any]:
        """Return the JSON body; a limit of tokens is not sent, as nothing is written."""
        params = {name: value for name, value in parameters_of(config, request).items() if name not in _UNSENT}
        return {"model": model, "input": fit(request.prompt, "text"), "encoding_format": "base64", **params}

    def read(self, payload: Any) -> Reply:
        """Read a reply; a vector that cannot be read, or is not finite, is a failure and never a guess."""
        if not isinstance(payload, dict):
            return _failed("bad_reply", f"The reply is JSON but not an object: {excerpt(str(payload))}")
        if (inside := failure_inside(payload)) is not None:
            return Reply(status="failed", error=inside)
        try:
            entry = payload["data"][0]
            array = _vector(entry["embedding"], entry.get("shape"))
        except (KeyError, IndexError, TypeError, ValueError, AttributeError, binascii.Error) as error:
            return _failed("bad_reply", f"The reply holds no vector that can be read: {excerpt(str(error))}")
        try:
            part, media = array_part(array)
        except NotFiniteError as error:
            return _failed("local", f"{str(error).capitalize()}: computed in a type that is too small for this model?")
        named = payload.get("model")
        facts = self._facts(payload, named if isinstance(named, str) else "")
        return Reply(
            status="ok",
            finish_reason="stop",
            parts=[part],
            media=media,
            served_model=facts.model,
            usage=_usage(payload.get("usage")),
            extra={"represent": msgspec.to_builtins(facts)},
        )

    def _facts(self, payload: dict[str, Any], model: str) -> StatesFacts:  # noqa: ARG002 - a service of states says more
        return StatesFacts(model=model)

    def stream_reader(self) -> StreamReader:
        """Return a reader that refuses: vectors are not streamed."""
        return _NoStream()


class StatesService(EmbeddingService):
    """A service that returns chosen hidden states, such as those that ``jb`` launches (``LlamaCppStates``)."""

    chooses_states: ClassVar[bool] = True

    def body(self, config: ServiceConfig, request: Request, model: str) -> dict[str, Any]:
        """Return the JSON body with what is wanted; a question that does not say so wants the last token's state."""
        given = request.params.get("represent")
        wanted = msgspec.convert(given, Represent) if given is not None else Represent()
        return {**super().body(config, request, model), "represent": msgspec.to_builtins(wanted)}

    def _facts(self, payload: dict[str, Any], model: str) -> StatesFacts:
        try:
            said = msgspec.convert(payload.get("represent"), StatesFacts)
        except msgspec.ValidationError:
            return StatesFacts(model=model)  # a service that does not say what it returns is one of embeddings
        return said if said.model else msgspec.structs.replace(said, model=model)


class _NoStream(StreamReader):
    def feed(self, event: Any) -> bool:  # noqa: ARG002 - part of StreamReader
        return False

    def finish(self, *, terminated: bool) -> Reply:  # noqa: ARG002 - part of StreamReader
        return _failed("bad_reply", "The service streams, and vectors come whole: leave stream out of the config")


def _failed(kind: str, message: str) -> Reply:
    return Reply(status="failed", error=Failure(kind=kind, message=message))


def _vector(given: Any, shape: Any) -> NDArray[np.float32]:
    """Return the numbers of an embedding, as base64 of little-endian float32 or as a list.

    Raises:
        ValueError, TypeError, binascii.Error: They are neither, or not of that shape.
    """
    import numpy as np

    if isinstance(given, str):
        flat = np.frombuffer(base64.b64decode(given, validate=True), dtype="<f4")
    else:
        flat = np.asarray(given, dtype=np.float64).astype(np.float32)  # a null becomes NaN
    if not flat.size:
        raise ValueError("the vector is empty")
    return flat.reshape(shape) if shape is not None else flat.reshape(1, 1, -1)


def _usage(given: Any) -> Usage | None:
    count = given.get("prompt_tokens") if isinstance(given, dict) else None
    return Usage(prompt_tokens=count) if isinstance(count, int) and count >= 0 else None
