"""A declared model as checked keys of its type, tested models and judge models alike; its secrets become references.

Which values are secret, ``models.access`` says. A literal secret is put into an environment variable of its own, which
only the task processes get; what is a ``${NAME}`` reference already stays one. A command that hands a secret over in
its words is refused: everyone on the machine can read them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

import msgspec

from judgebench.config.checks import REFERENCE, Declared, checked, find_class, find_type, literal, typed_part
from judgebench.errors import PrerequisiteError
from judgebench.models.access import (
    HEADER_KEYS,
    VARIABLE,
    auth_headers,
    expand,
    has_key_prefix,
    is_reference_key,
    looks_like_key,
    secret_keys,
    secret_texts,
    sounds_secret,
    url_secrets,
)
from judgebench.models.addresses import address_mistake
from judgebench.models.contract import ModelConfig, ServiceConfig

_SCHEMES = {"", "bearer", "basic", "token", "apikey", "api-key", "key"}
_DEFAULTED = re.compile(r"\$\{([A-Za-z_]\w*):-[^}]*\}")
_OPEN = re.compile(
    r"[0-9][0-9.,:]{0,15}|true|false|yes|no|on|off|none|auto|debug|info|warning|error|spawn|fork", re.IGNORECASE
)
"""Values of a ``launch`` block's variables that are no secrets, unless their names say so."""
_FILE = re.compile(r"[~.]{0,2}/.*|.*\.(pem|key|crt|txt|json|ya?ml)")
_ASSIGNED = re.compile(r"([\w-]+)\s*[=:]\s*(?:bearer\s+|basic\s+)?([^\s\"',;]+)", re.IGNORECASE)


class SecretStore:
    """Takes literal secrets out of model configs.

    Attributes:
        values: Environment variables that stand in for them.
    """

    def __init__(self, environ: Mapping[str, str]) -> None:
        self.values: dict[str, str] = {}
        self._environ = environ

    def conceal(self, model: dict[str, Any]) -> dict[str, Any]:
        """Return a checked model config in which every secret is a reference."""
        abbr = str(model["abbr"])
        hidden = dict(model)
        for name in secret_keys(model):
            hidden[name] = self._hide(model[name], abbr, name)
        if hidden.get("headers"):
            hidden["headers"] = {
                name: self._hide(str(value), abbr, name) for name, value in dict(hidden["headers"]).items()
            }
        if hidden.get("url"):
            url = hidden["url"]
            several = [self._hide_address(str(one), abbr) for one in ([url] if isinstance(url, str) else url)]
            hidden["url"] = several[0] if isinstance(url, str) else several
        if hidden.get("generation_kwargs"):
            secret = dict(secret_texts(hidden["generation_kwargs"]))
            hidden["generation_kwargs"] = _replaced(
                hidden["generation_kwargs"],
                secret,
                lambda path, text: self._hide(text, abbr, "_".join(("generation_kwargs", *path))),
            )
        if hidden.get("launch"):
            hidden["launch"] = self._conceal_launch(dict(hidden["launch"]), abbr)
        return hidden

    def _conceal_launch(self, launch: dict[str, Any], abbr: str) -> dict[str, Any]:
        launch["env"] = {
            name: self._hide(value, abbr, name)
            if value and (sounds_secret(name) or not _OPEN.fullmatch(value))
            else value
            for name, value in launch.get("env", {}).items()
        }
        return launch

    def _hide_address(self, url: str, abbr: str) -> str:
        """Return an address as it is used, or a reference to it where it holds a secret."""
        value = expand(url, self._environ, where=f"models.{abbr}.url")
        return self._hide(url, abbr, "URL") if url_secrets(value) else value

    def _hide(self, text: str, abbr: str, key: str) -> str:
        """Return a text without any literal part that could be a secret."""
        defaulted = _DEFAULTED.fullmatch(text)
        if defaulted and self._environ.get(defaulted[1]):
            return f"${{{defaulted[1]}}}"
        rest = REFERENCE.sub("", text).strip().lower()
        if rest in _SCHEMES and not _DEFAULTED.search(text):
            return text
        value = expand(text, self._environ, where=f"models.{abbr}.{key}")
        if not value:  # the default of a variable that is not set hides nothing
            return ""
        name = VARIABLE + re.sub(r"[^A-Z0-9]+", "_", f"{abbr}_{key}".upper()).strip("_")
        number = 1
        while self.values.get(_numbered(name, number), value) != value:
            number += 1
        self.values[_numbered(name, number)] = value
        return f"${{{_numbered(name, number)}}}"


def _numbered(name: str, number: int) -> str:
    return name if number == 1 else f"{name}_{number}"


def _replaced(
    value: Any,
    secret: Mapping[tuple[str, ...], str],
    hide: Callable[[tuple[str, ...], str], str],
    path: tuple[str, ...] = (),
) -> Any:
    """Return a value in which the texts at the paths of ``secret`` are hidden."""
    if path in secret:
        return hide(path, secret[path])
    if isinstance(value, dict):
        return {key: _replaced(item, secret, hide, (*path, str(key))) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_replaced(item, secret, hide, (*path, str(index))) for index, item in enumerate(value)]
    return value


def redacted(words: Sequence[str]) -> list[str]:
    """Return a command line in which no ``--override`` value can be a secret, for logs and run folders."""
    return [_redacted(word) for word in words]


def _redacted(word: str) -> str:
    flag, equals, rest = word.partition("=") if word.startswith("--") else ("", "", word)
    if flag and equals and "--override".startswith(flag):  # the flag and its first value in one word
        return f"{flag}={_redacted(rest)}"
    name, equals, value = word.partition("=")
    target, _, path = name.partition(".")
    if not equals or not path or target not in {"models", "judges", "datasets", "executor", "listeners", "*"}:
        return word
    literal_value = bool(REFERENCE.sub("", value).strip()) or bool(_DEFAULTED.search(value))
    return f"{name}=***" if literal_value and _overrides_secret(path, value) else word


def _overrides_secret(path: str, value: str) -> bool:
    keys = path.split(".")
    if not {*HEADER_KEYS, "env", "launch"}.isdisjoint(keys) or sounds_secret(keys[-1]) or "@" in value:
        return True
    if looks_like_key(value) or ("url" in keys and url_secrets(value)):
        return True
    return any(True for _ in secret_texts(literal(value)))


def secret_word(command: Sequence[str]) -> str:
    """Return the flag or the name by which a command hands a secret over (``--api-key``); empty where none does."""
    return next(_secret_words(command), "")


def _secret_words(command: Sequence[str]) -> Iterator[str]:
    for number, word in enumerate(command):
        flag, equals, value = word.partition("=")
        following = value if equals else command[number + 1] if number + 1 < len(command) else ""
        handed = bool(following) and following[0] != "$" and (bool(equals) or following[0] != "-")
        if word.startswith("-") and sounds_secret(flag) and handed and not _FILE.fullmatch(following):
            yield flag
        if has_key_prefix(word):
            yield f"word {number + 1}"
        for name, assigned in _ASSIGNED.findall(word):
            if sounds_secret(name) and not assigned.startswith("$") and not _FILE.fullmatch(assigned):
                yield name
        if len(inner := word.split()) > 1:  # a shell's line
            yield from _secret_words(inner)


_ABBR = re.compile(r"[A-Za-z0-9_\-+@=][A-Za-z0-9_\-+@= .]{0,99}")
_ELSEWHERE = {
    "traffic_cfg": "write burstiness=..., and request_rate=...",
    "verbose": "use --debug",
    "meta_template": "a prompt's messages carry their roles",
    "returns_tool_calls": "tool calls are kept in the predictions",
    "run_cfg": "the number of tasks at once is --max-num-workers",
}
"""Model keys of other runners that have no meaning here, and what to do instead."""
_MOST_IN_FLIGHT = 65536
"""Each request in flight has a worker and a port of its own; a host has no more ports than that."""
_NOT_PARAMETERS = {
    "messages": "The prompt is that of the dataset.",
    "prompt": "The prompt is that of the dataset.",
    "model": "Write model=... beside generation_kwargs.",
    "stream": "Write stream=... beside generation_kwargs.",
    "n": "Several answers to each question are num_return_sequences=....",
}
"""Keys of a request's body that would replace what the run records as asked, and where they belong."""
_IN_THE_ENVIRONMENT = 'Hand it over in the environment: env=dict(VLLM_API_KEY="${VLLM_API_KEY}"), say.'
_AT_LEAST = {
    "batch_size": 1,
    "max_out_len": 1,
    "retry": 0,
    "request_rate": 0,
    "burstiness": 0,
    "backoff": 0,
    "patience": 0,
}
_HEADER_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
_FRAMING = frozenset({"content-length", "transfer-encoding", "connection", "content-encoding"})
"""Headers that say how a request is sent, which only who sends it knows."""


def resolve_model(
    declared: Declared, environ: Mapping[str, str], secrets: SecretStore, *, path: str = ""
) -> dict[str, Any]:
    """Return a model config as a dict of its type's keys, defaults filled in and secrets as references.

    Args:
        declared: The model, or the judge that holds it.
        environ: Where ``${NAME}`` is looked up.
        secrets: Takes the literal secrets.
        path: Path of the model inside the declared object: empty, or ``judge_model``.

    Raises:
        ConfigError: A key or value that the type does not take.
        PrerequisiteError: A value's environment variable is not set.
    """
    data = declared.data[path] if path else declared.data
    for key in data.keys() & _ELSEWHERE.keys():
        raise declared.error(
            _join(path, key), "is a key of another benchmark runner.", hint=f"Here: {_ELSEWHERE[key]}."
        )
    kind = data.get("type")
    if isinstance(kind, str):  # JB_JUDGE_TYPE chooses the protocol of all shipped judges
        kind = expand(kind, environ, where=f"{declared.kind}.{declared.abbr}.{_join(path, 'type')}")
    name, _, struct = find_class(kind, declared, _join(path, "type"), "models")
    model = checked({**data, "type": name}, struct, declared, environ, path=path, keep=is_reference_key)
    check_abbr(str(model["abbr"]), declared, _join(path, "abbr"))
    _check_kind(model, struct, declared, path)
    _check_values(model, declared, path)
    if model.get("pred_postprocessor"):
        part = typed_part(
            model["pred_postprocessor"], declared, _join(path, "pred_postprocessor"), "postprocessors", environ
        )
        model["pred_postprocessor"] = {"type": part.type, **part.options}
    if (model.get("launch") or {}).get("type"):
        model["launch"]["type"], launcher = find_type(
            model["launch"]["type"], declared, _join(path, "launch.type"), "launchers"
        )
        weights_of = getattr(launcher, "weights", None)
        if weights_of is not None:
            model["weights"] = weights_of(model["launch"]["options"], model["model"]) or model["weights"]
    model = secrets.conceal(model)
    if issubclass(struct, ServiceConfig):
        if model.get("launch"):
            _check_no_address(model, struct, declared, path)
        else:
            _check_address(msgspec.convert(model, struct), {**environ, **secrets.values}, declared, path)
    return model


def _check_no_address(model: dict[str, Any], struct: type[msgspec.Struct], declared: Declared, path: str) -> None:
    """Refuse an address beside ``launch``, which would pass for the service that is asked."""
    defaults = {field.name: field.default for field in msgspec.structs.fields(struct)}
    for key in ("url", "host_ip", "host_port"):
        if model[key] != defaults[key]:
            raise declared.error(
                _join(path, key),
                "would have no effect: the run launches this service itself.",
                hint="Leave it out (launch.port is where it listens), or set launch=None to ask a service that runs.",
            )


def _check_address(config: ServiceConfig, environ: Mapping[str, str], declared: Declared, path: str) -> None:
    if mistake := address_mistake(config, environ):
        key, problem, hint = mistake
        raise declared.error(_join(path, key), problem, hint=hint)
    try:
        headers = auth_headers(config, environ)
    except PrerequisiteError:  # told when something is sent, which may never be
        return
    urls = [config.url] if isinstance(config.url, str) else config.url
    named = any("@" in urlsplit(expand(url, environ)).netloc for url in urls)
    if named and "authorization" in map(str.lower, headers):
        raise declared.error(
            _join(path, "api_key" if config.api_key else "headers"),
            "and the user and password in url would both be sent as the header Authorization.",
            hint="Leave one of them out.",
        )
    for name in config.headers:
        if not _HEADER_NAME.fullmatch(name) or name.lower() in _FRAMING:
            raise declared.error(
                _join(path, "headers"),
                f"has {name!r}, which is no header that a config can set.",
                hint="Names are letters, digits and - or _; how a request is framed is not for a config to say.",
            )
    for name, text in headers.items():
        if not text.isascii() or not text.isprintable():
            raise declared.error(
                _join(path, f"headers.{name}" if name in config.headers else "api_key"),
                "holds a line break or another character that no HTTP header can carry.",
                hint="Look for what was copied along with it: line ends, typographic quotes, non-ASCII letters.",
            )


def check_abbr(abbr: str, declared: Declared, path: str = "abbr") -> None:
    """Refuse an abbr that is no safe name of a file and a folder.

    Raises:
        ConfigError: It is empty, too long, begins with a dot or a space, or holds other characters.
    """
    if not _ABBR.fullmatch(abbr) or abbr.endswith(" "):
        raise declared.error(
            path,
            f"is {abbr!r}, which cannot be a file name.",
            hint="Use up to 100 of a-z, A-Z, 0-9, spaces and . _ - + @ =, not beginning with a dot or a space.",
        )


def _check_kind(model: dict[str, Any], struct: type[msgspec.Struct], declared: Declared, path: str) -> None:
    if "attr" not in model:
        return
    derived = "service" if issubclass(struct, ServiceConfig) else "local"
    if model["attr"] not in {"", derived}:
        raise declared.error(
            _join(path, "attr"), f"is {model['attr']!r}, but its type is a {derived} model.", hint="Leave attr out."
        )
    if issubclass(struct, ModelConfig):
        model["attr"] = derived


def _check_values(model: dict[str, Any], declared: Declared, path: str) -> None:
    for key, least in _AT_LEAST.items():
        if key in model and not least <= model[key] < float("inf"):
            raise declared.error(_join(path, key), f"is {model[key]}, but must be {least} or more.")
    for key, seconds in (model.get("timeouts") or {}).items():
        if not 0 <= seconds < float("inf"):
            raise declared.error(_join(path, f"timeouts.{key}"), f"is {seconds}, but must be 0 (no limit) or more.")
    if model.get("batch_size", 1) > _MOST_IN_FLIGHT:
        raise declared.error(
            _join(path, "batch_size"), f"is {model['batch_size']}, but must be {_MOST_IN_FLIGHT} or less."
        )
    port = model.get("host_port", 1)
    if not 1 <= port <= 65535:
        raise declared.error(_join(path, "host_port"), f"is {port}, but a port is 1 to 65535.")
    for key in model.get("generation_kwargs", {}).keys() & _NOT_PARAMETERS.keys():
        raise declared.error(
            _join(path, f"generation_kwargs.{key}"), "is not a generation parameter.", hint=_NOT_PARAMETERS[key]
        )
    repeats = model.get("generation_kwargs", {}).get("num_return_sequences", 1)
    if not isinstance(repeats, int) or isinstance(repeats, bool) or repeats < 1:
        raise declared.error(
            _join(path, "generation_kwargs.num_return_sequences"), f"is {repeats!r}, but must be a number from 1."
        )
    launch = model.get("launch")
    if launch and bool(launch.get("type")) == bool(launch.get("command")):
        raise declared.error(_join(path, "launch"), "needs exactly one of type and command.")
    if launch and launch.get("replicas", 1) > 1 and launch.get("port"):
        raise declared.error(
            _join(path, "launch.port"),
            f"is one port, where {launch['replicas']} replicas need one each.",
            hint="Leave it out: each takes a free one.",
        )
    flag = secret_word(launch["command"]) if launch else ""
    if flag:
        raise declared.error(
            _join(path, "launch.command"),
            f"passes a secret with {flag}, where everyone on the machine can read it.",
            hint=_IN_THE_ENVIRONMENT,
        )
    for path_inside, _ in secret_texts(launch["options"] if launch else {}):
        raise declared.error(
            _join(path, ".".join(("launch.options", *path_inside))),
            "is a secret, but options become words of a command, which everyone on the machine can read.",
            hint=_IN_THE_ENVIRONMENT,
        )


def _join(path: str, key: str) -> str:
    return f"{path}.{key}" if path else key
