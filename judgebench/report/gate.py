"""Decides whether a run is good enough: conditions and drops from a baseline, in tiers, with one outcome of three.

A rule that is not broken fails with a chance of at most 5% for the whole gate: several rules share it by Holm's method.
That all of them pass by chance needs each of them to do so, so nothing is shared there.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from judgebench.errors import ExitCode, UsageError
from judgebench.metrics.statistics.multiple import holm
from judgebench.report.allowed_drops import AllowedDrop
from judgebench.report.checks import Check, Decision, check, shared_by_several
from judgebench.report.conditions import RowFacts, address
from judgebench.report.current import Plans
from judgebench.report.gate_facts import facts_of
from judgebench.report.gate_file import (
    GateConditions,
    GateRule,
    Missing,
    asks_again,
    asks_labels,
    asks_shift,
    is_baseline_file,
    read_conditions,
    wants_baseline,
)
from judgebench.store.run_folder import RunFolder

if TYPE_CHECKING:
    from judgebench.report.drops import Sides
    from judgebench.trust.baselines import BaselineSides, Name

ALPHA = 0.05
"""The chance that a gate on which nothing is broken fails."""


class GateOutcome(NamedTuple):
    """What a gate decided.

    Attributes:
        decision: ``fail`` if a critical or supporting rule fails, else ``cannot tell`` if a critical one cannot be
            decided, else ``pass``.
        exit_code: 0, 5 or 6.
        text: The decisions for a terminal; free of control codes.
        path: The run folder.
        baseline: What drops were measured from; empty without one.
    """

    run: str
    checks: list[Check]
    decision: Decision
    exit_code: ExitCode
    text: str
    path: str = ""
    baseline: str = ""


def gate_run(run_dir: Path, conditions: Path | GateConditions, *, update_baseline: bool = False) -> GateOutcome:
    """Apply a gate to a run on disk.

    Args:
        run_dir: The run folder.
        conditions: The conditions, or a TOML file of them.
        update_baseline: Whether this run becomes the baseline file that the gate names; its drops are then not
            decided. A file that is not there is written anyhow.

    Raises:
        ConfigError: The file cannot be used.
        UsageError: A condition cannot be read, there is none, or the baseline is the run itself.
        UnknownNameError: A condition matches nothing in the run.
        ReuseError: The folder holds no result.
    """
    gate = conditions if isinstance(conditions, GateConditions) else read_conditions(conditions)
    rules, run = gate.rules(), RunFolder(run_dir)
    facts = _facts(run, gate, rules)
    baseline, note = _baseline(gate, run, update=update_baseline)
    if update_baseline:
        rules = [rule for rule in rules if not wants_baseline(rule.that)]
    checks = _checks(run, gate, rules, facts, baseline)
    decision = overall(checks) if rules else "pass"
    codes = {"pass": ExitCode.DONE, "fail": ExitCode.GATE_FAILED, "cannot tell": ExitCode.GATE_UNDECIDED}
    name = baseline.name if baseline is not None else ""
    text = _as_text(checks, decision, note)
    return GateOutcome(run.timestamp, checks, decision, codes[decision], text, str(run.path), name)


def _baseline(gate: GateConditions, run: RunFolder, *, update: bool) -> tuple[BaselineSides | None, str]:
    """Return what drops are measured from, and a line about a baseline file that was written."""
    if not gate.baseline and not update:
        return None, ""
    from judgebench.trust.baselines import baseline_of, read_baseline, sides_of_run, write_baseline

    if is_baseline_file(gate.baseline):
        place = Path(gate.baseline).expanduser()
        if place.exists() and not update:
            return read_baseline(place), ""
        there = write_baseline(place, baseline_of(run))
        note = f"Baseline: {place} is {'made anew' if there else 'written'} from this run; commit it."
        return None, note + (" The drops are not decided." if update else "")
    if update:
        raise UsageError(
            "--update-baseline needs a baseline file, and not a run.",
            hint="For example: --baseline baseline.json --update-baseline",
        )
    folder = baseline_folder(gate, run.path.parent)
    if folder.samefile(run.path):
        raise UsageError(
            f"The baseline {gate.baseline!r} is the run itself, which never drops.",
            hint="Name the run that was before by its timestamp or its folder.",
        )
    return sides_of_run(RunFolder(folder)), ""


def baseline_folder(gate: GateConditions, beside: Path) -> Path:
    """Return the run folder that a gate measures drops from.

    Args:
        gate: The gate.
        beside: The folder in which it is looked for by its name.

    Raises:
        ReuseError: There is none.
    """
    from judgebench.store.runs import existing_run

    return existing_run(beside, gate.baseline).path


def check_baseline(gate: GateConditions, beside: Path) -> None:
    """Refuse a gate whose baseline cannot be used; a file that is not there yet will be written.

    Raises:
        ReuseError: There is no such run.
        ConfigError: The file is no baseline file.
    """
    if not is_baseline_file(gate.baseline):
        baseline_folder(gate, beside)
    elif Path(gate.baseline).expanduser().exists():
        from judgebench.trust.baselines import read_baseline

        read_baseline(Path(gate.baseline).expanduser())


def overall(checks: Sequence[Check]) -> Decision:
    """Return the decision of a whole gate: a failure outranks an undecided condition."""
    counting = [one for one in checks if one.tier != "advisory"]
    if any(one.decision == "fail" for one in counting):
        return "fail"
    if not any(one.decision == "pass" for one in counting):
        return "cannot tell"
    return (
        "cannot tell" if any(one.decision == "cannot tell" and one.tier == "critical" for one in counting) else "pass"
    )


def _facts(run: RunFolder, gate: GateConditions, rules: Sequence[GateRule]) -> list[RowFacts]:
    """Return what the run offers, with what labels say where that is asked for or corrects a score."""
    facts = facts_of(run.path)
    if any(asks_again(rule.that) for rule in rules):
        from judgebench.report.trust_figures import with_askings

        facts = with_askings(run, facts)
    figures = any(asks_labels(rule.that) for rule in rules)
    if figures or (gate.on == "interval" and (run.path / "labels").is_dir()):
        from judgebench.report.trust_figures import with_labels

        return with_labels(run, facts, figures=figures)
    return facts


def _why_unusable(gate: GateConditions, beside: Path) -> dict[Name, str]:
    """Return the rows of a baseline that is a run, each with the reason why nothing can be decided on it."""
    if is_baseline_file(gate.baseline):
        return {}
    return {(one.model, one.row): one.why for one in facts_of(baseline_folder(gate, beside)) if not one.group}


def _checks(
    run: RunFolder,
    gate: GateConditions,
    rules: Sequence[GateRule],
    facts: list[RowFacts],
    baseline: BaselineSides | None,
) -> list[Check]:
    sides: Sides = {}
    before: dict[Name, str] = {}
    if baseline is not None:
        from judgebench.trust.baselines import matched, sides_of_run

        pairs = list(matched(baseline, sides_of_run(run)))
        sides = {(second.row.model, second.row.row): (first, second) for first, second in pairs}
        before = {(one.model, one.row): "" for one in baseline.rows} | _why_unusable(gate, run.path.parent)
    if any(asks_shift(rule.that) for rule in rules):
        from judgebench.report.trust_figures import with_shift
        from judgebench.trust.comparing import compare_sides

        compared = {name: found for name, pair in sides.items() if (found := compare_sides(*pair)) is not None}
        facts = with_shift(facts, compared)
    early, alpha = {}, ALPHA
    if Plans(run).in_random_order:
        early, alpha = _decided_on_the_way(run, gate, rules, sides), ALPHA / 2
    checks: list[Check] = []
    again = _said_when_repeated(run) if sides else {}
    for rule in rules:
        for one in _of_rule(rule, gate, facts, before, sides, alpha):
            decided = early.get((str(rule.that), one.model, one.row), one)
            if isinstance(rule.that, AllowedDrop) and (said := again.get((one.model, one.row))):
                decided = decided._replace(message=f"{decided.message}; {said}")
            checks.append(_of_missing(decided._replace(tier=rule.tier), gate.missing))
    return shared(checks, alpha=alpha)


def _said_when_repeated(run: RunFolder) -> dict[Name, str]:
    """Return what is said beside a drop of how much of it the judge makes alone, where it was asked again."""
    if not (run.path / "again").is_dir():
        return {}
    from judgebench.trust.askings import askings_of

    return {
        name: f"asked again, the judge decides otherwise in {one.rate.value:.2f}% of {one.items} answers"
        for name, one in askings_of(run).items()
        if one.rate.value is not None
    }


def _of_rule(
    rule: GateRule,
    gate: GateConditions,
    facts: Sequence[RowFacts],
    before: Mapping[Name, str],
    sides: Sides,
    alpha: float,
) -> Iterator[Check]:
    if isinstance(rule.that, AllowedDrop):
        from judgebench.report.drops import drop_check, measured_drops

        now = {(one.model, one.row): one for one in facts if not one.group}
        yield from (drop_check(one, alpha=alpha, on=gate.on) for one in measured_drops(rule.that, before, now, sides))
    else:
        addressed = address(rule.that, facts, corrected=gate.on == "interval")
        yield from (check(rule.that, one, on=gate.on) for one in addressed)


def _decided_on_the_way(
    run: RunFolder, gate: GateConditions, rules: Sequence[GateRule], sides: Sides
) -> dict[tuple[str, str, str], Check]:
    """Return what sequences say: of rows that are not whole, and of the others where they have decided.

    What they leave open on a whole row is decided as always, with the other half of the error.
    """
    from judgebench.report.early import decisions_on, early_check, items_of, rules_on
    from judgebench.trust.baselines import sides_of_run

    rows = {name: items_of(side) for name, side in sides_of_run(run).sides.items() if side.row.judge}
    known = rules_on(rules, rows, {name: first for name, (first, _) in sides.items()}, on=gate.on)
    return {
        (str(one.rule.that), *one.name): early_check(one, decision)
        for one, decision in zip(known, decisions_on(known), strict=True)
        if decision != "cannot tell" or not one.items.whole
    }


def _of_missing(one: Check, policy: Missing) -> Check:
    if not one.missing or policy == "cannot tell":
        return one
    if policy == "fail":
        return one._replace(decision="fail", message=f"{one.message}; missing = 'fail'")
    return one._replace(tier="advisory", message=f"{one.message}; missing = 'ignore'")


def shared(checks: Sequence[Check], *, alpha: float = ALPHA) -> list[Check]:
    """Return checks of which those that fail still do so when all that rest on estimates share one error (Holm).

    Args:
        checks: The checks; advisory ones share an error of their own.
        alpha: The error.
    """
    found = list(checks)
    for advisory in (False, True):
        family = [
            at for at, one in enumerate(found) if one.p_value is not None and (one.tier == "advisory") == advisory
        ]
        others = 0 if advisory else sum(one.p_value is None and not one.missing for one in found) * (alpha < ALPHA)
        adjusted = holm([*(found[at].p_value or 0.0 for at in family), *[1.0] * others])[: len(family)]
        for at, p_value in zip(family, adjusted, strict=True):
            if found[at].decision == "fail" and p_value > alpha:
                found[at] = shared_by_several(found[at], len(family))
    return found


def _as_text(checks: Sequence[Check], decision: Decision, note: str) -> str:
    lines = [f"{one.decision.upper():<11}  {_tier(one)}{one.message}" for one in checks]
    numbers = ", ".join(
        f"{sum(one.decision == kind for one in checks)} {kind}" for kind in ("pass", "fail", "cannot tell")
    )
    return "\n".join([*lines, *([note] if note else []), f"Gate: {decision.upper()} ({numbers})"])


def _tier(one: Check) -> str:
    return "" if one.tier == "critical" else f"({one.tier}) "
