"""What a model config says of its service: type, address, credentials, and which of its values are secret."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Literal, NamedTuple
from urllib.parse import parse_qsl, urlsplit

import msgspec

from judgebench import plugins
from judgebench.content.parts import TOOLS, parts_in
from judgebench.errors import ConfigError, PrerequisiteError
from judgebench.models.contract import Dialect, LaunchConfig, LocalModel, ModelConfig, ServiceConfig
from judgebench.models.redaction import Redactor
from judgebench.plugins.find import filled
from judgebench.records.flow import Prompt

VARIABLE = "JB_SECRET_"
"""Beginning of the environment variables that stand in for secrets written in config files."""

HEADER_KEYS = frozenset({"headers", "extra_headers"})
"""Keys whose values are HTTP headers: all of them are kept out of files."""

_PART = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")
_SECRET_PART = re.compile(
    r"o?auth(entication|orization)?|.*keys?|pass|.*passwords?|.*passwd|passphrase|pwd|creds?|credentials?|.*token"
    r"|.*secrets?|signature|sig|cookies?|jwt|bearer"
)
_ABOUT_A_SECRET = re.compile(
    r"columns?|fields?|files?|path|dir|folder|mode|type|names?|ur[il]|host|endpoint|size|length|limit|count|rate|format"
    r"|policy|algorithm|map|order|index|budget"
)
"""Last parts of names that say something about a secret: ``key_column``, ``token_file``, ``auth_type``."""
_OTHER_KEYS = re.compile(
    r"id|cache|sort|primary|partition|index|group|join|row|column|public|foreign|answer|label|score"
)
_OTHER_TOKENS = re.compile(r"eos|bos|pad|unk|sep|cls|mask|stop|special|image|end|start|first|last|next|per|think")
_OTHER_WORDS = frozenset({"monkey", "turkey", "donkey", "whiskey", "hockey", "jockey"})

_PREFIXED = re.compile(
    r"(?:(?:sk|pk|rk|hf|gh[oprsu]|github_pat|glpat|xox[a-z]|nvapi|gsk)[-_](?=[\w-]*[0-9])[\w-]{8,}"
    r"|AKIA[A-Z0-9]{12,}|AIza[\w-]{20,}|eyJ[\w-]{10,}(?:\.[\w-]+)*)[=]*"
)
_DENSE = re.compile(r"(?<![A-Za-z0-9])(?=[0-9]*[A-Za-z])(?=(?:[A-Za-z]*[0-9]){3})[A-Za-z0-9]{20,}")
_UUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_BETWEEN = re.compile(r"[\s;,:/?&=\"'()<>{}\[\]|]+")
_OPEN_QUERY = frozenset({"api-version", "api_version", "version", "v"})


def sounds_secret(name: str) -> bool:
    """Whether a key, flag, header or variable of this name holds a secret; ``max_tokens`` and ``key_column`` do not."""
    parts = [part.lower() for part in _PART.findall(name)]
    letters = [part for part in parts if not part.isdigit()]
    if not letters or _ABOUT_A_SECRET.fullmatch(letters[-1]):
        return False
    return any(_secret_part(before, part) for before, part in zip(["", *letters], letters, strict=False))


def _secret_part(before: str, part: str) -> bool:
    if not _SECRET_PART.fullmatch(part) or part in _OTHER_WORDS:
        return False
    if part.endswith(("key", "keys")):
        return not _OTHER_KEYS.fullmatch(before)
    return not (part == "token" and _OTHER_TOKENS.fullmatch(before))


def secret_keys(config: Mapping[str, Any]) -> list[str]:
    """Return the keys of a config whose names sound secret and whose values are texts."""
    return [name for name, value in config.items() if isinstance(value, str) and value and sounds_secret(name)]


def has_key_prefix(text: str) -> bool:
    """Whether some word of a text begins as the keys of known services do (``sk-``, ``hf_``) and is as long."""
    return any(_PREFIXED.fullmatch(word) for word in _BETWEEN.split(text))


def looks_like_key(text: str) -> bool:
    """Whether some word of a text looks like a key: a known beginning, a long run of letters and digits, a UUID."""
    return has_key_prefix(text) or bool(_DENSE.search(text) or _UUID.search(text))


def url_secrets(url: str) -> list[str]:
    """Return the secret parts of an address: user and password, values of the query, path parts that look like keys."""
    _, _, rest = url.partition("://")
    address, _, query = (rest or url).partition("#")[0].partition("?")
    userinfo = address.rpartition("@")[0]  # also where a password holds the signs that end a host
    found = [userinfo, *userinfo.split(":", 1)] if userinfo else []
    found += [part for part in address.rpartition("@")[2].split("/")[1:] if looks_like_key(part)]
    return [*found, *(value for name, value in parse_qsl(query) if name.lower() not in _OPEN_QUERY)]


def shown_url(url: str) -> str:
    """Return an address as it may be shown: without user, password and query, keys in its path as ``***``."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return "***"
    path = "/".join("***" if looks_like_key(part) else part for part in parts.path.split("/"))
    place = parts.netloc.rpartition("@")[2]
    if "@" in path:  # the end of a password with a slash in it
        return f"{parts.scheme}://***"
    return f"{parts.scheme}://{place}{path}" if parts.scheme or place else path


def secret_texts(value: Any, name: str = "", *, every: bool = False) -> Iterator[tuple[tuple[str, ...], str]]:
    """Yield path and text of every secret inside a value: texts under secret names, and what begins as keys do.

    A reference to one of our own variables is one too.

    Args:
        value: A value of a config, lists and dicts included.
        name: The key it stands under.
        every: Whether all texts in it are secret, as in headers.
    """
    if isinstance(value, str):
        if value and (every or sounds_secret(name) or has_key_prefix(value) or f"${{{VARIABLE}" in value):
            yield (), value
    elif isinstance(value, Mapping):
        for key, item in value.items():
            inside = every or key in HEADER_KEYS
            for path, text in secret_texts(item, str(key), every=inside):
                yield (str(key), *path), text
    elif isinstance(value, list | tuple):
        for index, item in enumerate(value):
            for path, text in secret_texts(item, name, every=every):
                yield (str(index), *path), text


def is_reference_key(path: str) -> bool:
    """Whether the references of a model key stay references, because their values may be secrets."""
    first, *inside = path.removeprefix("judge_model.").split(".")
    if first == "launch":
        return len(inside) > 1 and inside[0] == "env"
    if first in HEADER_KEYS:
        return bool(inside)
    if first == "generation_kwargs":
        names = [name for name in inside if not name.isdigit()]
        return bool(names) and (sounds_secret(names[-1]) or not HEADER_KEYS.isdisjoint(names[:-1]))
    return not inside and (first == "url" or sounds_secret(first))


SERVICES_VARIABLE = "JB_SERVICES"
"""Environment variable that hands the addresses of launched services to the tasks: JSON, launch key -> base URL."""

_REFERENCE = re.compile(r"\$\{([A-Za-z_]\w*)(?::-([^}]*))?\}")


_OVER: ContextVar[Mapping[str, str] | None] = ContextVar("judgebench_environment", default=None)


def variables() -> Mapping[str, str]:
    """Return the environment of whatever runs: the process's, or that of a task which runs in a thread of it."""
    over = _OVER.get()
    return os.environ if over is None else over


@contextmanager
def environment_of_this_thread(environ: Mapping[str, str]) -> Iterator[None]:
    """Let what runs in this thread, and what it starts, see an environment that is not the process's."""
    before = _OVER.set(environ)
    try:
        yield
    finally:
        _OVER.reset(before)


def expand(text: str, environ: Mapping[str, str] | None = None, *, where: str = "") -> str:
    """Return ``text`` with ``${NAME}`` and ``${NAME:-default}`` taken from the environment.

    Raises:
        PrerequisiteError: A variable without default is not set.
    """
    env = variables() if environ is None else environ

    def value(match: re.Match[str]) -> str:
        name, default = match[1], match[2]
        # as in a shell, a variable that is set to nothing takes the default too
        if env.get(name) or (name in env and default is None):
            return env[name]
        if default is not None:
            return default
        place = f"{where} takes" if where else "The config takes"
        raise PrerequisiteError(
            f"{place} its value from the environment variable {name}, which is not set.",
            hint=f"Set it with: export {name}=...",
        )

    return _REFERENCE.sub(value, text)


def launch_key(config: ModelConfig) -> str:
    """Return the key of the service that a model launches.

    Models with equal launch blocks and paths share one service, whatever they are called on it: a service may know a
    base and its adapters by several names.
    """
    launch = config.launch or LaunchConfig()
    described = msgspec.json.encode([msgspec.to_builtins(launch), config.path], order="deterministic")
    return hashlib.blake2b(described, digest_size=6).hexdigest()


def dialect_of(config: ServiceConfig) -> Dialect:
    """Return what speaks the protocol of a service.

    Raises:
        ConfigError: The type has the keys of a service and is no dialect.
    """
    kind = plugins.load(config.type, "models", where=f"models.{config.abbr}.type")
    if not (isinstance(kind, type) and issubclass(kind, Dialect)):
        raise ConfigError(
            f"models.{config.abbr}.type: {config.type} has the keys of a service and does not inherit from "
            "judgebench.models.contract.Dialect."
        )
    return kind()


def auth_headers(config: ServiceConfig, environ: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return the headers that carry the model's credentials; secrets come from the environment.

    Raises:
        PrerequisiteError: A variable that a secret is taken from is not set.
    """
    headers = {
        name: expand(text, environ, where=f"models.{config.abbr}.headers") for name, text in config.headers.items()
    }
    key = expand(config.api_key, environ, where=f"models.{config.abbr}.api_key") if config.api_key else ""
    given = {name.lower() for name in headers}
    return headers | {name: text for name, text in dialect_of(config).headers(key).items() if name.lower() not in given}


_VARIABLE = re.compile(r"\$\{[A-Za-z_]\w*(?::-[^}]*)?\}")
_VARIABLES = re.compile(rf"\b{VARIABLE}\w*")


def secret_parameters(config: ModelConfig, environ: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return the references that stand for secrets in ``generation_kwargs``, and what they stand for.

    Raises:
        PrerequisiteError: A variable that a secret is taken from is not set.
    """
    where = f"models.{config.abbr}.generation_kwargs"
    return {
        text: expand(text, environ, where=where)
        for _, text in secret_texts(config.generation_kwargs)
        if _VARIABLE.search(text)
    }


def revealed(value: Any, secrets: Mapping[str, str]) -> Any:
    """Return parameters of a request in which the references of ``secret_parameters`` are the secrets themselves."""
    if isinstance(value, str):
        return secrets.get(value, value)
    if isinstance(value, dict):
        return {key: revealed(item, secrets) for key, item in value.items()}
    return [revealed(item, secrets) for item in value] if isinstance(value, list) else value


def redactor_of(config: ModelConfig, environ: Mapping[str, str] | None = None) -> Redactor:
    """Return what takes the secrets of a model, and of the proxies on the way to it, out of texts and replies."""
    env = variables() if environ is None else environ
    secrets = list(_secrets(config, env))
    shown: list[str] = []
    if isinstance(config, ServiceConfig):
        for name, value in _headers(config, env).items():
            secret = name == "Authorization" or sounds_secret(name) or looks_like_key(value)
            (secrets if secret else shown).append(value)
        for url in [config.url] if isinstance(config.url, str) else config.url:
            secrets += url_secrets(_expanded(url, env))
    for name, value in env.items():
        if name.lower().endswith("_proxy") and "@" in value:
            secrets += url_secrets(value)
    return Redactor(secrets, shown)


def launched_environment(config: ModelConfig, environ: Mapping[str, str]) -> dict[str, str]:
    """Return the environment of the program that a model launches: of our secrets only those its own block names.

    Raises:
        PrerequisiteError: A variable that the block refers to is not set.
    """
    launch = config.launch
    own = launch.env if launch is not None else {}
    words = [*own.values(), *(launch.command if launch is not None else [])]
    named = {name for word in words for name in _VARIABLES.findall(word)}
    kept = {name: value for name, value in environ.items() if not name.startswith(VARIABLE) or name in named}
    where = f"models.{config.abbr}.launch.env"
    return kept | {name: expand(text, environ, where=where) for name, text in own.items()}


def _secrets(config: ModelConfig, env: Mapping[str, str]) -> Iterator[str]:
    for name in config.__struct_fields__:  # keys that a model type of the user's adds
        value = getattr(config, name)
        if isinstance(value, str) and sounds_secret(name):
            yield _expanded(value, env)
    for _, text in secret_texts(config.generation_kwargs):
        yield _expanded(text, env)
    for name, text in (config.launch.env if config.launch is not None else {}).items():
        value = _expanded(text, env)
        if sounds_secret(name) or looks_like_key(value):
            yield value


def _expanded(text: str, env: Mapping[str, str]) -> str:
    try:
        return expand(text, env)
    except PrerequisiteError:  # told where the value is needed
        return ""


def _headers(config: ServiceConfig, env: Mapping[str, str]) -> dict[str, str]:
    try:
        return auth_headers(config, env)
    except PrerequisiteError:  # told where they are sent
        return {}


class Configured(NamedTuple):
    """A model config with the type that it names.

    Attributes:
        config: As the struct that the type declares (``type.Config``), with the type's dotted path.
        kind: The type: says which prompts a model takes, and opens it.
    """

    config: ModelConfig
    kind: type[Dialect | LocalModel]


def configured(raw: dict[str, Any]) -> Configured:
    """Return a model config as its type declares it, and the type.

    Secret keys that a type of the user's adds are looked up in the environment; those of every service stay references,
    which are looked up where they are sent.

    Raises:
        ConfigError: The type is missing, unknown or no model type, or a key is unknown or of the wrong type.
    """
    abbr = raw.get("abbr", "?")
    name = raw.get("type")
    if not isinstance(name, str):
        raise ConfigError(f"models.{abbr} has no type.", hint="Write for example type='VLLMCustomAPIChat'.")
    path, kind, _ = plugins.find(name, "models", where=f"models.{abbr}.type")
    declared = getattr(kind, "Config", None)
    if not (isinstance(declared, type) and issubclass(declared, ModelConfig)):
        raise ConfigError(f"models.{abbr}.type: {name} is no model type: its Config is no ModelConfig.")
    return Configured(filled({**raw, **_own_secrets(raw), "type": path}, declared, where=f"models.{abbr}"), kind)


def model_config(raw: dict[str, Any]) -> ModelConfig:
    """Return the config alone; see ``configured``."""
    return configured(raw).config


def prompt_kind(config: ModelConfig) -> Literal["chat", "text"]:
    """Return the form of the prompts that a model takes."""
    kind: Literal["chat", "text"] = plugins.load(config.type, "models").prompt_kind
    return kind


def check_takes(config: ModelConfig, prompt: Prompt, *, where: str) -> None:
    """Check that a model takes the parts of a prompt; a type says what it takes, beside text, in ``takes``.

    Raises:
        ConfigError: It does not take one of them.
    """
    for part in parts_in(prompt):
        kind = part.get("type")
        if kind not in TOOLS and "sha256" not in part:
            continue
        takes: frozenset[str] = getattr(plugins.load(config.type, "models"), "takes", frozenset())
        if kind not in takes:
            also = f"text and {', '.join(sorted(takes))}" if takes else "text"
            raise ConfigError(
                f"{where} holds a part of type {kind!r}, and the model {config.abbr!r} "
                f"({config.type.rpartition('.')[2]}) takes {also} alone.",
                hint="Take a model type that is sent such parts (VLLMCustomAPIChat is sent images and tool calls), "
                "or leave the part out.",
            )


def _own_secrets(raw: dict[str, Any]) -> dict[str, str]:
    own = {key: value for key, value in raw.items() if key not in ServiceConfig.__struct_fields__}
    return {key: expand(own[key], where=f"models.{raw.get('abbr', '?')}.{key}") for key in secret_keys(own)}
