"""``--override models.<abbr>.<key>=<value>``, laid over what the config files say before that is checked.

So unknown keys and wrong types are refused by the same check. The abbr may hold dots (the longest one that fits is
meant), and ``*`` means every object of the kind.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from judgebench.config.checks import Declared, Untyped, nearest
from judgebench.errors import ConfigError, UnknownNameError, UsageError

TARGETS = ("models", "datasets", "judges", "summarizer", "executor", "listeners", "*")
_SINGLE = {"summarizer", "executor"}
JUDGE_KEYS = ("abbr", "judge_model", "method", "constrain", "members", "compare_with", "baseline")
"""Keys of a judge itself; in an override any other is a key of its model."""


class Override(NamedTuple):
    """One ``--override``.

    Attributes:
        target: One of ``TARGETS``; ``*`` for models and judges of an abbr.
        path: ``<abbr>.<key>``; only ``<key>`` for the summarizer and the executor, of which a run has one.
        value: The text after the equals sign.
    """

    target: str
    path: str
    value: str

    @property
    def shown(self) -> str:
        """The override without its value, which may be a secret."""
        return f"--override {self.target}.{self.path}"


def parse_override(text: str) -> Override:
    """Return the parts of ``models.<abbr>.<key>=<value>``.

    Raises:
        UsageError: It has another form, or names no known target.
    """
    name, equals, value = text.partition("=")
    target, _, path = name.strip().partition(".")
    if not equals or not path:
        raise UsageError(
            f"--override {name!r} is not of the form TARGET.KEY=VALUE.",
            hint="For example: --override models.vllm-api-general-chat.host_port=9000 judges.judge.batch_size=8",
        )
    if target not in TARGETS:
        raise UsageError(
            f"--override {name!r} begins with {target!r}, which cannot be overridden.",
            hint=f"{nearest(target, TARGETS)}Targets: {', '.join(TARGETS)}.",
        )
    if target not in _SINGLE and not path.rpartition(".")[2]:
        raise UsageError(f"--override {name!r} names no key.", hint=f"Write {target}.<abbr>.<key>=<value>.")
    return Override(target, path, value)


def apply_overrides(texts: Sequence[str], declared: Sequence[Declared]) -> None:
    """Lay overrides over the objects they name, in order: later ones win.

    Raises:
        UsageError: One has another form than ``TARGET.KEY=VALUE``.
        UnknownNameError: No object has the named abbr; names the nearest.
        ConfigError: A key leads through a value that holds no keys.
    """
    # Which objects an override means is decided before any is applied: an override may rename one.
    plan = [(override, *_meant(override, declared)) for override in map(parse_override, texts)]
    for override, objects, key in plan:
        for one in objects:
            path = _inside(one, key)
            _assign(one, path, Untyped(override.value), override)
            one.overridden.add(path)


def _meant(override: Override, declared: Sequence[Declared]) -> tuple[list[Declared], str]:
    kinds = ("models", "judges") if override.target == "*" else (override.target,)
    candidates = [one for one in declared if one.kind in kinds]
    if override.target in _SINGLE:
        return candidates, override.path
    if override.path.startswith("*."):
        return candidates, override.path[2:]
    fitting = {one.abbr for one in candidates if override.path.startswith(f"{one.abbr}.")}
    if not fitting:
        known = list(dict.fromkeys(one.abbr for one in candidates))
        named_kind = override.path.partition(".")[0]
        have = f"{override.target} of this run: {', '.join(known)}." if known else f"This run has no {override.target}."
        raise UnknownNameError(
            f"{override.shown}: nothing in {override.target} is named {named_kind!r}.",
            hint=f"{nearest(override.path.rpartition('.')[0], known) or nearest(named_kind, known)}{have}",
        )
    abbr = max(fitting, key=len)
    return [one for one in candidates if one.abbr == abbr], override.path[len(abbr) + 1 :]


def _inside(one: Declared, key: str) -> str:
    """Return the path in the object's data; keys of a judge that are not its own are its model's."""
    if one.kind == "judges" and key.partition(".")[0] not in JUDGE_KEYS:
        return f"judge_model.{key}"
    return key


def _assign(one: Declared, path: str, value: Untyped, override: Override) -> None:
    *parents, last = path.split(".")
    holder: Any = one.data
    for depth, name in enumerate(parents):
        inner = _item(holder, name)
        if inner is None and isinstance(holder, dict):
            inner = holder[name] = {}
        if not isinstance(inner, dict | list):
            raise _no_keys(override, ".".join(parents[: depth + 1]))
        holder = inner
    if isinstance(holder, list):
        if not last.isdigit() or int(last) >= len(holder):
            raise _no_keys(override, ".".join(parents))
        holder[int(last)] = value
    else:
        holder[last] = value


def _item(holder: Any, name: str) -> Any:
    if isinstance(holder, dict):
        return holder.get(name)
    return holder[int(name)] if name.isdigit() and int(name) < len(holder) else None


def _no_keys(override: Override, path: str) -> ConfigError:
    return ConfigError(
        f"{override.shown}: {path!r} has no such key or item.", hint=f"Set the whole of it: {path}=<value>"
    )
