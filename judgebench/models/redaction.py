"""Keeps secrets out of what a service says: the border at which replies and errors lose what they repeat of them.

A secret may come back in other forms than it was sent: a word of a header alone, a decoded Basic pair, with escapes of
JSON, HTML or addresses, cut in two by a stream. The longest run of letters and digits of a secret is the same in all of
these; looking for that run is all that a reply without secrets costs.
"""

from __future__ import annotations

import base64
import binascii
import html
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import unquote

import msgspec

from judgebench.records.flow import Failure, Reply

HIDDEN = "***"
LEAST_IN_REPLIES = 8
"""Characters from which on a secret is looked for in good replies; a shorter one would hit words of answers."""

_LEAST_IN_ERRORS = 4
_LONG = 16
_PLAIN = re.compile(r"[A-Z]?[a-z]+(?:[-_. ][a-z]+)*|[A-Z]+(?:[-_. ][A-Z]+)*|[0-9.,:/-]+")
_SCHEME = re.compile(r"(?:bearer|basic|token|apikey|api-key|key|digest)\s+", re.IGNORECASE)
_BETWEEN_WORDS = re.compile(r"[\s;,=\"]+")
_RUN = re.compile(r"[A-Za-z0-9_-]+")


class Redactor:
    """Takes secrets out of texts, decoded JSON and replies.

    A secret of fewer than 8 characters, and a plain word or number of fewer than 16 (``EMPTY``, ``not-needed``), is
    taken out of errors alone: answers may hold it by chance.

    Args:
        secrets: Values as they are sent or configured.
        shown: Values that may be no secrets, such as those of ordinary headers: they are taken out of errors alone.
    """

    def __init__(self, secrets: Iterable[str], shown: Iterable[str] = ()) -> None:
        forms = {form for secret in secrets for form in _forms(secret)}
        others = {form for secret in shown for form in _forms(secret)}
        self._sure = _longest_first(form for form in forms if _is_sure(form))
        self._in_replies = _pattern(self._sure)
        self._in_errors = _pattern(_longest_first(form for form in forms | others if len(form) >= _LEAST_IN_ERRORS))
        runs = {max(_RUN.findall(form), key=len, default="") for form in self._sure}
        # A run inside of which another stands is found with that one.
        self._runs = tuple(run for run in runs if not any(other != run and other in run for other in runs))
        self._runs_as_bytes = tuple(run.encode() for run in self._runs)

    def suspects(self, body: bytes | str) -> bool:
        """Whether a body or an event may hold a secret, in whatever form; costs one search per secret."""
        if isinstance(body, bytes):
            return any(run in body for run in self._runs_as_bytes)
        for run in self._runs:  # noqa: SIM110 a generator would cost more than the search
            if run in body:
                return True
        return False

    def error(self, text: str) -> str:
        """Return a text for an error or a log without secrets, not even the first half of one at its end."""
        text = self._in_errors.sub(HIDDEN, text) if self._in_errors else text
        return self._without_half(text)

    def failure(self, failure: Failure) -> Failure:
        """Return a failure whose message holds no secret."""
        message = self.error(failure.message)
        return failure if message == failure.message else msgspec.structs.replace(failure, message=message)

    def value(self, value: Any) -> Any:
        """Return decoded JSON without secrets, in keys and in texts; texts of a list that hold one together lose it."""
        texts: dict[tuple[str, ...], list[str]] = {}
        for path, text in _texts(value, ()):
            texts.setdefault(path, []).append(text)
        clean = {path: iter(self._pieces(pieces)) for path, pieces in texts.items()}
        return self._rebuilt(value, (), clean)

    def reply(self, reply: Reply) -> Reply:
        """Return a reply as it may be kept: whatever of it repeats a secret is ``***``."""
        if self._runs:
            tokens = "".join([one.token for one in reply.logprobs]) if reply.logprobs else ""
            finish = reply.finish_reason or ""
            if self.suspects(
                f"{reply.text}\n{reply.reasoning}\n{reply.served_model}\n{reply.fingerprint}\n{finish}\n{tokens}"
            ):
                reply = self._spoken(reply)
            if reply.extra is not None:
                reply = msgspec.structs.replace(reply, extra=self.value(reply.extra))
            if reply.parts:
                reply = msgspec.structs.replace(reply, parts=self.value(reply.parts))
            if reply.text and (reply.finish_reason == "length" or reply.error is not None):
                reply = msgspec.structs.replace(reply, text=self._without_half(reply.text))
        if reply.error is not None:
            reply = msgspec.structs.replace(reply, error=self.failure(reply.error))
        return reply

    def _spoken(self, reply: Reply) -> Reply:
        logprobs = reply.logprobs
        if logprobs:
            tokens = self._pieces([one.token for one in logprobs])
            logprobs = [
                one if one.token == token else msgspec.structs.replace(one, token=token, top={})
                for one, token in zip(logprobs, tokens, strict=True)
            ]
        return msgspec.structs.replace(
            reply,
            text=self._said(reply.text),
            reasoning=self._said(reply.reasoning),
            served_model=self._said(reply.served_model),
            fingerprint=self._said(reply.fingerprint),
            finish_reason=self._said(reply.finish_reason) if reply.finish_reason else reply.finish_reason,
            logprobs=logprobs,
        )

    def _said(self, text: str) -> str:
        return self._in_replies.sub(HIDDEN, text) if self._in_replies else text

    def _without_half(self, text: str) -> str:
        """Return a text that was cut somewhere without the beginning of a secret at its end."""
        body = text.rstrip("…")
        for secret in self._sure:
            at = body.rfind(secret[:LEAST_IN_REPLIES])
            if at >= 0 and secret.startswith(body[at:]):
                return f"{body[:at]}{HIDDEN}{text[len(body) :]}"
        return text

    def _pieces(self, texts: Sequence[str]) -> list[str]:
        """Return the pieces of one text without what they hold of secrets, be it over several of them."""
        if self._in_replies is None:
            return list(texts)
        merged = "".join(texts)
        spans = [found.span() for found in self._in_replies.finditer(merged)]
        if not spans:
            return list(texts)
        pieces, begin, nth = [], 0, 0
        for text in texts:
            end = begin + len(text)
            kept, here = "", begin
            while nth < len(spans) and spans[nth][0] < end:
                start, stop = spans[nth]
                if stop > begin:
                    kept += merged[here : max(start, here)] + (HIDDEN if start >= begin else "")
                    here = min(stop, end)
                if stop > end:
                    break  # the next piece holds more of it
                nth += 1
            pieces.append(kept + merged[here:end])
            begin = end
        return pieces

    def _rebuilt(self, value: Any, path: tuple[str, ...], texts: Mapping[tuple[str, ...], Iterator[str]]) -> Any:
        if isinstance(value, str):
            return next(texts[path])
        if isinstance(value, list):
            return [self._rebuilt(item, path, texts) for item in value]
        if isinstance(value, dict):
            return {self._said(key): self._rebuilt(item, (*path, key), texts) for key, item in value.items()}
        return value


def _texts(value: Any, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], str]]:
    """Yield every text with the keys that lead to it; the texts of a list share one path."""
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item, path)
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from _texts(item, (*path, key))


def _forms(secret: str) -> Iterator[str]:
    """Yield the texts that give a secret away: itself without its scheme, its words, a Basic pair both ways."""
    bare = _SCHEME.sub("", secret.strip(), count=1)
    words = [word for word in _BETWEEN_WORDS.split(bare) if len(word) >= LEAST_IN_REPLIES and word != bare]
    for form in (bare, *words):
        if not form:
            continue
        yield form
        yield unquote(form)
        if pair := _pair(form):
            yield from (pair, pair.partition(":")[2])
        if ":" in form:  # it may be the user and the password of an address, which are sent as a Basic pair
            yield unquote(form).partition(":")[2]
            yield from (base64.b64encode(one.encode()).decode().rstrip("=") for one in (form, unquote(form)))


def _pair(word: str) -> str:
    """Return the ``user:password`` that a word is in base64; empty where it is none."""
    try:
        pair = base64.b64decode(word + "=" * (-len(word) % 4), validate=True).decode()
    except (ValueError, binascii.Error):
        return ""
    return pair if ":" in pair and pair.isprintable() else ""


def _longest_first(forms: Iterable[str]) -> list[str]:
    return sorted(forms, key=len, reverse=True)


def _is_sure(form: str) -> bool:
    return len(form) >= _LONG or (len(form) >= LEAST_IN_REPLIES and not _PLAIN.fullmatch(form))


def _pattern(forms: Sequence[str]) -> re.Pattern[str] | None:
    return re.compile("|".join("".join(map(_any_escape, form)) for form in forms)) if forms else None


def _any_escape(char: str) -> str:
    r"""Return a pattern of one character as it is and as JSON, HTML and addresses escape it."""
    if char.isascii() and (char.isalnum() or char == "_"):
        return char
    code = f"{ord(char):x}"
    escaped = {
        re.escape(char),
        rf"\\*(?:{re.escape(char)}|[uU]0*(?i:{code}))",
        "".join(f"%(?:25)*(?i:{byte:02x})" for byte in char.encode("utf-8", "replace")),
        re.escape(html.escape(char)),
        rf"&\#(?:0*{ord(char)}|[xX]0*(?i:{code}));",
    }
    if char == " ":
        escaped.add(r"\+")
    return f"(?:{'|'.join(sorted(escaped, key=len, reverse=True))})"
