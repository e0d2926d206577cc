"""Which values of a config are secret: by the name that they stand under, or by how they look."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import parse_qsl, urlsplit

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
