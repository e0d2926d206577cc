"""A gate as the command line or a TOML file gives it: its conditions and allowed drops, in three tiers."""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from pathlib import Path
from typing import Literal, NamedTuple

import msgspec

from judgebench.errors import ConfigError, UsageError
from judgebench.report.allowed_drops import AllowedDrop, parse_drop
from judgebench.report.conditions import Condition, parse_condition, percent_slip

Tier = Literal["critical", "supporting", "advisory"]
"""``critical``: must be shown to hold. ``supporting``: must not be shown to be broken. ``advisory``: is only told."""
Missing = Literal["cannot tell", "fail", "ignore"]
"""What a rule about a result that is not there, or is no number, decides."""
KEYS = "min, max, min_scored, max_drop, baseline, on, missing, supporting and advisory"


class GateRule(NamedTuple):
    """One line of a gate."""

    that: Condition | AllowedDrop
    tier: Tier


class TierRules(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The lines of one tier.

    Attributes:
        min: Conditions with ``>=`` or ``>``.
        max: Conditions with ``<=`` or ``<``.
        min_scored: Least share of scored items of every result, in percent.
        max_drop: Drops from the baseline that are allowed, such as ``aime2025-judge.accuracy=2``.
    """

    min: list[str] = []
    max: list[str] = []
    min_scored: float | None = None
    max_drop: list[str] = []

    def lines(self, tier: Tier) -> Iterator[GateRule]:
        """Yield the parsed lines.

        Raises:
            UsageError: One cannot be read, or asks for what cannot be.
        """
        for text in self.min:
            yield GateRule(parse_condition(text, "min"), tier)
        for text in self.max:
            yield GateRule(parse_condition(text, "max"), tier)
        if self.min_scored is not None:
            if slip := percent_slip(self.min_scored, least=True):
                raise UsageError(f"min_scored = {self.min_scored:g}: {slip}.", hint="For example: min_scored = 98")
            yield GateRule(Condition("scored", ">=", self.min_scored), tier)
        for text in self.max_drop:
            yield GateRule(parse_drop(text), tier)

    def with_more(self, other: TierRules) -> TierRules:
        """Return the lines of both; the other's ``min_scored`` comes first."""
        return TierRules(
            min=[*self.min, *other.min],
            max=[*self.max, *other.max],
            min_scored=self.min_scored if other.min_scored is None else other.min_scored,
            max_drop=[*self.max_drop, *other.max_drop],
        )


class GateConditions(TierRules, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A whole gate; the lines that stand in it directly are critical.

    Attributes:
        baseline: What drops are measured from: a run (its folder, or its name in the folder of the other run), or a
            baseline file (``*.json``).
        on: Decide on the whole 95% interval, or on the value alone.
        missing: What a rule about a missing number decides.
        supporting: Lines that fail the gate where they are broken; that one cannot tell stops nobody.
        advisory: Lines that are told and decide nothing.
    """

    baseline: str = ""
    on: Literal["interval", "value"] = "interval"
    missing: Missing = "cannot tell"
    supporting: TierRules = TierRules()
    advisory: TierRules = TierRules()

    def rules(self) -> list[GateRule]:
        """Return every line.

        Raises:
            UsageError: A line that cannot be read or asks for what cannot be, none at all (such a gate would pass
                everything), or drops without a baseline.
        """
        found = [
            *self.lines("critical"),
            *self.supporting.lines("supporting"),
            *self.advisory.lines("advisory"),
        ]
        if all(rule.tier == "advisory" for rule in found):
            raise UsageError(
                "The gate has no condition that counts, so it would pass everything."
                if found
                else "The gate has no condition, so it would pass everything.",
                hint="For example: jb gate latest --min 'aime2025-judge.accuracy>=80' --min-scored 98",
            )
        wants = any(wants_baseline(rule.that) for rule in found)
        if wants != bool(self.baseline):
            given, lacking = ("--max-drop", "--baseline") if wants else ("--baseline", "--max-drop")
            raise UsageError(
                f"{given} needs {lacking}.", hint="For example: --baseline RUN --max-drop 'aime2025-judge.accuracy=2'"
            )
        return found

    def merged(self, other: GateConditions) -> GateConditions:
        """Return both gates' lines; what the other says beside them comes first."""
        lines = msgspec.structs.asdict(self.with_more(other))
        return GateConditions(
            **lines,
            baseline=other.baseline or self.baseline,
            on=self.on,
            missing=self.missing,
            supporting=self.supporting.with_more(other.supporting),
            advisory=self.advisory.with_more(other.advisory),
        )


JUDGE_SHIFT = "judge_shift"
"""The judge's drift on the answers that are the same in the baseline."""
BY_LABELS = ("label_agreement", "label_kappa", "label_ac1", "human_ceiling", "winning_rate", "advantage")
"""What labels say of the judge; the last two are of the alternative annotator test."""


AGAIN_RATE = "again_rate"
"""How often the judge decides otherwise when it is asked again about the same answer."""


def asks_again(that: Condition | AllowedDrop) -> bool:
    """Return whether a line asks how often the judge decides otherwise when it is asked again."""
    return isinstance(that, Condition) and that.target.endswith(f".{AGAIN_RATE}")


def asks_shift(that: Condition | AllowedDrop) -> bool:
    """Return whether a line asks how far the judge moved."""
    return isinstance(that, Condition) and that.target.endswith(f".{JUDGE_SHIFT}")


def asks_labels(that: Condition | AllowedDrop) -> bool:
    """Return whether a line asks what labels say of the judge."""
    return isinstance(that, Condition) and that.target.rpartition(".")[2] in BY_LABELS


def wants_baseline(that: Condition | AllowedDrop) -> bool:
    """Return whether a line is measured from the baseline."""
    return isinstance(that, AllowedDrop) or asks_shift(that)


def is_baseline_file(name: str) -> bool:
    """Return whether a baseline is a file rather than a run."""
    return name.endswith(".json")


def read_conditions(path: Path) -> GateConditions:
    """Read a gate from a TOML file with the keys of ``GateConditions``.

    A baseline file that it names is looked for beside it.

    Raises:
        ConfigError: It is missing, no TOML, or has unknown keys or wrong types.
    """
    try:
        found = msgspec.toml.decode(path.read_bytes().removeprefix(codecs.BOM_UTF8), type=GateConditions)
    except OSError as error:
        reason = error.strerror or str(error)
    except (msgspec.MsgspecError, UnicodeDecodeError, ValueError) as error:
        reason = str(error)
    except RecursionError:
        reason = "it is nested too deeply"
    else:
        if not is_baseline_file(found.baseline):
            return found
        beside = path.absolute().parent / Path(found.baseline).expanduser()
        return msgspec.structs.replace(found, baseline=str(beside))
    raise ConfigError(
        f"The gate file {path} cannot be used: {reason}.",
        hint=f"Its keys are {KEYS}; see docs/gate.md.",
    )
