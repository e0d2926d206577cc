"""``judgebench.open_judge``: a judge as a function of Python, and as the reward of a trainer."""

from __future__ import annotations

import asyncio
import logging
import os
import random
import threading
from collections.abc import Coroutine, Sequence
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Any, TypeVar

from judgebench.errors import UsageError
from judgebench.session import trying

if TYPE_CHECKING:
    from types import TracebackType

    from judgebench.records.request import Selection
    from judgebench.records.spending import Limits
    from judgebench.stages.one_judgment import OneJudgment, ReadyJudge

logger = logging.getLogger(__name__)

T = TypeVar("T")


def open_judge(
    judge: str | os.PathLike[str],
    *,
    abbr: str = "",
    config_dirs: Sequence[str | os.PathLike[str]] = (),
    overrides: Sequence[str] = (),
    cache: str | os.PathLike[str] = "",
    max_calls: int | None = None,
    max_tokens: int | None = None,
) -> OpenJudge:
    """Return a judge that looks at answers when it is called; to be closed, or used with ``with``.

    Args:
        judge: Name of a judge or model config, or a ``.py`` file.
        abbr: Which judge, where it names several.
        config_dirs: Folders of your own configs.
        overrides: Changes of config values, ``KEY=VALUE``.
        cache: Folder in which replies are kept; empty for none. Within one opening, a question is asked once where the
            temperature is 0.
        max_calls: Most requests.
        max_tokens: Most tokens, read and written.

    Raises:
        JudgebenchError: The judge cannot be used.
    """
    from judgebench.records.request import Selection
    from judgebench.records.spending import Limits

    selection = Selection(
        judges=[os.fspath(judge)], config_dirs=[os.fspath(one) for one in config_dirs], overrides=list(overrides)
    )
    limits = Limits(calls=max_calls, tokens=max_tokens)
    return OpenJudge(selection, abbr, os.fspath(cache), limits if limits.names else None)


class OpenJudge:
    """A judge that looks at answers when it is called; made by ``judgebench.open_judge``.

    Its calls may come from any thread. The judge works in a thread of its own.
    """

    def __init__(self, selection: Selection, abbr: str, cache: str, limits: Limits | None) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="judgebench-judge", daemon=True)
        self._thread.start()
        self._stack = AsyncExitStack()

        async def opened() -> ReadyJudge:
            ready = await self._stack.enter_async_context(
                trying.open_judge(
                    selection, logger.info, abbr=abbr, dedup=True, cache=cache,
                    limits=limits,
                )
            )  # fmt: skip
            await ready.open()
            return ready

        try:
            self._ready: ReadyJudge = self._wait(opened())
        except BaseException:
            self.close()
            raise

    def __call__(
        self,
        answer: str | Sequence[str],
        *,
        question: str | None = None,
        reference: str | list[str] | None = None,
        **fields: Any,
    ) -> OneJudgment:
        """Return the judgment on an answer, or on several that are compared.

        Args:
            answer: One answer, or a list of them.
            question: What was asked.
            reference: The right answer.
            **fields: Further fields that the judge's prompts show.

        Raises:
            UsageError: The judge shows something that was not given, or has no use for it.
            EndpointError: Its service can serve nobody.
            LimitReachedError: What may be spent is spent.
        """
        return self._wait(self._judge(answer, question, reference, fields))

    def rewards(self, prompts: Sequence[Any], completions: Sequence[Any], **columns: Any) -> list[float | None]:
        """Return a reward for each completion, as TRL's trainers take one in ``reward_funcs``.

        The reward is the judge's score, or 1 and 0 for right and wrong. Without a verdict it is ``None``, which TRL
        leaves out: an unread verdict is never a 0.

        Args:
            prompts: Texts, or lists of messages.
            completions: Likewise, one for each prompt.
            **columns: Columns of the dataset, one value for each prompt: ``reference`` is the right answer, each other
                list of texts a field that prompts may show. What else a trainer passes is left aside.

        Raises:
            JudgebenchError: As for a single answer.
        """
        rows = _rows(len(completions), columns)
        return [
            one.number
            for one in self._all(
                (_last(completion), _last(prompt), row.pop("reference", None), row)
                for prompt, completion, row in zip(prompts, completions, rows, strict=True)
            )
        ]

    def ranks(
        self, prompts: Sequence[Any], completions: Sequence[Sequence[Any]], shuffle_order: bool = True
    ) -> list[int]:
        """Return which of two completions is better, as TRL's pairwise judges do: 0, 1, or -1 without a verdict.

        A tie is -1 too: nothing tells the two apart.

        Args:
            prompts: Texts, or lists of messages.
            completions: Two completions for each prompt.
            shuffle_order: Show the second completion first for half of the prompts (the same ones for equal prompts).
                A judge that is asked in both orders gains nothing by it.

        Raises:
            JudgebenchError: As for a single answer.
        """
        chance = random.Random(0)
        turned = [shuffle_order and chance.random() < 0.5 for _ in prompts]
        judgments = self._all(
            ([_last(one) for one in (pair[::-1] if turn else pair)], _last(prompt), None, {})
            for prompt, pair, turn in zip(prompts, completions, turned, strict=True)
        )
        numbers = {"A": 0, "B": 1}
        found = [numbers.get(one.verdict.decision or "", -1) if one.verdict.status == "ok" else -1 for one in judgments]
        return [1 - place if turn and place >= 0 else place for place, turn in zip(found, turned, strict=True)]

    def close(self) -> None:
        """End the judge, and its service where it was launched."""
        if not self._loop.is_closed():
            try:
                self._wait(self._stack.aclose())
            finally:
                self._loop.call_soon_threadsafe(self._loop.stop)
                self._thread.join()
                self._loop.close()

    def __enter__(self) -> OpenJudge:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _wait(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()

    def _all(self, cases: Any) -> list[OneJudgment]:
        async def work() -> list[OneJudgment]:
            return list(await asyncio.gather(*(self._judge(*case) for case in cases)))

        return self._wait(work())

    async def _judge(
        self, answer: str | Sequence[str], question: str | None, reference: Any, fields: dict[str, Any]
    ) -> OneJudgment:
        from judgebench.content.prompts import MissingFieldError
        from judgebench.stages.one_judgment import case_by_hand

        answers = [answer] if isinstance(answer, str) else list(answer)
        if not answers:
            raise UsageError("There is no answer to judge.")
        shown = fields if question is None else {**fields, "question": question}
        try:
            return await self._ready.judge(case_by_hand(shown, answers, reference, [], ""))
        except MissingFieldError as error:
            raise UsageError(
                f"The judge {self._ready.config.abbr!r} shows {{{error.field}}}, which was not given.",
                hint=f"Give it as: {error.field}=...",
            ) from error


def _last(text: Any) -> str:
    """Return a text, or that of the last message."""
    if isinstance(text, str):
        return text
    return str(text[-1].get("content", "")) if text else ""


def _rows(number: int, columns: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the columns row by row; those that are no list of one text for each row are left aside."""
    kept = {
        name: values
        for name, values in columns.items()
        if isinstance(values, list | tuple) and len(values) == number and all(isinstance(one, str) for one in values)
    }
    return [{name: values[at] for name, values in kept.items()} for at in range(number)]
