"""How much memory large datasets take: 100,000 rows of MMLU-Pro, and 100 questions of AA-LCR over 400 kB each.

    python -m benchmarks.catalogue_memory [ROWS [QUESTIONS]]

Each is run by ``jb`` with a local model that replies at once, and the greatest memory of a process of it is printed.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, ClassVar, Literal

from judgebench.models.contract import Client, ModelConfig
from judgebench.records.flow import Reply, Request

TARGET_MB = 200
HERE = Path(__file__).parents[1]
_CONFIG = """\
from mmengine.config import read_base
with read_base():
    from judgebench.configs.datasets.model_catalogue.{name} import {name}_datasets
models = [dict(type="benchmarks.catalogue_memory.AlwaysA", abbr="always-a", path="")]
datasets = {name}_datasets
for one in datasets:
    if "judge_model" in one["judge_infer_cfg"]:
        one["judge_infer_cfg"]["judge_model"] = dict(type="benchmarks.catalogue_memory.AlwaysA", abbr="judge", path="")
"""


class AlwaysA:
    """A model that always says the same."""

    Config: ClassVar[type[ModelConfig]] = ModelConfig
    free = True
    prompt_kind: ClassVar[Literal["chat", "text"]] = "chat"

    @asynccontextmanager
    async def open(self, config: Any) -> AsyncIterator[Client]:  # noqa: ARG002 - it has no keys of its own
        """Give the client."""
        yield _Said()


class _Said:
    model = "always-a"

    async def ask(self, request: Request) -> Reply:  # noqa: ARG002 - whatever is asked
        """Reply."""
        return Reply(status="ok", text="The answer is (A)\nVERDICT: CORRECT", finish_reason="stop")


def mmlu_pro(folder: Path, rows: int) -> None:
    """Write rows of MMLU-Pro."""
    (folder / "mmlu_pro").mkdir()
    options = [f"It is the {number}. of ten options, of a length as usual." for number in range(10)]
    with (folder / "mmlu_pro/test.jsonl").open("w") as file:
        for number in range(rows):
            row = {"question_id": number, "question": f"Which of these is {number}? " * 8, "options": options}
            about = {"answer": "ABCDEFGHIJ"[number % 10], "category": "math", "src": "invented"}
            file.write(json.dumps(row | about) + "\n")


def aa_lcr(folder: Path, questions: int) -> None:
    """Write questions of AA-LCR with four documents of 100 kB each."""
    texts = folder / "aa_lcr/lcr/Company/set"
    texts.mkdir(parents=True)
    for number in range(4):
        (texts / f"{number}.txt").write_text(f"Line {number} of a long report. " * 3700)
    names = ";".join(f"{number}.txt" for number in range(4))
    with (folder / "aa_lcr/AA-LCR_Dataset.csv").open("w") as file:
        file.write("document_category,document_set_id,question_id,question,answer,data_source_filenames\n")
        file.writelines(f"Company,set,{number},Which is {number}?,{number},{names}\n" for number in range(questions))


def peak(name: str, folder: Path) -> float:
    """Return the greatest memory, in MiB, of a process of a run."""
    (folder / "run.py").write_text(_CONFIG.format(name=name))
    code = (
        "import resource, subprocess, sys;"
        "line = [sys.executable, '-m', 'judgebench', 'run.py', '--data-dir', '.', '--work-dir', 'runs'];"
        "done = subprocess.run(line);"
        "print(done.returncode, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024)"
    )
    environ = {**os.environ, "PYTHONPATH": os.pathsep.join([str(HERE), os.environ.get("PYTHONPATH", "")])}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=folder, env=environ, capture_output=True, text=True, check=True
    )
    code_, megabytes = done.stdout.split()[-2:]
    if code_ != "0":
        sys.exit(done.stdout + done.stderr)
    return float(megabytes)


def measured(rows: int, questions: int) -> Iterator[tuple[str, int, float]]:
    """Yield name, number of rows and greatest memory of each."""
    for name, write, count in (("mmlu_pro", mmlu_pro, rows), ("aa_lcr", aa_lcr, questions)):
        with tempfile.TemporaryDirectory() as made:
            write(Path(made), count)
            yield name, count, peak(name, Path(made))


def main() -> int:
    """Measure and print; 1 where one is over the target."""
    given = [int(one) for one in sys.argv[1:]]
    rows, questions = given + [100_000, 100][len(given) :]
    over = False
    for name, count, megabytes in measured(rows, questions):
        over = over or megabytes > TARGET_MB
        print(f"{name}: {count} rows, {megabytes:.0f} MiB at most in a process (target {TARGET_MB})", flush=True)
    return int(over)


if __name__ == "__main__":
    sys.exit(main())
