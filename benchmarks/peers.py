"""The same unjudged work by other programs and by ours, in turn (A B A B), against the same loopback service.

    python -m benchmarks.peers [--items 1000] [--concurrency 64] [--peers inspect-ai lm-eval evalscope] [--rounds 2]

Each peer is installed from the package registry into a virtual environment of its own under ``--folder`` (outside the
checkout); one that cannot be installed or run within the time limit is skipped with a note. ``cpu_s`` counts every
process of a whole run, start-up and scoring included; ``send_rate`` is what the service saw, from the first request to
the last reply.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks.runs import Service, jb, measured, report, write_configs

INSTALL_LIMIT = 900
"""Seconds that an installation may take."""

Command = Callable[[Path, Path, str, int, int], list[str]]
"""From (folder of programs, work folder, service address, items, concurrency) to a command line."""


class Peer(NamedTuple):
    """Another program.

    Attributes:
        packages: What is installed.
        command: Writes what the program needs into the work folder and returns how it is started.
    """

    packages: list[str]
    command: Command


def inspect_ai(programs: Path, work: Path, url: str, items: int, concurrency: int) -> list[str]:
    (work / "task.py").write_text(
        "from inspect_ai import Task, task\n"
        "from inspect_ai.dataset import FieldSpec, json_dataset\n"
        "from inspect_ai.scorer import includes\n"
        "from inspect_ai.solver import generate\n\n\n"
        "@task\ndef sums():\n"
        "    fields = FieldSpec(input='question', target='answer')\n"
        "    return Task(dataset=json_dataset('data.jsonl', fields), solver=generate(), scorer=includes())\n"
    )
    flags = ["--max-connections", str(concurrency), "--max-samples", str(concurrency), "--limit", str(items)]
    quiet = ["--display", "none", "--log-dir", "logs", "--no-fail-on-error", "--max-tokens", "64"]
    address = ["--model", "openai/instant", "--model-base-url", f"{url}/v1"]
    return [str(programs / "inspect"), "eval", "task.py", *address, *flags, *quiet]


def lm_eval(programs: Path, work: Path, url: str, items: int, concurrency: int) -> list[str]:
    (work / "sums.yaml").write_text(
        "task: sums\ndataset_path: json\ndataset_kwargs:\n  data_files:\n    test: data.jsonl\ntest_split: test\n"
        "output_type: generate_until\ndoc_to_text: '{{question}}'\ndoc_to_target: '{{answer}}'\n"
        "generation_kwargs:\n  until: ['@@']\n  max_gen_toks: 64\nmetric_list:\n  - metric: exact_match\n"
    )
    model = f"model=instant,base_url={url}/v1/chat/completions,num_concurrent={concurrency},tokenized_requests=False"
    flags = ["--apply_chat_template", "--include_path", ".", "--tasks", "sums", "--limit", str(items)]
    start = [str(programs / "lm_eval"), "--model", "local-chat-completions", "--model_args", model]
    return [*start, *flags, "--output_path", "out", "--log_samples"]


def evalscope(programs: Path, work: Path, url: str, items: int, concurrency: int) -> list[str]:
    (work / "qa").mkdir()
    with (work / "data.jsonl").open() as source, (work / "qa" / "sums.jsonl").open("w") as target:
        for line in source:
            target.write(line.replace('"question"', '"query"').replace('"answer"', '"response"'))
    data = '{"general_qa": {"local_path": "qa", "subset_list": ["sums"]}}'
    address = ["--model", "instant", "--api-url", f"{url}/v1", "--api-key", "none", "--eval-type", "openai_api"]
    flags = ["--datasets", "general_qa", "--dataset-args", data, "--eval-batch-size", str(concurrency)]
    return [str(programs / "evalscope"), "eval", *address, *flags, "--limit", str(items)]


PEERS = {
    "inspect-ai": Peer(["inspect-ai", "openai"], inspect_ai),
    "lm-eval": Peer(["lm-eval[api]"], lm_eval),
    "evalscope": Peer(["evalscope"], evalscope),
}

ENVIRONMENT = {"OPENAI_API_KEY": "none", "HF_HUB_OFFLINE": "1", "HF_DATASETS_OFFLINE": "1", "TQDM_DISABLE": "1"}


def installed(name: str, peer: Peer, folder: Path) -> Path:
    """Return the folder of a peer's programs, installing it first.

    Raises:
        RuntimeError: It could not be installed.
    """
    place = folder / name
    if not (place / ".installed").exists():
        try:
            subprocess.run([sys.executable, "-m", "venv", str(place)], check=True, timeout=INSTALL_LIMIT)
            command = [str(place / "bin/python"), "-m", "pip", "install", "--quiet", *peer.packages]
            subprocess.run(command, check=True, timeout=INSTALL_LIMIT, capture_output=True, text=True)
        except subprocess.SubprocessError as error:
            shutil.rmtree(place, ignore_errors=True)
            said = (getattr(error, "stderr", "") or str(error)).strip().splitlines()
            raise RuntimeError(f"not installed: {said[-1] if said else error}") from error
        (place / ".installed").touch()
    return place / "bin"


def one(run: Callable[[Path, str], dict[str, float]], items: int, concurrency: int) -> dict[str, float]:
    """Run one program once in a fresh folder, on a fresh service."""
    with Service("--text", "ANSWER: 4") as service, tempfile.TemporaryDirectory() as name:
        write_configs(Path(name), items, concurrency, [service, service])
        found = run(Path(name), service.url)
        seen = service.stats()
    if seen["requests"] < items:
        raise RuntimeError(f"it sent {seen['requests']} requests, not {items}")
    return {"send_rate": items / seen["seconds"], **found}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--items", type=int, default=1000)
    parser.add_argument("--concurrency", type=int, default=64)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--peers", nargs="+", choices=list(PEERS), default=list(PEERS))
    cache = Path(os.environ.get("XDG_CACHE_HOME", "~/.cache")).expanduser()
    parser.add_argument("--folder", type=Path, default=cache / "judgebench-peers")
    options = parser.parse_args()
    items, concurrency = options.items, options.concurrency
    rows: list[dict[str, Any]] = []
    for name in options.peers:
        runs: dict[str, list[dict[str, float]]] = {"judgebench": [], name: []}
        try:
            programs = installed(name, PEERS[name], options.folder)

            def peer(work: Path, url: str, programs: Path = programs, name: str = name) -> dict[str, float]:
                command = PEERS[name].command(programs, work, url, items, concurrency)
                return measured(command, work, ENVIRONMENT)

            def ours(work: Path, url: str) -> dict[str, float]:  # noqa: ARG001 - configs name the service
                return jb(work, dataset="sums_plain")

            for _ in range(options.rounds):
                runs["judgebench"].append(one(ours, items, concurrency))
                runs[name].append(one(peer, items, concurrency))
        except RuntimeError as error:
            rows.append({"program": name, "items": items, "note": f"skipped: {str(error)[-300:]}"})
            continue
        medians = {
            who: {key: statistics.median(run[key] for run in found) for key in found[0]} for who, found in runs.items()
        }
        for who, found in medians.items():
            ratios = {"x our cpu": found["cpu_s"] / medians["judgebench"]["cpu_s"]}
            rows.append({"program": who, "items": items, "concurrency": concurrency, **found, **ratios})
    report("peers", rows)


if __name__ == "__main__":
    main()
