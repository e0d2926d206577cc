"""What a model type is, for the engine that sends requests and for the config that declares it.

Two kinds:

- a **service dialect** (a subclass of ``Dialect``) only translates: it says to which path which JSON body goes and
  reads the reply. The engine does the HTTP (``judgebench.engine.http``);
- a **local model** answers by itself: ``open`` gives a ``Client``.

A model type is a class with a ``Config`` struct; ``type=`` in a config names the class by its dotted path. One that
rests on optional packages says so in ``needs = (extra, packages)``, which the preflight checks.
"""

from __future__ import annotations

import abc
from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from typing import Annotated, Any, ClassVar, Literal, Protocol
from urllib.parse import quote

import msgspec

from judgebench.models.service_errors import excerpt, failure_of_status
from judgebench.records.flow import Failure, Reply, Request
from judgebench.records.prices import Price
from judgebench.records.run import Resources


class LaunchConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A service that ``jb`` starts for the run and stops at its end.

    Attributes:
        type: Built-in launcher (dotted path of a class with ``command(host, port, options, model_path)``);
            excludes ``command``.
        command: Program and arguments; ``{port}`` and ``{host}`` are filled in.
        options: Keyword arguments of the built-in launcher.
        health: Path that answers 200 once the service can work.
        time_limit: Seconds until it must be healthy.
        port: Fixed port; 0 takes a free one.
        env: Further environment variables.
        replicas: How many of it to start; they share the requests of the model.
        resources: What it needs where the executor makes it a job of its own; elsewhere without effect.
    """

    type: str = ""
    command: list[str] = []
    options: dict[str, Any] = {}
    health: str = "/health"
    time_limit: float = 300.0
    port: int = 0
    env: dict[str, str] = {}
    replicas: Annotated[int, msgspec.Meta(ge=1, le=256)] = 1
    resources: Resources = Resources()


class Timeouts(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Time limits of one request, in seconds; 0 means none.

    Attributes:
        connect: Until the connection is open.
        first_byte: From sending to the first byte of the reply (long, because models think).
        between_bytes: Between two pieces of the reply.
        total: The whole try.
    """

    connect: float = 10.0
    first_byte: float = 600.0
    between_bytes: float = 120.0
    total: float = 1800.0


class BatchConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How a service is asked in batches, at half the price: ``batch=dict()`` takes the values below.

    Attributes:
        size: Most questions of one batch.
        in_flight: Most questions that are waited for at a time; each keeps its prompt in memory.
        wait: Seconds without a new question after which a batch that is not full is sent.
        poll: Seconds between two looks at a batch.
        give_up: Seconds after which a batch is cancelled that has not ended; what it has answered is kept.
        stay: Seconds without a new answer after which ``jb`` leaves the batches alone and exits with code 8; ``None``
            stays to the end, but looks only once at batches of an earlier invocation.
    """

    size: Annotated[int, msgspec.Meta(ge=1, le=50_000)] = 5000
    in_flight: Annotated[int, msgspec.Meta(ge=1)] = 50_000
    wait: Annotated[float, msgspec.Meta(ge=0)] = 10.0
    poll: Annotated[float, msgspec.Meta(gt=0)] = 30.0
    give_up: Annotated[float, msgspec.Meta(gt=0)] = 90_000.0
    stay: Annotated[float, msgspec.Meta(ge=0)] | None = None


class ModelConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Keys that every model has.

    Attributes:
        type: Dotted path of the model type.
        abbr: Short unique name: folder and column name.
        attr: ``service`` or ``local`` (AISBench's key; derived from ``type`` when left out).
        path: Local path of the model or its tokenizer, if the type needs one.
        model: Name on the service; empty asks ``/v1/models`` and takes the first.
        max_out_len: Maximum number of tokens of one answer.
        batch_size: Maximum number of requests in flight.
        generation_kwargs: Sampling parameters, sent unchanged; only ``num_return_sequences`` is for jb and is not sent.
            One that is ``None`` is not sent either, so an overriding config takes it out.
        pred_postprocessor: ``dict(type=function)`` applied to the answer text.
        launch: A service to start for the run.
        weights: What tells the weights behind an unchanged name from others, such as a hash or a date. jb fills it in
            where it launches a file with a known hash, or an adapter; ``--reuse`` then mixes no answers of two of them.
        price: What its tokens cost; left out, the optional package ``genai-prices`` is looked into.
    """

    type: str
    abbr: str
    attr: Literal["service", "local", ""] = ""
    path: str = ""
    model: str = ""
    max_out_len: int = 4096
    batch_size: int = 1
    generation_kwargs: dict[str, Any] = {}
    pred_postprocessor: dict[str, Any] | None = None
    launch: LaunchConfig | None = None
    weights: str = ""
    price: Price | None = None


class ServiceConfig(ModelConfig, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Keys of a service that is asked over HTTP (the documented ``judge_model`` block, and ours).

    Attributes:
        stream: Read the reply as server-sent events.
        request_rate: Requests per second to start; below 0.1 sends as fast as ``batch_size`` allows.
        burstiness: Shape of the gaps at a given rate: 0 even gaps, 1 Poisson.
        use_timestamp: Start each request at its sample's ``timestamp`` (milliseconds from the first).
        retry: Number of repeats after the first try; 0 asks once.
        backoff: Longest first wait before a repeat, in seconds; it doubles with each repeat.
        patience: Seconds that a task waits for a service that has stopped answering, before it gives up.
        api_key: Sent in the header that the protocol names, most often as a bearer token; ``${NAME}`` takes it from the
            environment. Never written to disk.
        headers: Further HTTP headers; values may be ``${NAME}``.
        host_ip: Host name or address; IPv6 with or without brackets.
        host_port: Port.
        url: Base address, with or without its version (``/v1``, ``/api/v3``, ``/v1beta/openai``), or the whole address
            of the call; a query (``?api-version=...``) is kept. Replaces host and port. A list names replicas of one
            model, which share its requests: each goes to the least busy, and one that fails is left out for a while.
        enable_ssl: ``https`` with host and port.
        trust_remote_code: For local tokenizers; services ignore it.
        timeouts: Time limits of one request.
        senders: Processes that send and receive, at most 64; 0 chooses by ``batch_size`` (one process up to 2047).
        adaptive: Adapt the number of requests in flight to the load that the service can take, up to ``batch_size``.
        verify_tls: Verify the service's certificate.
        ca_file: Certificate authority bundle to trust.
        batch: Ask through the provider's batch API.
    """

    stream: bool = False
    request_rate: float = 0.0
    burstiness: float = 0.0
    use_timestamp: bool = False
    retry: int = 2
    backoff: float = 0.5
    patience: float = 60.0
    api_key: str = ""
    headers: dict[str, str] = {}
    host_ip: str = "localhost"
    host_port: int = 8080
    url: str | list[str] = ""
    enable_ssl: bool = False
    trust_remote_code: bool = False
    timeouts: Timeouts = Timeouts()
    senders: Annotated[int, msgspec.Meta(ge=0)] = 0
    adaptive: bool = False
    verify_tls: bool = True
    ca_file: str = ""
    batch: BatchConfig | None = None


class Client(Protocol):
    """Something that answers requests; made by the engine for services, by the model type for local models."""

    @property
    def model(self) -> str:
        """The model's name as the service (or the recording) knows it."""
        ...

    async def ask(self, request: Request) -> Reply:
        """Return the reply; faults of the service are a ``Reply`` with status ``failed``, never an exception.

        Raises:
            EndpointError: The service can serve nobody (refused on the first request, bad key, unknown model).
        """
        ...


class StreamReader(abc.ABC):
    """Puts the events of one streamed reply together."""

    def feed_plain(self, data: str) -> bool | None:  # noqa: ARG002 - a reader with a short cut overrides it
        """Take one event as it came; ``None`` leaves it to ``feed``, decoded. Saves decoding what is plain twice."""
        return None

    @abc.abstractmethod
    def feed(self, event: Mapping[str, Any]) -> bool:
        """Take one decoded event; returns whether it carried content."""

    @abc.abstractmethod
    def finish(self, *, terminated: bool) -> Reply:
        """Return the reply; ``terminated`` says whether the stream ended with ``[DONE]``."""


class Dialect(abc.ABC):
    """Pure translation between our records and the protocol of one kind of service.

    What most protocols have in common is given here, and a dialect says only what it does otherwise.

    Attributes:
        Config: The keys of a model of this type.
        path: Where a call goes below the base address, with the version first: ``v1/chat/completions``. ``{model}`` in
            it is the model's name.
        listing: Where the service lists its models, below the version.
        prompt_kind: Whether it takes messages or one text.
        takes: Kinds of parts, beside text, that it can send: ``image``, ``tool_call``, ``tool_result``.
        offers: What the protocol can be asked for: ``logprobs``, ``seed``, ``n``.
        schema_keys: Keys of a request that hold its reply to a JSON schema, the usual one first; none where the
            protocol has no such thing. Which of them a service heeds, only a canary tells (``stages/constraining.py``).
        parameters: Names that ``generation_kwargs`` may hold, as far as they are known; a name that is near one of them
            and is none is taken for a mistake in spelling.
        batches: ``module:class`` of the provider's batch API (``models.batches.BatchApi``); empty where there is none.
    """

    Config: ClassVar[type[ServiceConfig]] = ServiceConfig
    path: ClassVar[str]
    listing: ClassVar[str] = "models"
    prompt_kind: ClassVar[Literal["chat", "text"]] = "chat"
    takes: ClassVar[frozenset[str]] = frozenset()
    offers: ClassVar[frozenset[str]] = frozenset()
    schema_keys: ClassVar[tuple[str, ...]] = ()
    parameters: ClassVar[frozenset[str]] = frozenset()
    batches: ClassVar[str] = ""

    @abc.abstractmethod
    def body(self, config: ServiceConfig, request: Request, model: str) -> dict[str, Any]:
        """Return the JSON body; sampling parameters go in untouched."""

    def read(self, payload: Any) -> Reply:
        """Read a whole JSON reply. What has no usable answer becomes a failed ``Reply``, never an empty text.

        In protocols whose whole reply has the form of a single event, the reader of streams reads it.
        """
        if not isinstance(payload, dict):
            message = f"The reply is JSON but not an object: {excerpt(str(payload))}"
            return Reply(status="failed", error=Failure(kind="bad_reply", message=message))
        reader = self.stream_reader()
        reader.feed(payload)
        return reader.finish(terminated=True)

    @abc.abstractmethod
    def stream_reader(self) -> StreamReader:
        """Return a fresh reader for one streamed reply (one per attempt)."""

    def held_to(self, schema: Mapping[str, Any], params: Mapping[str, Any], key: str) -> dict[str, Any]:
        """Return the parameters of a request whose reply is held to a JSON schema.

        Args:
            schema: The schema, of the form that all services take (``ConfiguredParser.schema``).
            params: The request's other parameters.
            key: One of ``schema_keys``; by default it takes the schema as it is.
        """
        return {**params, key: dict(schema)}

    def read_plain(self, body: bytes) -> Reply | None:  # noqa: ARG002 - a dialect with a short cut overrides it
        """Read a reply straight from its bytes where it is of the plainest kind; ``None`` leaves it to ``read``."""
        return None

    def call_path(self, config: ServiceConfig, model: str) -> str:  # noqa: ARG002 - some stream from another place
        """Return ``path`` with the model's name in it, or where the protocol streams from if a stream is wanted."""
        return self.path.replace("{model}", quote(model, safe="-._~:@"))

    def headers(self, key: str) -> dict[str, str]:
        """Return the headers of every request: those that carry the API key, where there is one, and the protocol's."""
        return {"Authorization": f"Bearer {key}"} if key else {}

    def failure(self, status: int, payload: Any, text: str = "") -> Failure:
        """Return what a reply with an HTTP error status means.

        Args:
            status: The HTTP status.
            payload: The decoded body; ``None`` where it is no JSON.
            text: The start of the body.
        """
        return failure_of_status(status, payload, text)

    def model_names(self, payload: Any) -> list[str]:
        """Return the names in the service's list of models, the first one first; none where it is no such list."""
        listed = payload.get("data") if isinstance(payload, dict) else None
        entries = listed if isinstance(listed, list) else []
        return [entry["id"] for entry in entries if isinstance(entry, dict) and isinstance(entry.get("id"), str)]


SCHEMA_NAME = "verdict"
"""What a schema is called where a protocol wants it named."""
OWN_PARAMETERS = frozenset({"num_return_sequences", "max_out_len"})
"""Keys of ``generation_kwargs`` that are ours and never sent."""


def parameters_of(config: ModelConfig, request: Request) -> dict[str, Any]:
    """Return the sampling parameters of a request: its own win over ``generation_kwargs``, ``None`` takes one out.

    ``max_out_len`` is left in where the request has it, for the dialect to turn into its own limit.
    """
    params = {**config.generation_kwargs, **request.params}
    return {name: value for name, value in params.items() if value is not None and name != "num_return_sequences"}


class LocalModel(Protocol):
    """A model that answers in this process, or from a recording. One that nobody charges for says ``free = True``."""

    Config: ClassVar[type[ModelConfig]]
    prompt_kind: ClassVar[Literal["chat", "text"]]

    def open(self, config: ModelConfig) -> AbstractAsyncContextManager[Client]:
        """Return a context manager that loads the model and gives a client."""
        ...
