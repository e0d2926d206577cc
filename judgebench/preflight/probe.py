"""The few synchronous requests of the preflight, through httpx."""

from __future__ import annotations

import difflib
import ssl
from types import TracebackType
from typing import Any

import msgspec

from judgebench.errors import EndpointError
from judgebench.models.address import auth_headers, base_url
from judgebench.models.contract import Dialect, ServiceConfig
from judgebench.records import Failure, Reply, Request

PATIENCE = 30.0
"""Seconds that one trial request may take; slower services are not refused, only not tried further."""


class Probe:
    """Asks a service a few things before the run.

    Args:
        config: The service.
        dialect: How it is spoken to.
    """

    def __init__(self, config: ServiceConfig, dialect: Dialect) -> None:
        import httpx

        self.config = config
        self.dialect = dialect
        self.base = base_url(config)
        self.model = config.model
        verify: bool | ssl.SSLContext = config.verify_tls
        if config.verify_tls and config.ca_file:
            verify = ssl.create_default_context(cafile=config.ca_file)
        self._client = httpx.Client(
            headers=auth_headers(config), timeout=httpx.Timeout(PATIENCE, connect=5.0), verify=verify
        )
        self._transport_error = httpx.TransportError
        self._timeout = httpx.TimeoutException

    def __enter__(self) -> Probe:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._client.close()

    def check_model(self) -> None:
        """Check that the service is there, takes the key and knows the model; takes its first model if none is named.

        Raises:
            EndpointError: It is not there, refuses the key, or serves other models.
        """
        try:
            response = self._client.get(f"{self.base}/v1/models")
        except self._timeout:
            return
        except self._transport_error as error:
            raise EndpointError(
                f"The service of {self.config.abbr!r} at {self.base} cannot be reached: {error}.",
                hint=f"Start it, or give another address: --override '*.{self.config.abbr}.url=http://host:port'.",
            ) from error
        if response.status_code in {401, 403}:
            raise EndpointError(
                f"The service of {self.config.abbr!r} at {self.base} refuses the key (HTTP {response.status_code}).",
                hint="Set api_key in the config to a valid key, best as '${NAME_OF_A_VARIABLE}'.",
            )
        names = _model_names(response.content) if response.status_code == 200 else []
        if not names:
            return
        if not self.model:
            self.model = names[0]
        elif self.model not in names:
            near = difflib.get_close_matches(self.model, names, n=3) or names[:5]
            raise EndpointError(
                f"The service of {self.config.abbr!r} at {self.base} does not serve the model {self.model!r}.",
                hint=f"It serves: {', '.join(near)}.",
            )

    def ask(self, request: Request) -> Reply:
        """Send one request without retries.

        Raises:
            EndpointError: The service says that it can serve nobody (wrong path, key or model).
        """
        body = self.dialect.body(self.config, request, self.model)
        body.pop("stream", None)
        body.pop("stream_options", None)
        url = f"{self.base}/{self.dialect.path}"
        try:
            response = self._client.post(url, json=body)
        except self._timeout:
            return _failed("timeout", f"no reply within {PATIENCE:g} s")
        except self._transport_error as error:
            return _failed("connection", str(error))
        words = response.text[:300]
        if response.status_code in {401, 403, 404}:
            raise EndpointError(
                f"{url} answered HTTP {response.status_code} to the first short call of {self.config.abbr!r}: {words}",
                hint="Check url, api_key and model of this config.",
            )
        if response.status_code != 200:
            return _failed("server", f"HTTP {response.status_code}: {words}")
        try:
            return self.dialect.read(msgspec.json.decode(response.content))
        except msgspec.DecodeError:
            return _failed("bad_reply", f"not JSON: {words}")


def _failed(kind: str, message: str) -> Reply:
    return Reply(status="failed", error=Failure(kind=kind, message=message))


def _model_names(content: bytes) -> list[str]:
    try:
        listed: Any = msgspec.json.decode(content)
    except msgspec.DecodeError:
        return []
    entries = listed.get("data", []) if isinstance(listed, dict) else []
    return [str(entry["id"]) for entry in entries if isinstance(entry, dict) and "id" in entry]
