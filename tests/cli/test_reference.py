from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from judgebench.cli import types_reference
from judgebench.cli.arguments import build_parser
from judgebench.cli.main import VERBS
from judgebench.cli.reference import reference
from judgebench.errors import ExitCode
from judgebench.plugins.rooms import ROOMS, shipped


def test_the_printed_reference_is_the_page_in_the_docs():
    page = Path(__file__).parents[2] / "docs" / "command-line.md"
    assert page.read_text("utf-8") == reference(), "run: python -m judgebench.cli.reference > docs/command-line.md"


def test_the_page_has_every_flag_verb_and_exit_code():
    page = reference()
    flags = [flag for action in build_parser().completable() for flag in action.option_strings]
    assert [flag for flag in flags if flag not in page] == []
    assert [verb for verb in VERBS if f"`jb {verb} " not in page] == []
    assert [code for code in ExitCode if f"| {int(code)} |" not in page] == []


def test_the_help_has_every_verb():
    listed = build_parser().format_help()
    assert [verb for verb in VERBS if not re.search(rf"^  jb {verb} ", listed, re.MULTILINE)] == []


def test_the_module_prints_it():
    done = subprocess.run(
        [sys.executable, "-m", "judgebench.cli.reference"], capture_output=True, text=True, check=True
    )
    assert done.stdout == reference()


def test_the_page_of_types_is_the_one_in_the_docs():
    page = Path(__file__).parents[2] / "docs" / "types.md"
    made = types_reference.reference()
    assert page.read_text("utf-8") == made, "run: python -m judgebench.cli.types_reference > docs/types.md"


@pytest.mark.parametrize("room", [room for room in ROOMS if room not in {"executors", "listeners"}])
def test_the_page_of_types_has_every_shipped_one_and_what_each_key_means(room):
    page = types_reference.reference()
    assert [name for name in shipped(room) if f"### `{types_reference.written(room, name)}`" not in page] == []
    assert not re.search(r"\|  \|$", page, re.MULTILINE), "a key without a meaning"
