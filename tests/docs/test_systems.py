"""Every command that the page of systems names is one that runs: verb, flags, config names, Python names, targets."""

from __future__ import annotations

import importlib
import re
import shlex

import pytest

from judgebench.cli.arguments import build_parser, to_request
from judgebench.cli.label import build_parser as label_parser
from judgebench.cli.main import VERBS
from judgebench.cli.train import KINDS
from judgebench.config.resolve import load_run
from judgebench.metrics.table import METRICS
from tests.docs.pages import ROOT, page

STANDS_FOR = {
    "MODEL": "vllm_api_general_chat", "JUDGE": "vllm_api_general_chat", "A": "vllm_api_general_chat",
    "B": "vllm_api_stream_chat", "DATASET": "gsm8k_gen",
}  # fmt: skip
ELSEWHERE = {"vllm"}
"""Programs of others that the page names."""


def rows() -> list[list[str]]:
    lines = [line for line in page("systems.md").splitlines() if line.startswith("| ") and not line.startswith("| ---")]
    cells = [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines]
    return [row for row in cells if len(row) == 4 and row[1] != "command here"]


def named() -> list[str]:
    """What stands in code in the second column, each once."""
    return list(dict.fromkeys(code for row in rows() for code in re.findall(r"`([^`]+)`", row[1])))


def test_every_row_has_a_command_or_says_that_there_is_none() -> None:
    assert len(rows()) > 60
    assert [row[0] for row in rows() if not re.search(r"`[^`]+`|^not built$|^the pages of \[", row[1])] == []


@pytest.mark.parametrize("command", [one for one in named() if one.startswith("jb ")])
def test_a_command_has_flags_and_names_that_exist(command: str) -> None:
    verb, *words = shlex.split(command)[1:]
    if verb == "train":
        importlib.import_module(KINDS[words[0]]).build_parser().parse_all(words[1:])
    elif verb == "label":
        label_parser(words.pop(0)).parse_all(words)
    elif verb in VERBS:
        importlib.import_module(VERBS[verb]).build_parser().parse_all(words)
    else:
        argv = [STANDS_FOR.get(word, word) for word in (verb, *words)]
        run = load_run(to_request(build_parser().parse_all(argv)).selection, {})
        assert run.models
        assert run.datasets


@pytest.mark.parametrize("name", [one for one in named() if not one.startswith("jb ")])
def test_what_is_named_beside_commands_exists(name: str) -> None:
    program, *words = name.split()
    if program == "make":
        assert re.search(rf"^{words[0]}:", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE)
    elif program.startswith("judgebench."):
        *path, last = program.split(".")
        module = importlib.import_module(".".join(path))
        assert hasattr(module, last) or importlib.import_module(program)
    else:
        assert program in ELSEWHERE or program.replace("@k", "_at_k") in METRICS
