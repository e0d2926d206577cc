"""A run of a million items, read again: time and memory.

    python -m benchmarks.scale [--items 1000000] [--missing 100] [--folder DIR]

The predictions and judgments are written as the stages would have written them (their uuids are those that the stages
compute), by all cores. Then a resumed run asks what is missing (the last items of the file, the worst case), and
``--mode eval --reuse`` extracts and summarises. ``first_answer_s`` and ``first_judgment_s`` are the seconds from the
start of ``jb`` until the service saw the first new request.

Ten million items are 17 GB, which take long to write: ``--folder`` names a folder (new or empty) that is kept. Named
again, its complete run is extracted and summarised again, and nothing else is measured; with ``--first``, its last
items are forgotten and only the seconds until the first new requests are measured: where the run was killed and left
its watermarks, and where there are none, as after a change of the version.
"""

from __future__ import annotations

import argparse
import functools
import itertools
import multiprocessing
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from hashlib import blake2b
from pathlib import Path
from typing import Any

import msgspec

from benchmarks.runs import ROOT, Memory, Service, inherited, jb, report, stop, write_configs
from judgebench.config.resolve import load_run
from judgebench.content.prompts import prompt_for
from judgebench.datasets.samples import PlannedSamples, samples_of
from judgebench.identity.questions import (
    model_identity,
    question_uuid,
    read_identity,
    sampling_params,
    selection_of,
    write_identity,
)
from judgebench.identity.watermark import Watermark
from judgebench.judges.core.contract import method_of
from judgebench.models.access import model_config, prompt_kind
from judgebench.records.flow import JudgeCall, Prediction
from judgebench.records.request import Selection
from judgebench.records.run import Options
from judgebench.stages.asks import CaseAsk, Questions, case_of
from judgebench.stages.watermarks import basis_of
from judgebench.store.items import tail_of
from judgebench.store.recorded import slot_sample

LIMITS = {"wall_s": 60.0, "tree_pss_mb": 500.0}
FIRST = 15.0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--items", type=int, default=1_000_000)
    parser.add_argument("--missing", type=int, default=100, help="items that the resumed run still has to ask")
    parser.add_argument("--folder", type=Path, help="where the run is kept, or was kept (default: a temporary folder)")
    parser.add_argument("--first", action="store_true", help="only how soon the kept run of --folder asks again")
    options = parser.parse_args()
    rows: list[dict[str, Any]] = []
    with ExitStack() as stack:
        services = [stack.enter_context(Service()) for _ in range(2)]
        folder = (options.folder or Path(stack.enter_context(tempfile.TemporaryDirectory()))).absolute()
        if not (folder / "outputs").exists():
            rows.append(resumed(folder, options.items, options.missing, services))
        elif options.first:
            for watermarks in (True, False):
                forget_last(folder, options.missing, services)
                rows.append(asks_again(folder, services, watermarks=watermarks))
            report("scale_first", rows)
            return
        # The files are complete now, so that this is extraction alone.
        found = jb(folder, "--no-preflight", "--reuse", "--mode", "eval")
        rows.append({"what": "extract + summarize", "items": options.items, **found, "wall limit": LIMITS["wall_s"]})
    report("scale", [{**row, "memory limit": LIMITS["tree_pss_mb"]} for row in rows])


def resumed(folder: Path, items: int, missing: int, services: list[Service]) -> dict[str, Any]:
    """Write a run whose last items are missing, resume it, and return what that cost."""
    write_configs(folder, items, 256, services)
    jb(folder, "--num-prompts", "1")  # makes the run folder
    (run_dir,) = (folder / "outputs/default").glob("2*")
    began = time.perf_counter()
    fabricate(folder, run_dir, items, missing)
    print(f"wrote {items} predictions and judgments in {time.perf_counter() - began:.0f} s", flush=True)
    for service in services:
        service.stats()
    began = time.perf_counter()
    found = jb(folder, "--no-preflight", "--reuse", "--num-prompts", "none", "--mode", "infer_judge")
    answer, judgment = (service.stats()["first"] - began for service in services)
    first = {"first_answer_s": answer, "first_judgment_s": judgment}
    return {"what": "resume both stages", "items": items, **found, **first, "first limit": FIRST}


def forget_last(folder: Path, missing: int, services: list[Service]) -> None:
    """Forget the last items of a complete run."""
    for config, service in zip(("models/instant.py", "datasets/sums.py"), services, strict=True):
        path = folder / "configs" / config
        path.write_text(re.sub(r"http://127\.0\.0\.1:\d+", service.url, path.read_text()))
    (run_dir,) = (folder / "outputs/default").glob("2*")
    for name in ("sums-judge", "sums"):
        with (run_dir / f"predictions/instant/{name}.jsonl").open("r+b") as file:
            file.seek(-min(file.seek(0, os.SEEK_END), 1 << 22), os.SEEK_END)
            tail = file.read()
            lines = tail.splitlines(keepends=True)[-missing:]
            file.seek(-sum(map(len, lines)), os.SEEK_END)
            file.truncate()


def asks_again(folder: Path, services: list[Service], *, watermarks: bool) -> dict[str, Any]:
    """Resume a run whose last items are missing, and kill it once both services have been asked."""
    (run_dir,) = (folder / "outputs/default").glob("2*")
    items = sum(1 for _ in (folder / "data.jsonl").open("rb"))
    leave(folder, run_dir, items, watermarks=watermarks)
    for service in services:
        service.stats()
    command = [sys.executable, "-m", "judgebench", "--models", "instant", "--datasets", "sums", "--no-preflight"]
    command += ["--reuse", "--num-prompts", "none", "--mode", "infer_judge"]
    began = time.perf_counter()
    environment = {**inherited(), "PYTHONPATH": str(ROOT), "NO_PROXY": "*"}
    process = subprocess.Popen(command, cwd=folder, env=environment, text=True)
    memory = Memory(process.pid)
    try:
        first = [0.0 for _ in services]  # what a service tells it forgets
        while not all(first) and process.poll() is None:
            first = [known or service.stats()["first"] for known, service in zip(first, services, strict=True)]
            time.sleep(0.2)
    finally:
        most = memory.finish()
        cpu = stop(process)
    answer, judgment = (round(at - began, 1) if at else None for at in first)
    figures = {"cpu_s": round(cpu), **most, "first_answer_s": answer, "first_judgment_s": judgment}
    return {"what": "resume until it asks", "watermarks": watermarks, "items": items, **figures}


def leave(folder: Path, run_dir: Path, items: int, *, watermarks: bool) -> None:
    """Have the files look as a killed run leaves them: never completed, with or without how far they had come."""
    os.chdir(folder)  # where configs and data are
    config = load_run(Selection(models=["instant"], datasets=["sums"], config_dirs=["configs"]))
    dataset, raw = config.datasets["sums"], config.models["instant"]
    samples = PlannedSamples(dataset, Options())
    selection = selection_of(dataset, Options(), 1, samples.stamp())
    place, identities = run_dir / "predictions" / "instant", run_dir / "configs" / "identity" / "instant"
    answers = place / "sums.jsonl"
    for name, models in (("sums", [raw]), ("sums-judge", [raw, dataset.judges[0].model])):
        known, path = read_identity(identities / f"{name}.json"), place / f"{name}.jsonl"
        assert known is not None
        known = msgspec.structs.replace(known, size=-1, modified=0, selection=selection, watermark=None)
        if watermarks:
            kept, proof = _kept(answers)
            size = path.stat().st_size
            known = msgspec.structs.replace(
                known,
                watermark=Watermark(
                    below=slot_sample(kept, 0),
                    total=items,
                    ok=kept,
                    recorded=kept,
                    records=size,
                    size=size,
                    tail=tail_of(path, size),
                    answers=answers.stat().st_size if name != "sums" else 0,
                    proof=proof if name != "sums" else 0,
                    basis=basis_of(*models),
                ),
            )
        write_identity(identities / f"{name}.json", known)


@functools.cache
def _kept(answers: Path) -> tuple[int, int]:
    """Return how many answers a file holds, and the sum of their digests."""
    kept = proof = 0
    with answers.open("rb") as file:
        for line in file:
            kept += 1
            proof += int.from_bytes(blake2b(line[:-1], digest_size=8).digest())
    return kept, proof % 2**64


def _forget_sizes(run_dir: Path) -> None:
    """Have the files look as a killed run leaves them: never completed."""
    for asked in (run_dir / "configs" / "identity").rglob("*.json"):
        known = read_identity(asked)
        assert known is not None
        write_identity(asked, msgspec.structs.replace(known, size=-1, modified=0, watermark=None))


def fabricate(folder: Path, run_dir: Path, items: int, missing: int) -> None:
    """Write the files of a run whose last ``missing`` items were not asked yet."""
    os.chdir(folder)  # where configs and data are
    _forget_sizes(run_dir)
    cores = len(os.sched_getaffinity(0))
    starts = [(items - missing) * number // cores for number in range(cores + 1)]
    processes = [
        multiprocessing.Process(target=write_part, args=(run_dir / "predictions" / "instant", first, end))
        for first, end in itertools.pairwise(starts)
    ]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
        assert process.exitcode == 0
    place = run_dir / "predictions" / "instant"
    for name in ("sums", "sums-judge"):
        parts = [place / f"{name}.{first}" for first in starts[:-1]]
        with parts[0].open("ab") as whole:
            for part in parts[1:]:
                with part.open("rb") as file:
                    shutil.copyfileobj(file, whole, 1 << 22)
                part.unlink()
        parts[0].replace(place / f"{name}.jsonl")


def write_part(place: Path, first: int, end: int) -> None:
    """Write the predictions and judgments of a range of items."""
    config = load_run(Selection(models=["instant"], datasets=["sums"], config_dirs=["configs"]))
    dataset, raw = config.datasets["sums"], config.models["instant"]
    judge = dataset.judges[0]
    kind = prompt_kind(model_config(raw))
    questions = Questions(judge, kind)
    method = method_of(judge.method)
    encode = msgspec.json.Encoder().encode
    params, identity = sampling_params(raw, dataset), model_identity(raw)
    text = "Both give the same value.\nVERDICT: A"
    with (place / f"sums.{first}").open("wb") as answers, (place / f"sums-judge.{first}").open("wb") as judgments:
        for sample in itertools.islice(samples_of(dataset, Options()), first, end):
            prompt = prompt_for(dataset, sample, kind)
            prediction = Prediction(
                data_abbr="sums",
                id=sample.id,
                uid=sample.uid,
                success=True,
                status="ok",
                uuid=question_uuid(prompt, params, identity),
                origin_prompt=prompt,
                prediction=text,
                gold=sample.reference,
                finish_reason="stop",
            )
            answers.write(encode(prediction) + b"\n")
            item = case_of(sample, prediction, None)
            ((_, asked),) = method.prompts(item)  # type: ignore[attr-defined]
            form, _, uuid, _ = CaseAsk(questions, item, None).identify(asked, {})  # type: ignore[arg-type]
            call = JudgeCall(
                data_abbr="sums",
                id=sample.id,
                uid=sample.uid,
                success=True,
                status="ok",
                uuid=uuid,
                origin_prompt=form,
                prediction=text,
                gold=prediction.uuid,
                finish_reason="stop",
            )
            judgments.write(encode(call) + b"\n")


if __name__ == "__main__":
    main()
