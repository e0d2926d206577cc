"""What a gate decided as JUnit XML for a CI server, and as Markdown for a pull request."""

from __future__ import annotations

import shlex
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from urllib.parse import quote

from judgebench.errors import how_many
from judgebench.report.checks import Check
from judgebench.report.gate import GateOutcome
from judgebench.report.results import markdown_cell, printable

MOST_LOST = 20
"""Items that are named for each drop."""


def as_junit(outcome: GateOutcome) -> bytes:
    """Return the outcome as JUnit XML: one test case per rule and result.

    A failed one is a ``failure`` and an undecided one an ``error``; what does not count in the gate is ``skipped``.
    """
    cases = [_case(one) for one in outcome.checks]
    suite = ET.Element(
        "testsuite",
        name=printable(f"jb gate {outcome.run}"),
        tests=str(len(cases)),
        failures=str(sum(case.find("failure") is not None for case in cases)),
        errors=str(sum(case.find("error") is not None for case in cases)),
        skipped=str(sum(case.find("skipped") is not None for case in cases)),
    )
    suite.extend(cases)
    text: bytes = ET.tostring(suite, encoding="utf-8", xml_declaration=True)
    return text + b"\n"


def _case(one: Check) -> ET.Element:
    name = f"{one.model}:{one.row}.{one.name} {one.condition.op} {one.condition.threshold:g}"
    case = ET.Element("testcase", classname=printable(f"{one.model}.{one.row}"), name=printable(name))
    if one.decision == "pass":
        return case
    counts = one.tier == "critical" or (one.tier == "supporting" and one.decision == "fail")
    if not counts:
        ET.SubElement(case, "skipped", message=f"{one.tier}: {one.message}")
    elif one.decision == "fail":
        ET.SubElement(case, "failure", message=one.message, type="gate-failed").text = one.message
    else:
        ET.SubElement(case, "error", message=one.message, type="gate-undecided").text = one.message
    return case


def as_markdown(outcome: GateOutcome, *, viewer: str = "") -> str:
    """Return the outcome as a Markdown section, as for a pull request.

    Args:
        outcome: What the gate decided.
        viewer: Address of a ``jb view`` that shows the run, for links to the items; empty for none.
    """
    against = f", against {markdown_cell(outcome.baseline)}" if outcome.baseline else ""
    lines = [
        f"## Gate of {markdown_cell(outcome.run)}: {outcome.decision}{against}",
        "",
        "| decision | result | condition | value | range | why |",
        "| --- | --- | --- | ---: | --- | --- |",
    ]
    for one in outcome.checks:
        value = "-" if one.value is None else f"{one.value:.2f}"
        reach = "-" if one.low is None or one.high is None else f"{one.low:.2f} .. {one.high:.2f}"
        target = f"{one.model}:{one.row}.{one.name}"
        condition = f"{one.condition.op} {one.condition.threshold:.4g}"
        decision = one.decision if one.tier == "critical" else f"{one.decision} ({one.tier})"
        cells = [decision, target, condition, value, reach, one.message]
        lines.append("| " + " | ".join(markdown_cell(cell, 1000) for cell in cells) + " |")
    for one in outcome.checks:
        if one.decision != "pass" and one.lost:
            lines += ["", *_lost(one, outcome, viewer)]
    return "\n".join(lines) + "\n"


def _lost(one: Check, outcome: GateOutcome, viewer: str) -> Iterator[str]:
    """Yield the items that have become worse, with what shows each of them."""
    name = markdown_cell(f"{one.model}:{one.row}.{one.name}")
    yield f"### {name}: {how_many(len(one.lost), 'item')} worse, {one.gained} better"
    yield ""
    yield "| item | baseline | this run | answer | look at it |"
    yield "| --- | --- | --- | --- | --- |"
    for item in one.lost[:MOST_LOST]:
        model = shlex.quote(one.model)
        command = f"jb items {shlex.quote(outcome.path)} {shlex.quote(one.row)} {item.id} --model {model}"
        look = f"`{printable(command, 600).replace('`', '')}`"
        label = f"{item.id}" if not item.repeat else f"{item.id}, repeat {item.repeat}"
        if viewer:
            parts = (outcome.run, "items", one.model, one.row, str(item.id), str(item.repeat))
            address = "/".join([viewer.rstrip("/"), "runs", *(quote(part, safe="") for part in parts)])
            label = f"[{label}]({address})"
        answer = "the same: the judge has changed" if item.same_answer else "another one"
        cells = [markdown_cell(item.before), markdown_cell(item.after), answer]
        yield f"| {label} | {' | '.join(cells)} | {look.replace('|', '')} |"
    if len(one.lost) > MOST_LOST:
        yield ""
        yield f"and {len(one.lost) - MOST_LOST} more"
