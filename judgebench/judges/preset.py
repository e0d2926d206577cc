"""What judge methods share that are a fixed set of views with a prompt of ours: they only choose, ``Viewed`` does."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import msgspec

from judgebench.judges.asking import Ask, JudgeItem, JudgeMethod
from judgebench.judges.showing import Showing
from judgebench.judges.viewed import View, Viewed
from judgebench.judges.wrapper import method_name
from judgebench.records import Prompt, Verdict


class PresetConfig(Showing, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Keys that these methods share, beside those of ``Showing``.

    Attributes:
        prompt: A prompt in place of ours; it may name the same fields.
        grammar: A grammar in place of ours.
        repeats: How many times each question is asked; more than once needs a ``fold``.
        params: Sampling parameters over those of the judge model.
    """

    prompt: list[dict[str, Any]] | str | None = None
    grammar: dict[str, Any] | str | None = None
    repeats: int = 1
    params: dict[str, Any] = msgspec.field(default_factory=dict)


class Preset(JudgeMethod):
    """A judge method made of views.

    Args:
        config: The method's config.
        views: Its questions.
        grammar: How replies are read, where the config says nothing else.
        fold: How the views become one decision.
        params: Sampling parameters that the method needs; those of the config go over them.
        skip_equal: As in ``Viewed``.
    """

    version: ClassVar[int] = 1

    def __init__(
        self,
        config: PresetConfig,
        *,
        views: Sequence[View],
        grammar: dict[str, Any],
        fold: dict[str, Any],
        params: dict[str, Any] | None = None,
        skip_equal: str = "",
    ) -> None:
        showing = {field.name: getattr(config, field.name) for field in msgspec.structs.fields(Showing)}
        self._viewed = Viewed(
            Viewed.Config(
                views=list(views),
                grammar=config.grammar if config.grammar is not None else grammar,
                fold=fold,
                repeats=config.repeats,
                params={**(params or {}), **config.params},
                skip_equal=skip_equal,
                **showing,
            )
        )
        self.needs_logprobs = self._viewed.needs_logprobs
        self.labels = self._viewed.labels
        self.grammars = self._viewed.grammars
        self.scale = self._viewed.scale

    def identity(self) -> dict[str, Any]:
        """Return prompts, grammar, fold and everything else that decides the verdict."""
        return {**self._viewed.identity(), "method": method_name(self), "version": self.version}

    def prompts(self, item: JudgeItem) -> list[tuple[str, Prompt]]:
        """Return the rendered prompts by view, for a look before anything is sent.

        Raises:
            ConfigError: A prompt names a field that does not exist.
        """
        return self._viewed.prompts(item)

    async def judge(self, item: JudgeItem, ask: Ask) -> Verdict:
        """Ask all views at once and fold what their replies say.

        Raises:
            ConfigError: A prompt names a field that does not exist.
        """
        return await self._viewed.judge(item, ask)
