"""A run of many items on instant services, and reading its judgments again: time and memory.

    python benchmarks/scale.py [--items 1000000] [--concurrency 256] [--skip-run]

Without a finished run of a million requests at hand, the predictions and judgments are written as the stages would have
written them (their uuids are those that the stages compute), then ``--mode eval --reuse`` extracts and summarises them,
and a resumed run finds its first new request.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import msgspec

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks.fixed_cost import Memory, Service, machine, write_configs  # noqa: E402
from judgebench.config.resolve import load_run  # noqa: E402
from judgebench.datasets.open import samples_of  # noqa: E402
from judgebench.judges.load import method_of  # noqa: E402
from judgebench.models.configured import model_config, prompt_kind  # noqa: E402
from judgebench.plan.request import Selection  # noqa: E402
from judgebench.plan.spec import Options  # noqa: E402
from judgebench.records import JudgeCall, Prediction  # noqa: E402
from judgebench.stages.asks import ItemAsk, Questions  # noqa: E402
from judgebench.stages.items import judge_item  # noqa: E402
from judgebench.stages.prompting import prompt_for  # noqa: E402
from judgebench.stages.settings import model_identity, sampling_params  # noqa: E402
from judgebench.store.asked import question_uuid  # noqa: E402


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--items", type=int, default=1_000_000)
    parser.add_argument("--missing", type=int, default=100, help="items that the resumed run still has to ask")
    parser.add_argument("--json", type=Path, default=ROOT / "benchmarks" / "results" / "scale.json")
    options = parser.parse_args()
    services = [Service(), Service()]
    figures: dict[str, dict[str, float]] = {}
    try:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            write_configs(folder, options.items, 256, services)
            run_dir = folder / "outputs/default/20260101_000000"
            began = time.perf_counter()
            fabricate(folder, run_dir, options.items, options.missing)
            print(f"wrote {options.items} predictions and judgments in {time.perf_counter() - began:.0f} s")
            names = ["--models", "instant", "--datasets", "sums", "--reuse", "20260101_000000"]
            figures["resume, then all stages"] = measure(folder, [*names, "--no-preflight"])
            figures["extract + summarize"] = measure(folder, [*names, "--mode", "eval"])
            size = (run_dir / "predictions/instant/sums-judge.jsonl").stat().st_size / 2**20
    finally:
        for service in services:
            service.stop()
    print(f"{options.items} items, judge file {size:.0f} MiB")
    for what, found in figures.items():
        print(f"  {what:<28}" + "  ".join(f"{key} {value:.1f}" for key, value in found.items()))
    options.json.parent.mkdir(parents=True, exist_ok=True)
    options.json.write_text(json.dumps({"machine": machine(), "items": options.items, "figures": figures}))


def fabricate(folder: Path, run_dir: Path, items: int, missing: int) -> None:
    """Write the files of a run whose last ``missing`` items were not asked yet."""
    os.chdir(folder)
    config = load_run(Selection(models=["instant"], datasets=["sums"], config_dirs=["configs"]))
    dataset, raw = config.datasets["sums"], config.models["instant"]
    judge = dataset.judges[0]
    kind = prompt_kind(model_config(raw))
    questions = Questions(judge, kind)
    method = method_of(judge.method)
    place = run_dir / "predictions" / "instant"
    place.mkdir(parents=True)
    (run_dir / "configs").mkdir()
    encode = msgspec.json.Encoder().encode
    params, identity = sampling_params(raw, dataset), model_identity(raw)
    text = "Both give the same value.\nVERDICT: A"
    with (place / "sums.jsonl").open("wb") as answers, (place / "sums-judge.jsonl").open("wb") as judgments:
        for sample in samples_of(dataset, Options()):
            if sample.id >= items - missing:
                break
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
            item = judge_item(sample, prediction, None)
            ((_, asked),) = method.prompts(item)  # type: ignore[attr-defined]
            form, _, uuid, _ = ItemAsk(questions, item, None).identify(asked, {})  # type: ignore[arg-type]
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


def measure(folder: Path, flags: list[str]) -> dict[str, float]:
    """Run ``jb`` and return its wall and CPU seconds and its largest memory."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    began = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-m", "judgebench", *flags],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    memory = Memory(process.pid)
    out, _ = process.communicate()
    wall = time.perf_counter() - began
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    print(out[-1500:] if process.returncode else "", end="")
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return {
        "wall_s": wall,
        "cpu_s": cpu,
        "tree_rss_mb": memory.finish(),
        "process_rss_mb": after.ru_maxrss / 1024,
        "exit": float(process.returncode),
    }


if __name__ == "__main__":
    main()
