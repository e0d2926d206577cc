"""The pages name what the program has: fields, error codes, exit codes, links."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from judgebench import errors
from judgebench.cli.arguments import build_parser
from judgebench.cli.compare import build_parser as compare_parser
from judgebench.cli.export import build_parser as export_parser
from judgebench.cli.gate import build_parser as gate_parser
from judgebench.cli.items import build_parser as items_parser
from judgebench.cli.label import COMMANDS as LABEL_COMMANDS
from judgebench.cli.label import build_parser as label_parser
from judgebench.cli.replies import build_parser as replies_parser
from judgebench.cli.requests import build_parser as requests_parser
from judgebench.cli.score import build_parser as score_parser
from judgebench.cli.serve import build_parser as serve_parser
from judgebench.cli.train_probe import build_parser as train_probe_parser
from judgebench.cli.train_prompt import build_parser as train_prompt_parser
from judgebench.cli.train_surrogate import build_parser as train_surrogate_parser
from judgebench.cli.try_judge import build_parser as try_parser
from judgebench.cli.view import build_parser as view_parser
from judgebench.records import flow as records
from judgebench.records.flow import Counts, JudgeCall, Metric, Prediction, TaskResult, Verdict
from tests.docs.pages import DOCS, ROOT, commands, names_in_table, page

ERRORS = [one for one in vars(errors).values() if isinstance(one, type) and issubclass(one, errors.JudgebenchError)]
JUDGE_ONLY = set(JudgeCall.__struct_fields__) - set(Prediction.__struct_fields__)


@pytest.mark.parametrize(
    ("after", "documented"),
    [
        ("One JSON object per line.", set(Prediction.__struct_fields__)),
        ("A judge's line also has these:", JUDGE_ONLY),
        ("for scripts that want one number.", set(TaskResult.__struct_fields__)),
        ("Each metric:", set(Metric.__struct_fields__)),
        ("`planned` is the sum", set(Counts.__struct_fields__)),
        ("A verdict:", set(Verdict.__struct_fields__)),
    ],
)
def test_every_field_of_the_records_is_documented_and_no_other(after: str, documented: set[str]) -> None:
    assert set(names_in_table(page("output-format.md"), after)) == documented


def test_every_error_code_is_documented_with_its_exit_code() -> None:
    rows = re.findall(r"^\| `([\w-]+)` \| (\d+) \|", page("errors.md"), re.MULTILINE)
    assert {code: int(exit_code) for code, exit_code in rows} == {one.code: int(one.exit_code) for one in ERRORS}
    assert len(rows) == len({code for code, _ in rows})


def test_every_kind_of_fault_is_documented() -> None:
    """The kinds are those that the record's own docstring names."""
    said = Path(records.__file__).read_text("utf-8")
    kinds = re.search(r"kind: Stable class of the fault: (.*?)\.\n", said, re.DOTALL)
    assert kinds is not None
    assert set(names_in_table(page("errors.md"), "## Faults of single requests")) == set(
        re.findall(r"``(\w+)``", kinds[1])
    )


def test_every_exit_code_is_documented() -> None:
    codes = [int(code) for code in re.findall(r"^\| (\d+) \|", page("command-line.md"), re.MULTILINE)]
    assert codes == [int(code) for code in errors.ExitCode]


def _slug(heading: str) -> str:
    kept = re.sub(r"[^\w\- ]", "", heading.strip().lower())
    return kept.replace(" ", "-")


@pytest.mark.parametrize("path", [ROOT / "README.md", *sorted(DOCS.glob("*.md"))], ids=lambda path: path.name)
def test_every_link_leads_somewhere(path: Path) -> None:
    text = re.sub(r"```.*?```", "", path.read_text("utf-8"), flags=re.DOTALL)
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if re.match(r"\w+://", target):
            continue
        name, _, anchor = target.partition("#")
        there = (path.parent / name).resolve() if name else path
        assert there.exists(), f"{path.name} links to {target}"
        if anchor:
            headings = re.findall(r"^#+ (.*)$", there.read_text("utf-8"), re.MULTILINE)
            assert anchor in {_slug(heading) for heading in headings}, f"{path.name} links to {target}"


def test_the_index_names_every_page() -> None:
    named = set(re.findall(r"\]\((\w[\w-]*\.md)\)", page("README.md")))
    assert named == {path.name for path in DOCS.glob("*.md")} - {"README.md"}


def test_the_page_on_watching_a_run_has_a_capture_of_a_real_terminal() -> None:
    assert "Task Progress Table (Updated at:" in page("dashboard.md")


PARSERS = {
    "compare": compare_parser,
    "export": export_parser,
    "gate": gate_parser,
    "items": items_parser,
    "replies": replies_parser,
    "score": score_parser,
    "serve": serve_parser,
    "try": try_parser,
    "view": view_parser,
}


@pytest.mark.parametrize("path", [ROOT / "README.md", *sorted(DOCS.glob("*.md"))], ids=lambda path: path.name)
def test_every_command_has_flags_that_exist(path: Path) -> None:
    for command in commands(path.read_text("utf-8")):
        if not command.startswith("jb "):
            continue
        verb, *words = shlex.split(command, comments=True)[1:]
        if verb == "requests":
            _, flags = requests_parser().parse_known_args([word for word in words if word != "latest"])
            build_parser().parse_all(flags)
        elif verb == "train":
            parsers = {
                "probe": train_probe_parser,
                "prompt": train_prompt_parser,
                "surrogate": train_surrogate_parser,
            }
            parsers[words[0]]().parse_all(words[1:])
        elif verb == "label":
            label_parser(words.pop(0) if words[0] in LABEL_COMMANDS else "").parse_all(words)
        elif verb in PARSERS:
            PARSERS[verb]().parse_all(words)
        elif verb not in {"ls", "show"}:
            build_parser().parse_all([verb, *words])
