"""The commands of docs/clusters.md, run on a throw-away Slurm; a loopback service stands in vLLM's place."""

from __future__ import annotations

import json
import os
import re
import shlex
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from judgebench.testing.faultservice import FaultService, prompt_text
from tests.docs.pages import page
from tests.e2e.harness import JB, Done, right, run, wait_until
from tests.executors.throwaway_slurm import ThrowawaySlurm, needs_slurm

pytestmark = [needs_slurm, pytest.mark.xdist_group("slurm-page")]

VLLM = """
import json, re, sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

name, port = sys.argv[2], int(sys.argv[sys.argv.index("--port") + 1])


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self.say({"data": [{"id": name}]})

    def do_POST(self):
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        number = re.search(r"twice (\\d+)", json.dumps(asked["messages"]))
        said = "VERDICT: A" if "judge" in name else f"\\\\boxed{{{2 * int(number[1])}}}"
        message = {"role": "assistant", "content": said}
        self.say({"model": name, "choices": [{"index": 0, "message": message, "finish_reason": "stop"}]})

    def say(self, reply):
        body = json.dumps(reply).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


ThreadingHTTPServer(("127.0.0.1", port), Handler).serve_forever()
"""


@pytest.fixture
def site(tmp_path: Path, cluster: ThrowawaySlurm) -> Iterator[tuple[Path, dict[str, str]]]:
    """A folder with the configs of the page and data, and the environment in which its commands are typed.

    Only what names a site is changed: its partition with its limit, what its nodes have, how a program is found there.
    """
    for text in re.findall(r"^```python\n(.*?)^```$", page("clusters.md"), re.MULTILINE | re.DOTALL):
        name, _, config = text.partition("\n")
        path = tmp_path / name.removeprefix("# ")
        path.parent.mkdir(parents=True, exist_ok=True)
        config = re.sub(r"gpus=\d+, ", "", re.sub(r"memory=\d+", "memory=0.1", re.sub(r"cores=\d+", "cores=1", config)))
        config = config.replace('partition="cpu"', 'partition="main", service_host="127.0.0.1", every=0.3')
        path.write_text(config.replace("module load python/3.11", "true").replace('time="4:00:00"', 'time="0:30:00"'))
    data = tmp_path / "data/aime2025/aime2025.jsonl"
    data.parent.mkdir(parents=True)
    rows = [{"id": f"q-{n}", "question": f"What is twice {n}?", "answer": str(2 * n)} for n in range(6)]
    data.write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/vllm.py").write_text(VLLM)
    for name, command in (("vllm", [sys.executable, str(tmp_path / "bin/vllm.py")]), ("jb", JB)):
        (tmp_path / "bin" / name).write_text(f'#!/bin/sh\nexec {shlex.join(command)} "$@"\n')
        (tmp_path / "bin" / name).chmod(0o755)
    environment = dict(cluster.environment)
    environment["PATH"] = f"{tmp_path / 'bin'}:{os.environ['PATH']}"
    yield tmp_path, environment
    cluster.run("scancel", "--me")


def typed(site: tuple[Path, dict[str, str]], heading: str, **instead: str) -> list[tuple[str, Done]]:
    """Type the first commands of a section of the page, one after the other; ``instead`` of a flag's value another."""
    folder, environment = site
    section = page("clusters.md").partition(f"{heading}\n")[2]
    block = re.findall(r"^```bash\n(.*?)^```$", section, re.MULTILINE | re.DOTALL)[0]
    for flag, value in instead.items():
        block = re.sub(rf"(--{flag}) \S+", rf"\1 {value}", block)
    lines = block.splitlines()
    return [(line, run(["sh", "-c", line], folder, timeout=400, env=environment)) for line in lines]


def write_my_vllm(folder: Path, model: FaultService) -> None:
    (folder / "configs/models/my_vllm.py").write_text(
        "from judgebench.models import VLLMCustomAPIChat\n"
        f"models = [dict(type=VLLMCustomAPIChat, abbr='my-vllm', model='m', url={model.url!r})]\n"
    )


def answer(body: dict[str, Any]) -> str:
    return f"\\boxed{{{right(prompt_text(body))}}}"


def test_the_first_commands_of_the_page(site: tuple[Path, dict[str, str]], cluster: ThrowawaySlurm) -> None:
    with FaultService(answer, model="m") as model, FaultService(lambda _: "VERDICT: A", model="j") as judge:
        write_my_vllm(site[0], model)
        site[1].update(JB_JUDGE_URL=judge.url, JB_JUDGE_MODEL="j")
        done = typed(site, "## Slurm")
        assert [command.partition("#")[0].split()[1:3] for command, _ in done] == [
            ["--models", "my_vllm"],
            ["jobs", "latest"],
            ["jobs", "latest"],
            ["--reuse"],
        ]
        for command, one in done:
            assert one.code == 0, f"{command}\n{one.text}"
        assert done[1][1].out == "The run has no jobs.\n"
        assert "complete, kept as it is" in done[3][1].text
        (result,) = (site[0] / "outputs/default").glob("2*/results/my-vllm/*.json")
        assert json.loads(result.read_text())["counts"]["ok"] == 6
    wait_until(lambda: not cluster.jobs())


def test_two_models_and_a_judge_each_a_job_of_its_own(
    site: tuple[Path, dict[str, str]], cluster: ThrowawaySlurm
) -> None:
    done = typed(site, "### Models on other nodes")
    assert len(done) == 3
    for command, one in done:
        assert one.code == 0, f"{command}\n{one.text}"
    (folder,) = (site[0] / "outputs/default").glob("2*")
    for model in ("model-a", "model-b"):
        result = json.loads((folder / f"results/{model}/aime2025-judge-c.json").read_text())
        assert result["accuracy"] == 100.0
        assert result["counts"]["ok"] == 6
    assert "complete, kept as it is" in done[2][1].text  # nothing was left for jb --reuse
    wait_until(lambda: not cluster.jobs())


def test_the_shards_of_a_dataset_are_jobs_of_their_own(
    site: tuple[Path, dict[str, str]], cluster: ThrowawaySlurm
) -> None:
    with FaultService(answer, model="m") as model, FaultService(lambda _: "VERDICT: A", model="j") as judge:
        write_my_vllm(site[0], model)
        site[1].update(JB_JUDGE_URL=judge.url, JB_JUDGE_MODEL="j")
        (command, first), (_, reused) = typed(site, "## One dataset on many nodes", shards="2")
        assert "--executor cluster --shards 2" in command
        assert first.code == reused.code == 0, first.text + reused.text
        (folder,) = (site[0] / "outputs/default").glob("2*")
        assert json.loads((folder / "results/my-vllm/aime2025-judge.json").read_text())["counts"]["ok"] == 6
        asked = Counter(prompt for one in model.requests if "twice" in (prompt := prompt_text(one.body)))
        assert list(asked.values()) == [1] * 6
    wait_until(lambda: not cluster.jobs())


def test_an_array_of_shards_is_merged(site: tuple[Path, dict[str, str]]) -> None:
    folder, environment = site
    section = page("clusters.md").partition("## One dataset on many nodes\n")[2].partition("\n## ")[0]
    blocks = re.findall(r"^```bash\n(.*?)^```$", section, re.MULTILINE | re.DOTALL)
    array, merge = blocks[1].splitlines()
    array = array.replace("--array=0-7", "--array=0-1 --wait").replace(
        "aime2025_llmjudge", "aime2025_gen --no-preflight"
    )
    with FaultService(answer, model="m") as model:
        write_my_vllm(folder, model)
        for command in (array, merge):
            done = run(["sh", "-c", command], folder, timeout=400, env=environment)
            assert done.code == 0, done.text
        assert len(model.requests) == 6
    (merged,) = (folder / "outputs/default").glob("2*")
    result = json.loads((merged / "results/my-vllm/aime2025.json").read_text())
    assert (result["accuracy"], result["counts"]["ok"]) == (100.0, 6)
