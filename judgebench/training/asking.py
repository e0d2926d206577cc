"""The same model asked in words: what a probe is compared with. Its labels are kept in a file as they come."""

from __future__ import annotations

import asyncio
import hashlib
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

from judgebench.content.prompts import PromptKind, fit
from judgebench.models.contract import Client
from judgebench.records.flow import Reply, Request
from judgebench.store.journal import make_folder
from judgebench.training.kept_lines import keep_line, kept_lines

_ENDING = "\n\nReply with one of these and nothing else: {labels}.\nReply:"


class LabelLine(msgspec.Struct, frozen=True):
    """A label that the model wrote for a text.

    Attributes:
        key: Of the model, the prompt, its parameters and the labels. ``label``: ``None`` where the reply names none.
    """

    key: str
    label: Any


class KeptLabels:
    """Labels by what was asked, in a file that grows as they come.

    Args:
        file: Made with its folder where it is missing.
        model: What makes the model the same.
    """

    def __init__(self, file: Path, model: Any) -> None:
        make_folder(file.parent)
        self._file, self._model = file, model
        self.known: dict[str, Any] = {line.key: line.label for line in kept_lines(file, LabelLine)}

    def key(self, *question: Any) -> str:
        """Return what the label of a question is known by."""
        return hashlib.sha256(msgspec.json.encode([self._model, *question], order="deterministic")).hexdigest()

    def add(self, key: str, label: Any) -> None:
        """Keep a label."""
        self.known[key] = label
        keep_line(self._file, LabelLine(key, label))


async def labels_in_words(
    client: Client, kind: PromptKind, texts: Sequence[str], classes: Sequence[Any], *, at_once: int, kept: KeptLabels
) -> list[Any]:
    """Return the label that the model writes for each text; ``None`` where it writes none.

    A completion service is asked for the probabilities of its first token, and the most probable label counts: a base
    model writes anything. A chat service is asked for a reply, in which the first label counts. What is kept is not
    asked again.

    Raises:
        EndpointError: The service can serve nobody.
    """
    gate = asyncio.Semaphore(max(1, at_once))
    ending = _ENDING.format(labels=", ".join(str(one) for one in classes))
    more = {"logprobs": 50, "max_tokens": 1} if kind == "text" else {"max_tokens": 64}

    async def one(text: str) -> Any:
        async with gate:
            prompt = fit(text + ending, kind)
            key = kept.key(prompt, more, classes)
            if key not in kept.known:
                reply = await client.ask(Request(prompt=prompt, params={"temperature": 0.0, **more}))
                if reply.status != "ok":
                    return None
                kept.add(key, _label(reply, classes))
            return kept.known[key]

    return list(await asyncio.gather(*(one(text) for text in texts)))


def _label(reply: Reply, classes: Sequence[Any]) -> Any:
    if reply.logprobs:
        top = reply.logprobs[0].top or {reply.logprobs[0].token: reply.logprobs[0].logprob}
        of_class = {
            label: max((value for token, value in top.items() if _begins(str(label), token)), default=None)
            for label in classes
        }
        known = {label: value for label, value in of_class.items() if value is not None}
        return max(known, key=lambda label: known[label]) if known else None
    matches = {label: re.search(rf"(?<!\w){re.escape(str(label))}(?!\w)", reply.text) for label in classes}
    met = {label: found.start() for label, found in matches.items() if found is not None}
    return min(met, key=lambda label: met[label]) if met else None


def _begins(label: str, token: str) -> bool:
    piece = token.strip()
    return bool(piece) and label.lower().startswith(piece.lower())
