"""``run.json`` says what a run is and how it stands; ``events.jsonl`` holds what the display was told."""

from __future__ import annotations

import json
import signal
from pathlib import Path
from typing import Any

import msgspec
import pytest

from judgebench.records.events import Event
from judgebench.store.manifest import read_manifest
from judgebench.store.run_folder import RunFolder, is_run
from judgebench.testing.faultservice import closed_port
from tests.e2e.harness import Bench, slower_after, wait_until


def manifest(run: Path) -> dict[str, Any]:
    """Return ``run.json`` as any program would read it."""
    found: dict[str, Any] = json.loads((run / "run.json").read_text("utf-8"))
    return found


def events(run: Path) -> list[dict[str, Any]]:
    """Return the lines of ``events.jsonl``."""
    return [json.loads(line) for line in (run / "events.jsonl").read_text("utf-8").splitlines()]


def test_a_finished_run_says_what_it_is_and_where_its_files_are(finished: Bench) -> None:
    said = manifest(finished.run)
    assert list(said)[:2] == ["format", "kind"]
    assert (said["kind"], said["state"], said["exit_code"]) == ("judgebench run", "done", 0)
    assert said["run"] == finished.run.name
    assert said["models"] == [{"abbr": "toy-model", "type": "judgebench.models.openai.VLLMCustomAPIChat", "model": "m"}]
    assert said["datasets"] == ["toy"]
    (judge,) = said["judges"]
    assert (judge["abbr"], judge["dataset"], judge["model"]["model"]) == ("judge", "toy", "j")
    assert judge["method"].endswith("ReferenceVerifier")
    (row,) = said["rows"]
    assert {key: row[key] for key in ("model", "row", "dataset", "judge")} == {
        "model": "toy-model", "row": "toy-judge", "dataset": "toy", "judge": "judge",
    }  # fmt: skip
    for name in ("predictions", "judge_calls", "verdicts", "result"):
        assert (finished.run / row[name]).is_file(), name
    (invocation,) = said["invocations"]
    assert invocation["command"][0] == "jb"
    assert (invocation["mode"], invocation["state"], invocation["exit_code"]) == ("all", "done", 0)
    assert invocation["started"] <= invocation["ended"]
    for name in ("plan", "config", "summary"):
        assert (finished.run / invocation[name]).is_file(), name
    assert said["events"] == "events.jsonl"
    assert read_manifest(RunFolder(finished.run)).rows[0].judge == "judge"


def test_every_invocation_is_added_and_rows_of_earlier_ones_stay(finished: Bench) -> None:
    first = manifest(finished.run)
    done = finished.jb("--mode", "eval", "--reuse")
    assert done.code == 0, done.text
    second = manifest(finished.run)
    assert second["invocations"][0] == first["invocations"][0]
    assert second["invocations"][1]["mode"] == "eval"
    assert second["rows"] == first["rows"]


def test_a_start_that_fails_changes_nothing(finished: Bench) -> None:
    before = (finished.run / "run.json").read_bytes(), (finished.run / "events.jsonl").read_bytes()
    override = f"models.toy-model.url=http://127.0.0.1:{closed_port()}"
    done = finished.jb("--reuse", "--redo-changed", "--override", override, "models.toy-model.max_out_len=9")
    assert done.code == 3, done.text
    assert ((finished.run / "run.json").read_bytes(), (finished.run / "events.jsonl").read_bytes()) == before


def test_a_killed_run_says_running_and_goes_on_over_its_torn_last_event(bench: Bench) -> None:
    slower_after(3, bench.model)
    process = bench.fork("--no-preflight")
    wait_until(lambda: len(bench.model.requests) > 3 and bool(bench.runs))
    wait_until((bench.run / "events.jsonl").exists)
    said = manifest(bench.run)
    assert (said["state"], said["exit_code"]) == ("running", None)
    assert said["invocations"][0]["pid"] > 0
    process.kill()
    process.communicate()
    assert is_run(bench.run)
    assert manifest(bench.run)["state"] == "running"
    with (bench.run / "events.jsonl").open("ab") as file:
        file.write(b'{"event":"progr')
    bench.model.latency = lambda: 0.0
    done = bench.jb("--no-preflight", "--reuse")
    assert done.code == 0, done.text
    kinds = [event["event"] for event in events(bench.run)]
    assert kinds.count("launch") == 2
    assert kinds[-1] == "done"
    assert [one["state"] for one in manifest(bench.run)["invocations"]] == ["killed", "done"]


def test_an_interrupted_and_a_failed_run_say_so(bench: Bench) -> None:
    slower_after(3, bench.model)
    process = bench.fork("--no-preflight")
    wait_until(lambda: len(bench.model.requests) > 3)
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=200)
    assert (manifest(bench.run)["state"], manifest(bench.run)["exit_code"]) == ("interrupted", 130)
    bench.model.latency = lambda: 0.0
    bench.judge.answer = lambda body: ""
    done = bench.jb("--no-preflight", "--reuse")
    assert done.code == 4, done.text
    assert (manifest(bench.run)["state"], manifest(bench.run)["exit_code"]) == ("failed", 4)


@pytest.mark.parametrize("damage", [None, b"", b'{"format": 99}', b"\xff[["])
def test_a_run_whose_page_is_lost_in_the_middle_has_one_again_at_its_end(bench: Bench, damage: bytes | None) -> None:
    slower_after(3, bench.model, then=2.0)
    process = bench.fork("--no-preflight")
    wait_until(lambda: len(bench.model.requests) > 3)
    marker = bench.run / "run.json"
    marker.unlink() if damage is None else marker.write_bytes(damage)
    bench.model.latency = lambda: 0.0
    out, _ = process.communicate(timeout=200)
    assert process.returncode == 0, out
    assert (manifest(bench.run)["state"], manifest(bench.run)["exit_code"]) == ("done", 0)
    done = bench.jb("--no-preflight", "--reuse")
    assert done.code == 0, done.text
    assert bench.asked() == dict.fromkeys(range(bench.n), 1)


def test_the_events_of_the_file_are_those_of_json(bench: Bench) -> None:
    done = bench.jb("--no-preflight", "--json")
    assert done.code == 0, done.text
    told = [json.loads(line) for line in done.out.splitlines()]

    def lasting(found: list[dict[str, Any]]) -> list[dict[str, Any]]:
        own_clock = {"rate", "token_rate", "eta", "seconds"}  # each writer looks at its watch by itself
        kept = [one for one in found if one["event"] != "progress"]
        return [{key: value for key, value in one.items() if key not in own_clock} for one in kept]

    assert lasting(events(bench.run)) == lasting(told)
    for line in (bench.run / "events.jsonl").read_bytes().splitlines():
        msgspec.json.decode(line, type=Event)


def test_secrets_are_not_in_it(bench: Bench) -> None:
    bench.model_keys = {"api_key": "${TOY_KEY}"}
    bench.write()
    done = bench.jb("--no-preflight", env={"TOY_KEY": "sesame-open"})
    assert done.code == 0, done.text
    for name in ("run.json", "events.jsonl"):
        assert "sesame" not in (bench.run / name).read_text()
