"""Disks that are full, read-only or limited, and folders that try to lead elsewhere."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import stat
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from judgebench.testing.faultservice import FaultService, prompt_text
from tests.e2e.harness import Bench, Done, judge_answer, model_answer, run

N = 60
LONG = "lorem ipsum " * 1000
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="mounting a small disk needs root")


@pytest.fixture
def wordy(tmp_path: Path) -> Iterator[Bench]:
    """A run whose answers fill more than half a mebibyte."""
    good = model_answer()

    def answer(body: dict[str, Any]) -> str:
        return f"{LONG if 'twice' in prompt_text(body) else ''}{good(body)}"

    with FaultService(answer, model="m") as model, FaultService(judge_answer(), model="j") as judge:
        bench = Bench(tmp_path, model, judge, n=N)
        bench.write()
        yield bench


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """The place of the runs, on a disk of its own."""
    place = tmp_path / "outputs"
    place.mkdir()
    mount = shutil.which("mount")
    if mount is None:
        pytest.skip("mount is not installed")
    mounting = [mount, "-t", "tmpfs", "-o", "size=400k", "none", str(place)]
    if subprocess.run(mounting, check=False, capture_output=True).returncode:
        pytest.skip("a tmpfs cannot be mounted here")
    yield place
    subprocess.run(["umount", "-l", place], check=True)


def remount(place: Path, options: str) -> None:
    subprocess.run(["mount", "-o", f"remount,{options}", "none", place], check=True)


def recorded(bench: Bench, name: str = "toy") -> set[int]:
    """Return the ids on disk; every line of the file is whole."""
    path = bench.run / "predictions" / "toy-model" / f"{name}.jsonl"
    if not path.exists():
        return set()
    *lines, rest = path.read_bytes().split(b"\n")
    assert rest == b""
    return {json.loads(line)["id"] for line in lines}


def check_one_clear_error(done: Done, *words: str) -> None:
    assert done.code == 3, done.text
    for word in words:
        assert word in done.text
    assert "Traceback" not in done.text
    assert "bug" not in done.text


def check_completed(bench: Bench, kept: set[int], judged: set[int]) -> None:
    """Everything is there, and nothing that was on disk was asked again."""
    assert not set(bench.asked()) & kept
    assert not set(bench.judged()) & judged
    assert recorded(bench) == recorded(bench, "toy-judge") == set(range(N))
    assert bench.result()["counts"]["ok"] == N
    assert bench.result()["metrics"]["accuracy"]["value"] == 100.0


def forget(bench: Bench) -> None:
    bench.model.forget()
    bench.judge.forget()


@needs_root
def test_a_full_disk_is_one_clear_error_and_resuming_after_space_is_made_works(wordy: Bench, small_disk: Path) -> None:
    done = wordy.jb("--no-preflight")
    check_one_clear_error(done, "the disk is full", "--reuse")
    kept, judged = recorded(wordy), recorded(wordy, "toy-judge")
    assert 5 < len(kept) < N
    forget(wordy)
    still_full = wordy.jb("--reuse", "--no-preflight")
    check_one_clear_error(still_full, "the disk is full")
    assert recorded(wordy) >= kept
    kept, judged = recorded(wordy), recorded(wordy, "toy-judge")
    remount(small_disk, "size=64m")
    forget(wordy)
    assert wordy.jb("--reuse").code == 0
    check_completed(wordy, kept, judged)


@needs_root
def test_a_disk_that_is_almost_full_is_refused_before_the_first_request(wordy: Bench, small_disk: Path) -> None:
    check_one_clear_error(wordy.jb(), "MiB are free")
    assert wordy.model.requests == []


@needs_root
def test_a_read_only_disk_is_one_clear_error(wordy: Bench, small_disk: Path) -> None:
    remount(small_disk, "size=64m")
    assert wordy.jb("--num-prompts", "4").code == 0
    remount(small_disk, "ro")
    forget(wordy)
    check_one_clear_error(wordy.jb("--no-preflight"), "outputs")
    check_one_clear_error(wordy.jb("--reuse", "--no-preflight"), "outputs")
    assert wordy.model.requests == []
    remount(small_disk, "rw")
    assert wordy.jb("--reuse", "--no-preflight", "--num-prompts", "none").code == 0
    check_completed(wordy, set(range(4)), set(range(4)))


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_without_rights_is_one_clear_error(wordy: Bench) -> None:
    (wordy.folder / "outputs").mkdir(mode=0o500)
    check_one_clear_error(wordy.jb("--no-preflight"), "outputs")


def test_a_limit_on_file_sizes_is_one_clear_error(wordy: Bench) -> None:
    limited = ["bash", "-c", 'ulimit -f 128; exec "$@"', "_", *wordy.command("--no-preflight")]
    done = run(limited, wordy.folder)
    check_one_clear_error(done, "limit on file sizes", "ulimit -f", "--reuse")
    kept, judged = recorded(wordy), recorded(wordy, "toy-judge")
    assert 5 <= len(kept) < N
    forget(wordy)
    assert wordy.jb("--reuse", "--no-preflight").code == 0
    check_completed(wordy, kept, judged)


def test_created_files_respect_the_umask(bench: Bench) -> None:
    mask = "012"  # odd enough that no fixed mode looks like it
    done = run(["bash", "-c", f'umask {mask}; exec "$@"', "_", *bench.command()], bench.folder)
    assert done.code == 0, done.text
    for path in [bench.run, *bench.run.rglob("*")]:
        mode = stat.S_IMODE(path.stat().st_mode)
        assert mode & int(mask, 8) == 0, f"{path} {mode:o}"
        assert mode == (0o777 if path.is_dir() else 0o666) & ~int(mask, 8), f"{path} {mode:o}"


def snapshot(folder: Path) -> dict[str, tuple[int, bytes]]:
    """Return every file and link below a folder, with its content."""
    found = {}
    for path in sorted(folder.rglob("*")):
        if path.is_symlink():
            found[str(path)] = (0, str(path.readlink()).encode())
        else:
            found[str(path)] = (path.stat().st_mode, b"" if path.is_dir() else path.read_bytes())
    return found


def test_nothing_is_written_outside_of_the_run_folder(bench: Bench) -> None:
    places = {name: str(bench.folder / name.lower()) for name in ("HOME", "TMPDIR", "XDG_CACHE_HOME", "HF_HOME")}
    for place in places.values():
        Path(place).mkdir()
    (bench.folder / "outputs" / "default").mkdir(parents=True)
    before = snapshot(bench.folder)
    for flags in ((), ("--reuse", "--shuffle", "3"), ("--reuse", "--mode", "eval", "--dump-eval-details")):
        done = bench.jb(*flags, env=places)
        assert done.code == 0, done.text
    assert bench.jb("--reuse", dataset="toy_gen", env=places).code == 0
    inside = str(bench.run)
    library = str(Path(places["XDG_CACHE_HOME"], "YAPF"))  # yapf, which mmengine imports, keeps its parser there
    after = snapshot(bench.folder)
    assert {path: entry for path, entry in after.items() if not path.startswith((inside, library))} == before


LINKED = ("predictions/toy-model", "predictions/toy-model/toy.jsonl", "results/toy-model", "summary", ".lock.holder")
MORE_LINKED = (
    "predictions",
    "predictions/toy-model/toy-judge.jsonl",
    "results",
    "results/toy-model/toy-judge.json",
    "logs",
    "logs/infer/toy-model",
    "logs/infer/toy-model/toy.out",
    "logs/scheduler.jsonl",
    "logs/summary.out",
    "configs",
    "configs/identity",
    "configs/identity/toy-model/toy.json",
    ".lock",
)


@pytest.mark.parametrize("name", LINKED)
def test_links_in_the_run_folder_are_not_followed_out_of_it(finished: Bench, name: str) -> None:
    check_link(finished, name)


@pytest.mark.soak
@pytest.mark.parametrize("name", MORE_LINKED)
def test_no_link_at_all_is_followed_out_of_the_run_folder(finished: Bench, name: str) -> None:
    check_link(finished, name)


def check_link(bench: Bench, name: str) -> None:
    """Put a link in the place of something in a run folder: what it leads to stays as it is."""
    outside = bench.folder / "outside"
    outside.mkdir()
    place, target = bench.run / name, outside / Path(name).name
    if place.exists():
        shutil.move(place, target)
        if target.is_file() and target.suffix == ".jsonl":
            target.write_bytes(target.read_bytes()[:-20])  # torn: mending it would be writing it
    else:
        target.write_text("not yours")
    place.symlink_to(target)
    before = snapshot(outside)
    done = bench.jb("--reuse", "--no-preflight")
    assert snapshot(outside) == before
    assert done.code in {0, 2, 3}, done.text
    assert "bug" not in done.text, done.text
    assert "Traceback" not in done.text
    if done.code:
        assert "link" in done.text, done.text


@needs_root
def test_a_disk_that_is_full_from_the_start_leaves_no_run_behind(wordy: Bench, small_disk: Path) -> None:
    """The next ``--reuse`` would take an empty run for the latest one."""
    (small_disk / "filling").write_bytes(bytes(390_000))
    with (small_disk / "filling").open("ab", buffering=0) as file, contextlib.suppress(OSError):
        while file.write(bytes(4096)):
            pass
    check_one_clear_error(wordy.jb("--no-preflight"), "the disk is full")
    assert wordy.runs == []
