from __future__ import annotations

import io
import json
import os
import shutil
import subprocess
import sys
import types
from pathlib import Path

import pytest

from judgebench import __version__
from judgebench.cli.main import VERBS, run
from judgebench.errors import EndpointError


@pytest.fixture
def executed(monkeypatch):
    """Stand in for the module that runs requests; returns what it was given, or raises what it is told."""
    seen = types.SimpleNamespace(request=None, command=None, raises=None, code=0)

    def execute(request, command):
        seen.request, seen.command = request, command
        if seen.raises is not None:
            raise seen.raises
        return seen.code

    monkeypatch.setitem(sys.modules, "judgebench.cli.execute", types.SimpleNamespace(execute=execute))
    return seen


RUN = ["--models", "m", "--datasets", "d"]


def test_a_run_is_handed_over_and_its_exit_code_returned(executed):
    executed.code = 4
    assert run(["run", *RUN]) == 4
    assert executed.request.selection.datasets == ["d"]
    assert executed.command == ["jb", *RUN]


def test_the_command_that_is_kept_holds_no_secret(executed):
    secret = [
        "models.m.api_key=sk-live",
        "judges.*.headers.X-Org=acme",
        "models.m.url=http://u:pw@h",
        "*.m.launch.env.T=t",
    ]
    plain = [
        "models.m.host_port=1",
        "judges.j.api_key=${KEY}",
        "models.m.generation_kwargs.max_tokens=5",
        "models.m.url=http://h",
    ]
    assert run([*RUN, "--override", *secret, *plain]) == 0
    assert executed.request.selection.overrides == [*secret, *plain]
    kept = [word.partition("=")[0] + "=***" for word in secret]
    assert executed.command == ["jb", *RUN, "--override", *kept, *plain]


def test_a_known_error_is_one_message_with_its_hint_and_exit_code(executed, capsys):
    executed.raises = EndpointError("The service refuses connections.", hint="Start it.")
    assert run(RUN) == 3
    out, err = capsys.readouterr()
    assert err == "jb: endpoint: The service refuses connections.\n  Start it.\n"
    assert out == ""


def test_a_traceback_is_shown_with_debug_only(executed, capsys):
    executed.raises = EndpointError("Gone.")
    assert run([*RUN, "--debug"]) == 3
    assert "Traceback" in capsys.readouterr().err


def test_any_other_error_is_a_bug_and_says_so(executed, capsys):
    executed.raises = RuntimeError("odd")
    assert run(RUN) == 1
    err = capsys.readouterr().err
    assert "RuntimeError: odd. This is a bug in judgebench" in err
    assert "--debug" in err
    assert "Traceback" not in err


def test_an_interrupt_has_its_own_exit_code(executed):
    executed.raises = KeyboardInterrupt()
    assert run(RUN) == 130


def test_a_run_whose_reader_goes_away_is_interrupted_not_done(executed, capsys):
    executed.raises = BrokenPipeError()
    assert run(RUN) == 130
    assert "jb --reuse" in capsys.readouterr().err


def test_with_json_events_an_error_ends_the_stream(executed, capsys):
    executed.raises = EndpointError("Gone.")
    assert run([*RUN, "--json"]) == 3
    event = json.loads(capsys.readouterr().out)
    assert event == {
        "event": "done", "status": "error", "exit_code": 3, "error": {"code": "endpoint", "message": "Gone."},
    }  # fmt: skip


def test_the_json_of_a_verb_is_its_own(capsys, tmp_path):
    assert run(["compare", "latest", "-w", str(tmp_path), "--json", str(tmp_path / "out.json")]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert "Traceback" not in err


def test_usage_errors_exit_with_two_and_name_the_nearest_flag(executed, capsys):
    assert run(["--modles", "x"]) == 2
    assert capsys.readouterr().err == (
        "jb: usage: There is no flag '--modles'.\n  Did you mean --models or --mode? See all flags with: jb --help\n"
    )
    assert executed.request is None


def test_score_only_without_a_run_is_a_usage_error(executed, capsys):
    assert run([*RUN, "--mode", "eval"]) == 2
    assert "--reuse" in capsys.readouterr().err
    assert executed.request is None


def test_the_version_is_printed(capsys):
    assert run(["--version"]) == 0
    assert capsys.readouterr().out == f"judgebench {__version__}\n"


@pytest.mark.parametrize("argv", [[], ["run"], ["run", "--reuse", "--help"]])
def test_no_words_say_what_is_missing_in_two_lines(capsys, argv):
    if "--help" in argv:
        assert run(argv) == 0
        return
    assert run(argv) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert "no models and no datasets are named" in err
    assert "jb --models" in err
    assert len(err.splitlines()) == 2


@pytest.mark.parametrize(
    ("argv", "near"),
    [
        (["leaderboard", "A", "B"], ""),
        (["presentation"], ""),
        (["gat", "latest"], "jb gate"),
        (["item", "latest", "--wrong"], "jb items"),
    ],
)
def test_an_unknown_command_is_named_as_one(capsys, tmp_path, monkeypatch, argv, near):
    monkeypatch.chdir(tmp_path)
    assert run(argv) == 2
    err = capsys.readouterr().err
    assert f"There is no command '{argv[0]}'." in err
    assert near in err
    assert ", ".join(VERBS) in err


def test_a_word_that_is_a_path_is_still_a_config_file(executed, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine").write_text("")
    for word in ("mine", "gone.py", "sub/gone"):
        assert run([word]) == 0
        assert executed.request.selection.config == word


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_scripts_hold_the_flags(capsys, shell):
    assert run(["--print-completion", shell]) == 0
    assert "custom-dataset-path" in capsys.readouterr().out


@pytest.mark.skipif(shutil.which("bash") is None, reason="needs bash")
@pytest.mark.parametrize(
    ("words", "offered"),
    [
        (["--mod"], {"--models", "--mode"}),
        (["--models", "vllm_api_s"], {"vllm_api_stream_chat"}),
        (["--mode", "inf"], {"infer", "infer_judge"}),
    ],
)
def test_bash_completes_flags_choices_and_registered_names(tmp_path, words, offered):
    jb = tmp_path / "jb"
    jb.write_text(f'#!/bin/sh\nexec {sys.executable} -m judgebench "$@"\n')
    jb.chmod(0o755)
    script = (
        "source <(jb --print-completion bash)\n"
        f"COMP_WORDS=(jb {' '.join(words)}); COMP_CWORD={len(words)}\n"
        "$(complete -p jb | sed 's/.*-F \\([^ ]*\\).*/\\1/')\nprintf '%s\\n' \"${COMPREPLY[@]}\"\n"
    )
    root = str(Path(__file__).parents[2])
    done = subprocess.run(
        ["bash", "-c", script], capture_output=True, text=True, check=True,
        env={**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}", "PYTHONPATH": root},
    )  # fmt: skip
    assert set(done.stdout.split()) == offered, done.stderr


@pytest.mark.skipif(shutil.which("fish") is None, reason="needs fish")
@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("jb --mod", {"--models", "--mode"}),
        ("jb --models vllm_api_s", {"vllm_api_stream_chat"}),
        ("jb --mode inf", {"infer", "infer_judge"}),
    ],
)
def test_fish_completes_flags_choices_and_registered_names(tmp_path, line, offered):
    jb = tmp_path / "jb"
    jb.write_text(f'#!/bin/sh\nexec {sys.executable} -m judgebench "$@"\n')
    jb.chmod(0o755)
    done = subprocess.run(
        ["fish", "--no-config", "-c", f"jb --print-completion fish | source\ncomplete -C '{line}'"],
        capture_output=True, text=True, check=True,
        env={**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}", "PYTHONPATH": str(Path(__file__).parents[2])},
    )  # fmt: skip
    assert {one.partition("\t")[0] for one in done.stdout.splitlines()} == offered, done.stderr


def test_help_documents_every_flag_in_groups(capsys):
    from judgebench.cli.arguments import build_parser

    assert run(["--help"]) == 0
    text = capsys.readouterr().out
    for action in build_parser()._actions:
        assert action.help, action.dest
        assert all(flag in text for flag in action.option_strings)
    assert text.count("\n  jb ") >= 5
    assert max(len(line) for line in text.splitlines()) <= 120


@pytest.mark.parametrize("verb", [[], ["gate"], ["ls"], ["schema"], ["show"], ["items"], ["export"]], ids=" ".join)
def test_help_fits_the_window(capsys, monkeypatch, verb):
    monkeypatch.setenv("COLUMNS", "80")
    assert run([*verb, "--help"]) == 0
    assert [line for line in capsys.readouterr().out.splitlines() if len(line) > 80] == []


def test_verbs_have_help_of_their_own(capsys):
    assert run(["ls", "--help"]) == 0
    assert run(["show", "-h"]) == 0
    assert "jb show" in capsys.readouterr().out
    assert {"gate", "ls", "show"} <= set(VERBS)


def modules_of(*argv: str) -> set[str]:
    code = (
        "import sys, os\nfrom judgebench.cli.main import run\nsys.stdout = open(os.devnull, 'w')\n"
        f"run({list(argv)!r})\nsys.stderr.write('\\n'.join(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=os.environ)
    return set(done.stderr.splitlines())


HEAVY = {"mmengine", "msgspec", "aiohttp", "rich", "numpy", "tabulate", "asyncio", "shtab"}


@pytest.mark.parametrize("argv", ["--help", "--version"])
def test_help_and_version_import_nothing_heavy(argv):
    assert HEAVY & modules_of(argv) == set()


def test_a_reader_that_goes_away_is_no_error():
    root = str(Path(__file__).parents[2])
    done = subprocess.run(
        ["bash", "-c", f"set -o pipefail; {sys.executable} -m judgebench --list | true"],
        capture_output=True, text=True, check=False, env={**os.environ, "PYTHONPATH": root},
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")


def test_errors_are_coloured_on_a_terminal_only_and_never_with_no_color(monkeypatch):
    from judgebench.cli.console import print_error

    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    shown = Terminal()
    print_error(EndpointError("Gone."), shown)
    assert "\x1b[" in shown.getvalue()
    monkeypatch.setenv("NO_COLOR", "1")
    plain = Terminal()
    print_error(EndpointError("Gone."), plain)
    assert plain.getvalue() == "jb: endpoint: Gone.\n"
