"""What methods share whose next question depends on the last reply: named prompts of ours, one parser for verdicts.

Texts that a model wrote earlier (arguments, criteria, drafts) stand in later prompts between fence lines, like every
candidate's text: they are material, never instruction.
"""

from __future__ import annotations

from typing import Any, ClassVar

import msgspec

from judgebench.content.prompts import as_text, fields_of, fill
from judgebench.errors import ConfigError
from judgebench.judges.core.contract import Ask, Case, JudgeMethod
from judgebench.judges.core.showing import Showing, fence, shown
from judgebench.judges.parsers.reading import as_verdict, parser_of
from judgebench.judges.wrappers.wrapper import method_name
from judgebench.records.flow import Reply, Verdict


class DynamicConfig(Showing, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Keys that these methods share, beside those of ``Showing``.

    Attributes:
        prompts: Prompts in place of ours, by name; they may name the same fields.
        params: Sampling parameters over those of the judge model.
    """

    prompts: dict[str, str] = msgspec.field(default_factory=dict)
    params: dict[str, Any] = msgspec.field(default_factory=dict)


class Scene:
    """One item as the prompts of a method show it.

    Args:
        case: What is judged.
        showing: How it is shown.
        texts: The method's prompts.
    """

    def __init__(self, case: Case, showing: Showing, texts: list[str]) -> None:
        self.case = case
        needed = {name for text in texts for name in fields_of(text)}
        self._seen = shown(case, showing, needed=needed)
        self.unjudged = self._seen.unjudged

    def render(self, template: str, where: str, **texts: Any) -> str:
        """Return a prompt with the item's fields and further texts filled in; the fence is in none of them.

        Raises:
            ConfigError: The template names a field that does not exist.
        """
        fields = {**self._seen.fields, **texts}
        fields["fence"] = fence(self.case, *(as_text(value) for value in fields.values()))
        return fill(template, fields, where=where)


class Dynamic(JudgeMethod):
    """A judge method with named prompts.

    Args:
        config: The method's config.
        prompts: Its prompts by name; those of the config go over them.
        parser: How verdicts are read; ``None`` for methods that read their replies themselves (a JSON list).
    """

    version: ClassVar[int] = 1

    def __init__(self, config: DynamicConfig, *, prompts: dict[str, str], parser: dict[str, Any] | None = None) -> None:
        strange = sorted(set(config.prompts) - set(prompts))
        if strange:
            raise ConfigError(f"method.prompts: there is no prompt {strange[0]!r} (prompts: {', '.join(prompts)}).")
        self._settings = config
        self.texts = {**prompts, **config.prompts}
        self.parser = parser_of(parser or "json_field", where="method.parser")
        self.decisions = self.parser.decisions()
        self._reads = self.parser.identity() if parser else {"parser": "json_list", "version": 1}

    def identity(self) -> dict[str, Any]:
        """Return the prompts, the parser and every other key."""
        keys = {**msgspec.to_builtins(self._settings), "prompts": self.texts, "parser": self._reads}
        return {"method": method_name(self), "version": self.version, **keys}

    def scene(self, case: Case) -> Scene:
        """Return the item as this method's prompts show it."""
        return Scene(case, self._settings, list(self.texts.values()))

    async def put(self, ask: Ask, scene: Scene, name: str, *, presentation: str = "", **texts: Any) -> Reply:
        """Put the question of a name, with further texts for its fields."""
        text = scene.render(self.texts[name], f"method.prompts.{name}", **texts)
        return await ask(
            [{"role": "user", "content": text}], presentation=presentation or name, **self._settings.params
        )

    def decided(self, reply: Reply, **details: Any) -> Verdict:
        """Return the verdict that a reply states."""
        return as_verdict(self.parser.read(reply), **details)
