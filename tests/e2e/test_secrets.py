"""A key never reaches the disk, a log, an error, a command line, or the terminal."""

from __future__ import annotations

import re
from pathlib import Path

from tests.e2e.harness import Bench, wait_until
from tests.faultservice import Fault, Seen, http_status

KEY = "sk-test-7f3b1c9d5e"


def files_with(folder: Path, key: str) -> list[str]:
    return [str(path) for path in folder.rglob("*") if path.is_file() and key.encode() in path.read_bytes()]


def test_a_literal_key_is_found_nowhere_in_a_run_with_failures(bench: Bench) -> None:
    bench.model.api_key = bench.judge.api_key = KEY
    bench.model_keys = {"api_key": KEY, "headers": {"X-Token": KEY}}
    bench.judge_keys = {"api_key": KEY}
    bench.write()
    bench.judge.set_faults(lambda seen: "500" if "twice 1" in str(seen.body) else None)
    commands: set[str] = set()
    process = bench.start()
    wait_until(lambda: watch(commands) or process.poll() is not None)
    out, _ = process.communicate(timeout=60)
    assert process.returncode == 4, out
    assert bench.result()["counts"]["ok"] == 5
    assert KEY not in out
    assert not any(KEY in command for command in commands)
    assert files_with(bench.folder / "outputs", KEY) == []
    for flags in (("--dry-run",), ("--reuse", "--debug"), ("--show", "toy_model")):
        assert KEY not in bench.jb(*flags).text
    assert files_with(bench.folder / "outputs", KEY) == []


def watch(commands: set[str]) -> bool:
    """Collect the command lines of all processes."""
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                commands.add((entry / "cmdline").read_bytes().decode(errors="replace"))
            except OSError:
                continue
    return False


def test_a_key_from_the_environment_is_named_but_not_told(bench: Bench) -> None:
    bench.model.api_key = KEY
    bench.model_keys = {"api_key": "${TOY_KEY}"}
    bench.write()
    missing = bench.jb()
    assert missing.code == 3, missing.text
    assert "TOY_KEY" in missing.text
    done = bench.jb(env={"TOY_KEY": KEY})
    assert done.code == 0, done.text
    assert files_with(bench.folder / "outputs", KEY) == []


def test_a_wrong_key_stops_the_run_with_one_sentence(bench: Bench) -> None:
    bench.model.api_key = KEY
    bench.write()
    done = bench.jb("--no-preflight")
    assert done.code == 3, done.text
    assert "401" in done.text
    assert len(bench.model.requests) <= 6


def test_a_key_that_the_service_repeats_is_not_told_not_even_half_of_it(bench: Bench) -> None:
    """Messages are cut to a length; a key that stands where they are cut would leave its first half."""
    bench.model_keys = bench.judge_keys = {"api_key": KEY}
    bench.n = 10
    bench.write()
    lengths = (0, 280, 290, 296, 299)
    said = [http_status(400, message=f"{'y' * length}{KEY} is not allowed that") for length in lengths]

    def fault(seen: Seen) -> Fault | None:
        """The model refuses the first half of the questions, the judge the answers to the others."""
        found = re.findall(r"twice (\d+)", seen.prompt)
        number = int(found[-1]) if found else 7
        return said[number % 5] if seen.body["model"] == "j" or number < 5 else None

    bench.model.set_faults(fault)
    bench.judge.set_faults(fault)
    done = bench.jb()
    assert done.code == 4, done.text
    assert KEY[:7] not in done.text
    assert bench.result()["counts"]["prediction_failed"] == bench.result()["counts"]["judge_failed"] == 5
    bench.model.set_faults(lambda seen: http_status(401, message=f"{'y' * 290}{KEY}"))
    for flags in ((), ("--no-preflight",)):
        done = bench.jb(*flags)
        assert done.code == 3, done.text
        assert KEY[:7] not in done.text
    assert files_with(bench.folder / "outputs", KEY[:7]) == []
