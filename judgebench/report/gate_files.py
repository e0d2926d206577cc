"""A gate's decision as JUnit XML and as Markdown, for continuous integration."""

from __future__ import annotations

import xml.etree.ElementTree as ET

from judgebench.report.gate import GateOutcome
from judgebench.report.plaintext import markdown_cell, printable


def as_junit(outcome: GateOutcome) -> bytes:
    """Return the outcome as JUnit XML: one test case per rule and result; what cannot be told is an error."""
    failed = sum(check.decision == "fail" for check in outcome.checks)
    undecided = sum(check.decision == "cannot tell" for check in outcome.checks)
    suite = ET.Element(
        "testsuite",
        name=printable(f"jb gate {outcome.run}"),
        tests=str(len(outcome.checks)),
        failures=str(failed),
        errors=str(undecided),
        skipped="0",
    )
    for check in outcome.checks:
        name = f"{check.model}:{check.row}.{check.name} {check.rule.op} {check.rule.threshold:g}"
        case = ET.SubElement(suite, "testcase", classname=printable(f"{check.model}.{check.row}"), name=printable(name))
        if check.decision == "fail":
            ET.SubElement(case, "failure", message=check.message, type="gate-failed").text = check.message
        elif check.decision == "cannot tell":
            ET.SubElement(case, "error", message=check.message, type="gate-undecided").text = check.message
    text: bytes = ET.tostring(suite, encoding="utf-8", xml_declaration=True)
    return text + b"\n"


def as_markdown(outcome: GateOutcome) -> str:
    """Return the outcome as a Markdown section."""
    lines = [
        f"## Gate of {markdown_cell(outcome.run)}: {outcome.decision}",
        "",
        "| decision | result | rule | value | range | why |",
        "| --- | --- | --- | ---: | --- | --- |",
    ]
    for check in outcome.checks:
        value = "-" if check.value is None else f"{check.value:.2f}"
        reach = "-" if check.low is None or check.high is None else f"{check.low:.2f} .. {check.high:.2f}"
        target = f"{check.model}:{check.row}.{check.name}"
        rule = f"{check.rule.op} {check.rule.threshold:g}"
        cells = [check.decision, target, rule, value, reach, check.message]
        lines.append("| " + " | ".join(markdown_cell(cell) for cell in cells) + " |")
    return "\n".join(lines) + "\n"
