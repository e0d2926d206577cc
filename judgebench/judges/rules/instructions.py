"""Does an answer follow its instructions? Checked by the programs that were published for it (IFEval, IFBench)."""

from __future__ import annotations

import importlib
import importlib.util
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import lru_cache
from types import ModuleType
from typing import Any, ClassVar

import msgspec

from judgebench.errors import ConfigError
from judgebench.judges.core.contract import Ask, Case, JudgeMethod
from judgebench.judges.rules.verdicts import unread
from judgebench.records.findings import StepVerdict
from judgebench.records.flow import Verdict

LM_EVAL = "lm-eval"
"""As ``checks``: the 25 of IFEval, as the package lm-eval keeps them."""
_INSTALL = "Install it: pip install 'judgebench[ifeval]'"
_REGISTRY = "lm_eval.tasks.ifeval.instructions_registry"


class InstructionsFollowed(JudgeMethod):
    """Correct when every instruction is followed; ``steps`` says of each whether it is, the score what share is.

    An instruction that cannot be checked leaves the answer unparsed. An empty answer follows none.
    Source: J. Zhou et al. (2023), Instruction-Following Evaluation for Large Language Models, arXiv:2311.07911.
    """

    asks: ClassVar[bool] = False

    class Config(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
        """Keys.

        Attributes:
            checks: ``lm-eval``, or the dotted path of a table from an instruction's name to its checker, such as
                ``instructions_registry.INSTRUCTION_DICT`` of a clone of IFBench on ``PYTHONPATH``.
            loose: Whether it is enough that one of eight forms of the answer follows an instruction: with and without
                its first line, its last line and its asterisks.
            instructions: Meta column of the instructions, each with its arguments.
        """

        checks: str = LM_EVAL
        loose: bool = False
        instructions: str = "instructions"

    def __init__(self, config: Config | None = None) -> None:
        self.config = config or self.Config()
        _check_installed(self.config.checks)  # before anything is asked

    async def judge(self, case: Case, ask: Ask) -> Verdict:  # noqa: ARG002 -- rules ask nobody
        """Check every instruction.

        Raises:
            ConfigError: The checks cannot be imported.
        """
        wanted = case.meta.get(self.config.instructions) or []
        if not wanted:
            return unread(case, "the sample has no instructions")
        checkers = checkers_of(self.config.checks)
        forms = loose_forms(case.answer) if self.config.loose else [case.answer]
        steps = []
        for name, arguments in wanted:
            if name not in checkers:
                return unread(case, f"there is no check of the instruction {name!r}")
            try:
                follows = _follows(checkers[name](name), arguments, case, forms)
            except LookupError as error:
                return unread(case, f"{name} cannot be checked: {_lacking(error)}")
            steps.append(StepVerdict(correct=follows))
        followed = sum(step.correct for step in steps)
        decision = "correct" if followed == len(steps) else "incorrect"
        return Verdict(status="ok", decision=decision, score=followed / len(steps), steps=steps)

    def identity(self) -> dict[str, Any]:
        """Return the rule, its options and the version of the checks."""
        from importlib.metadata import PackageNotFoundError, version

        keys = {"rule": "instructions-followed", "revision": 1, **msgspec.to_builtins(self.config)}
        try:
            return {**keys, "lm-eval": version("lm-eval")} if self.config.checks == LM_EVAL else keys
        except PackageNotFoundError:
            return keys


def loose_forms(text: str) -> list[str]:
    """Return the eight forms of an answer, one of which must follow an instruction."""
    lines = text.split("\n")
    cut = [text, *("\n".join(part).strip() for part in (lines[1:], lines[:-1], lines[1:-1]))]
    return [*cut, *(form.replace("*", "") for form in cut)]


def _follows(checker: Any, arguments: Mapping[str, Any], case: Case, forms: list[str]) -> bool:
    checker.build_description(**arguments)
    needed = checker.get_instruction_args()
    if needed and "prompt" in needed:
        checker.build_description(prompt=str(case.fields.get("prompt", "")))
    return any(form.strip() and checker.check_following(form) for form in forms)


def _lacking(error: LookupError) -> str:
    words = " ".join(str(error).split())
    if "punkt" in words:
        return "NLTK's data punkt_tab are missing (get them by: python -m nltk.downloader punkt_tab)"
    return f"{type(error).__name__}: {words[:100]}"


def _check_installed(checks: str) -> None:
    package = "lm_eval" if checks == LM_EVAL else checks.partition(".")[0]
    if not package or importlib.util.find_spec(package) is None:
        if checks == LM_EVAL:
            raise ConfigError("The checks of IFEval need the package lm-eval, which is not installed.", hint=_INSTALL)
        raise ConfigError(
            f"evaluator.checks: {checks!r} names the checks of the instructions, and there is no module {package!r}.",
            hint="Put the project whose checks these are on PYTHONPATH; the dataset's page names it.",
        )


@lru_cache(maxsize=8)
def checkers_of(checks: str) -> Mapping[str, Any]:
    """Return the checkers by the names of their instructions.

    Raises:
        ConfigError: They are not installed, or the path names no such table.
    """
    if checks == LM_EVAL:
        return _of_lm_eval()
    module, _, name = checks.rpartition(".")
    try:
        table = getattr(importlib.import_module(module), name) if module else None
    except (ImportError, AttributeError) as error:
        raise ConfigError(
            f"checks: {checks!r} cannot be imported ({error}).",
            hint="The path names a module and a table in it, such as instructions_registry.INSTRUCTION_DICT.",
        ) from None
    if not isinstance(table, Mapping):
        raise ConfigError(f"checks: {checks!r} is no table from names of instructions to checkers.")
    return table


def _of_lm_eval() -> Mapping[str, Any]:
    found = importlib.util.find_spec("lm_eval")
    assert found is not None
    assert found.submodule_search_locations
    try:
        langdetect, nltk = importlib.import_module("langdetect"), importlib.import_module("nltk")
        langdetect.DetectorFactory.seed = 0  # it answers at random otherwise
        with _without_the_framework(found.submodule_search_locations[0]), _without_downloads(nltk):
            registry = importlib.import_module(_REGISTRY)
    except ImportError as error:
        raise ConfigError(f"The checks of IFEval cannot be imported ({error}).", hint=_INSTALL) from None
    table: Mapping[str, Any] = registry.INSTRUCTION_DICT
    return table


@contextmanager
def _without_the_framework(folder: str) -> Iterator[None]:
    """Stand empty packages in for the parents of the checks, whose own code imports all of lm-eval (and datasets)."""
    parents = ("lm_eval", "lm_eval.tasks", "lm_eval.tasks.ifeval")
    before = {name: sys.modules.get(name) for name in parents}
    for name in parents:
        package = ModuleType(name)
        package.__path__ = [folder + name.replace(".", "/").removeprefix("lm_eval")]
        sys.modules[name] = package
    try:
        yield
    finally:
        for name, module in before.items():
            sys.modules.pop(name) if module is None else sys.modules.update({name: module})


@contextmanager
def _without_downloads(nltk: Any) -> Iterator[None]:
    """Keep the import from loading data from the net; what lacks them is told apart when it is checked."""
    download, nltk.download = nltk.download, lambda *_args, **_keys: False
    try:
        yield
    finally:
        nltk.download = download
