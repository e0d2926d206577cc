"""The label that a model writes for a text, and that no text is asked about twice."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from judgebench.content.prompts import PromptKind
from judgebench.records.flow import Failure, Reply, Request, TokenLogprob
from judgebench.training.asking import KeptLabels, labels_in_words


class Says:
    """A client whose replies are known by the first word of the prompt; others fail. ``texts`` has what it was sent."""

    def __init__(self, **replies: Reply) -> None:
        self.replies = replies
        self.texts: list[str] = []

    async def ask(self, request: Request) -> Reply:
        """Return the reply to a prompt."""
        prompt = request.prompt if isinstance(request.prompt, str) else request.prompt[0]["content"]
        self.texts.append(str(prompt).split()[0])
        failed = Reply(status="failed", error=Failure(kind="timeout", message="too late"))
        return self.replies.get(self.texts[-1], failed)


def first_token(**top: float) -> Reply:
    return Reply(status="ok", text=" x", logprobs=[TokenLogprob(token="x", logprob=-9.0, top=top)])


def labels(
    client: Says, texts: Sequence[str], file: Path, *, kind: PromptKind = "text", model: str = "one",
    classes: Sequence[Any] = (0, 1),
) -> list[Any]:  # fmt: skip
    kept = KeptLabels(file, model)
    return asyncio.run(labels_in_words(client, kind, texts, classes, at_once=2, kept=kept))  # type: ignore[arg-type]


def test_the_most_probable_label_of_the_first_token_counts(tmp_path: Path) -> None:
    client = Says(a=first_token(**{" 0": -1.0, " 1": -2.0}), b=first_token(**{"1": -3.0}), c=first_token(x=-0.1))
    assert labels(client, ["a", "b", "c"], tmp_path / "asked.jsonl") == [0, 1, None]


def test_the_first_label_of_a_chat_reply_counts(tmp_path: Path) -> None:
    client = Says(a=Reply(status="ok", text="It is good, not bad."), b=Reply(status="ok", text="goodness"))
    found = labels(client, ["a", "b"], tmp_path / "asked.jsonl", kind="messages", classes=["bad", "good"])
    assert found == ["good", None]


def test_what_was_asked_is_not_asked_again_and_what_failed_or_is_damaged_is(tmp_path: Path) -> None:
    file = tmp_path / "features" / "asked.jsonl"
    client = Says(a=first_token(**{" 0": -1.0}), c=first_token(x=-0.1))
    assert labels(client, ["a", "b", "c"], file) == [0, None, None]
    kept = file.read_bytes()
    file.write_bytes(b'{"key": 7, "damaged\n\xff\n' + kept + b'{"key": "torn')
    again = Says(b=first_token(**{" 1": -1.0}))
    assert labels(again, ["a", "b", "c"], file) == [0, 1, None]
    assert again.texts == ["b"]
    assert labels(Says(), ["a", "b", "c"], file) == [0, 1, None]
    other = Says()
    assert labels(other, ["a"], file, model="two") == [None], "another model"
    assert labels(other, ["a"], file, classes=[0, 1, 2]) == [None], "other labels"
    assert other.texts == ["a", "a"]
