"""A run of a million items, read again: time and memory.

    python -m benchmarks.scale [--items 1000000] [--missing 100]

The predictions and judgments are written as the stages would have written them (their uuids are those that the stages
compute). Then a resumed run asks what is missing (the last items of the file, the worst case), and ``--mode eval
--reuse`` extracts and summarises. ``first_answer_s`` and ``first_judgment_s`` are the seconds from the start of ``jb``
until the service saw the first new request.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from pathlib import Path
from typing import Any

import msgspec

from benchmarks.runs import Service, jb, report, write_configs
from judgebench.config.resolve import load_run
from judgebench.content.prompts import prompt_for
from judgebench.datasets.samples import samples_of
from judgebench.identity.questions import model_identity, question_uuid, read_identity, sampling_params, write_identity
from judgebench.judges.core.contract import method_of
from judgebench.models.access import model_config, prompt_kind
from judgebench.records.flow import JudgeCall, Prediction
from judgebench.records.request import Selection
from judgebench.records.run import Options
from judgebench.stages.asks import CaseAsk, Questions, case_of

LIMITS = {"wall_s": 60.0, "tree_pss_mb": 500.0}
FIRST = 15.0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--items", type=int, default=1_000_000)
    parser.add_argument("--missing", type=int, default=100, help="items that the resumed run still has to ask")
    options = parser.parse_args()
    rows: list[dict[str, Any]] = []
    with Service() as model, Service() as judge, tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_configs(folder, options.items, 256, [model, judge])
        jb(folder, "--num-prompts", "1")  # makes the run folder
        (run_dir,) = (folder / "outputs/default").glob("2*")
        began = time.perf_counter()
        fabricate(folder, run_dir, options.items, options.missing)
        print(f"wrote {options.items} predictions and judgments in {time.perf_counter() - began:.0f} s")
        for service in (model, judge):
            service.stats()
        began = time.perf_counter()
        found = jb(folder, "--no-preflight", "--reuse", "--num-prompts", "none", "--mode", "infer_judge")
        first = {"first_answer_s": model.stats()["first"] - began, "first_judgment_s": judge.stats()["first"] - began}
        rows.append({"what": "resume both stages", "items": options.items, **found, **first, "first limit": FIRST})
        # The files are complete now, so that this is extraction alone.
        found = jb(folder, "--no-preflight", "--reuse", "--mode", "eval")
        rows.append({"what": "extract + summarize", "items": options.items, **found, "wall limit": LIMITS["wall_s"]})
    report("scale", [{**row, "memory limit": LIMITS["tree_pss_mb"]} for row in rows])


def fabricate(folder: Path, run_dir: Path, items: int, missing: int) -> None:
    """Write the files of a run whose last ``missing`` items were not asked yet."""
    os.chdir(folder)  # where configs and data are
    config = load_run(Selection(models=["instant"], datasets=["sums"], config_dirs=["configs"]))
    dataset, raw = config.datasets["sums"], config.models["instant"]
    judge = dataset.judges[0]
    kind = prompt_kind(model_config(raw))
    questions = Questions(judge, kind)
    method = method_of(judge.method)
    place = run_dir / "predictions" / "instant"
    encode = msgspec.json.Encoder().encode
    params, identity = sampling_params(raw, dataset), model_identity(raw)
    text = "Both give the same value.\nVERDICT: A"
    for asked in (run_dir / "configs" / "identity").rglob("*.json"):  # as a killed run leaves it: never completed
        known = read_identity(asked)
        assert known is not None
        write_identity(asked, msgspec.structs.replace(known, size=-1, modified=0))
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
