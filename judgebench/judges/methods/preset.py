"""What methods share that are a fixed set of presentations with our own prompt; ``DeclaredJudge`` does the work."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import msgspec

from judgebench.judges.core.contract import Ask, Case, JudgeMethod
from judgebench.judges.core.declared import DeclaredJudge, Presentation
from judgebench.judges.core.showing import Showing
from judgebench.judges.wrappers.wrapper import method_name
from judgebench.records.flow import Prompt, Verdict


class PresetConfig(Showing, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Keys that these methods share, beside those of ``Showing``.

    Attributes:
        prompt: A prompt in place of ours; it may name the same fields.
        parser: A parser in place of ours.
        repeats: How many times each question is asked; more than once needs an ``aggregate``.
        params: Sampling parameters over those of the judge model.
    """

    prompt: list[dict[str, Any]] | str | None = None
    parser: dict[str, Any] | str | None = None
    repeats: int = 1
    params: dict[str, Any] = msgspec.field(default_factory=dict)


class Preset(JudgeMethod):
    """A judge method made of presentations.

    Args:
        config: The method's config.
        presentations: Its questions.
        parser: How replies are read, where the config says nothing else.
        aggregate: How the presentations become one decision.
        params: Sampling parameters that the method needs; those of the config go over them.
        skip_equal: As in ``DeclaredJudge``.
    """

    version: ClassVar[int] = 1

    def __init__(
        self,
        config: PresetConfig,
        *,
        presentations: Sequence[Presentation],
        parser: dict[str, Any],
        aggregate: dict[str, Any],
        params: dict[str, Any] | None = None,
        skip_equal: str = "",
    ) -> None:
        showing = {name: getattr(config, name) for name in Showing.__struct_fields__}
        self._declared = DeclaredJudge(
            DeclaredJudge.Config(
                presentations=list(presentations),
                parser=config.parser if config.parser is not None else parser,
                aggregate=aggregate,
                repeats=config.repeats,
                params={**(params or {}), **config.params},
                skip_equal=skip_equal,
                **showing,
            )
        )
        self.needs_logprobs = self._declared.needs_logprobs
        self.decisions = self._declared.decisions
        self.parsers = self._declared.parsers
        self.scale = self._declared.scale

    def identity(self) -> dict[str, Any]:
        """Return prompts, parser, aggregation and everything else that decides the verdict."""
        return {**self._declared.identity(), "method": method_name(self), "version": self.version}

    def prompts(self, case: Case) -> list[tuple[str, Prompt]]:
        """Return the rendered prompts by presentation, for a look before anything is sent.

        Raises:
            ConfigError: A prompt names a field that does not exist.
        """
        return self._declared.prompts(case)

    async def judge(self, case: Case, ask: Ask) -> Verdict:
        """Ask all presentations at once and aggregate what their replies say.

        Raises:
            ConfigError: A prompt names a field that does not exist.
        """
        return await self._declared.judge(case, ask)
