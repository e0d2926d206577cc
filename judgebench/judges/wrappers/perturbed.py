r"""What a bias test changes about a judged item: the contract of perturbations.

A perturbation is a pure function of an item and a seed. It gives the changed item, towards what a biased judge would
move (the target), and what an unbiased one must do. One is a class in a file of its own in ``perturbations/``::

    class Bandwagon(OneAnswer):
        def changed(self, text: str, dice: random.Random) -> str | None:
            return f"{text}\n\n(Most people who were asked chose this answer.)"

Whatever is inserted stands inside the answers, never in the question or in the judge's words: an answer is where it is
whichever order, prompt or method shows it.
"""

from __future__ import annotations

import inspect
import random
import re
from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar, Literal

import msgspec

from judgebench import plugins
from judgebench.errors import ConfigError
from judgebench.judges.core.contract import Case
from judgebench.records.findings import Expects, Target

Kind = Literal["pair", "point", "list"]
"""Two answers to compare, one to grade or check, or more than two."""


class Perturbed(msgspec.Struct, frozen=True, kw_only=True):
    """A changed item.

    Attributes:
        case: What the judge is shown instead.
        target: Towards what a biased judge would move, in the frame of the unchanged item.
        expects: What an unbiased judge does.
        mirrored: Whether the two answers stand in each other's place, so that the verdict is mirrored back.
        keeps_gold: Whether the gold decision holds for the changed item as well.
    """

    case: Case
    target: Target = ""
    expects: Expects = "invariant"
    mirrored: bool = False
    keeps_gold: bool = True


class NoKeys(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The keys of a perturbation that has none."""


class Perturbation(ABC):
    """A named change of judged items; see the module's docstring.

    Attributes:
        kinds: The kinds of items that it makes sense for.
        version: Raised when its text or its rule changes: another question is then asked, and results differ.
    """

    Config: ClassVar[type[msgspec.Struct]] = NoKeys
    kinds: ClassVar[tuple[Kind, ...]] = ("pair", "point")
    version: ClassVar[int] = 1

    def __init__(self, config: msgspec.Struct) -> None:
        self.settings = config

    @property
    def name(self) -> str:
        """Its name in configs, presentations and figures: ``NullAnswer`` is ``null_answer``."""
        return re.sub(r"(?<!^)(?=[A-Z])", "_", type(self).__name__).lower()

    def identity(self) -> dict[str, Any]:
        """Return what decides the changed item, as JSON values."""
        return {"perturbation": self.name, "version": self.version, **msgspec.to_builtins(self.settings)}

    @abstractmethod
    def perturb(self, case: Case, seed: int) -> Perturbed | None:
        """Return the changed item; ``None`` where there is nothing in the item that it could change."""

    def dice(self, case: Case, seed: int) -> random.Random:
        """Return a generator that depends on the item's content, the seed and the perturbation, and on nothing else."""
        return random.Random(f"{seed} {self.name} {case.uid}")


class OneAnswer(Perturbation):
    """A perturbation of one answer: of a pair the one that is drawn, so that both places are equally frequent."""

    expects: ClassVar[Expects] = "invariant"

    def perturb(self, case: Case, seed: int) -> Perturbed | None:
        """Return the item with one answer changed, which is the target."""
        dice = self.dice(case, seed)
        first = dice.random() < 0.5 or case.baseline is None
        text = case.answer if first or case.baseline is None else case.baseline
        changed = self.changed(text, dice) if text.strip() else None
        if changed is None or changed == text:
            return None
        return Perturbed(
            case=with_answer(case, changed, first=first), target=target(case, first=first), expects=self.expects
        )

    @abstractmethod
    def changed(self, text: str, dice: random.Random) -> str | None:
        """Return another text for an answer; ``None`` where there is nothing to change."""


def kind_of(case: Case) -> Kind:
    """Return what kind of item a judge decides about."""
    if len(case.answers) > 2:
        return "list"
    return "point" if case.baseline is None else "pair"


def target(case: Case, *, first: bool) -> Target:
    """Return the target that means "in favour of this answer"."""
    if case.baseline is None:
        return "better"
    return "A" if first else "B"


def with_answer(case: Case, text: str, *, first: bool = True) -> Case:
    """Return an item with another text as its first or its second answer."""
    answers = [text if (place == 0) is first else one for place, one in enumerate(case.answers)]
    if first:
        return msgspec.structs.replace(case, answer=text, answers=answers)
    return msgspec.structs.replace(case, baseline=text, answers=answers)


def shipped() -> list[str]:
    """Return the names of the perturbations of this package."""
    return sorted(plugins.shipped("perturbations"))


def perturbation_of(spec: str | Mapping[str, Any], *, where: str) -> tuple[str, Perturbation]:
    """Make a perturbation from its name or from ``dict(type=..., ...)``, with the name by which its figures go.

    Args:
        spec: ``"bandwagon"``, or a dict whose ``type`` is such a name or a dotted path; a ``name`` in it tells apart
            several of one type.
        where: The config key, for errors.

    Raises:
        ConfigError: There is no such perturbation, or a key is unknown or of the wrong type.
    """
    kind, options = plugins.split(spec, where=where)
    called = options.pop("name", "")
    made: Perturbation = plugins.make(kind, options, "perturbations", where=where)
    name = called or made.name
    if not isinstance(name, str) or not re.fullmatch(r"\w+", name):
        raise ConfigError(f"{where}.name: a word was expected (letters, digits and _), not {name!r:.60}.")
    return name, made


def does(perturbation: Perturbation) -> str:
    """Return the first line of a perturbation's docstring."""
    return (inspect.getdoc(type(perturbation)) or "").partition("\n")[0]
