"""The formats by name."""

from __future__ import annotations

from judgebench.export.contract import Format
from judgebench.export.inspect_log import write_inspect
from judgebench.export.lm_eval import write_lm_eval
from judgebench.export.report_page import write_report
from judgebench.export.tables import write_csv, write_jsonl, write_parquet, write_truescore
from judgebench.export.training_files import write_dpo, write_judgelm, write_probe_rows, write_scored, write_sft

FORMATS: dict[str, Format] = {
    "csv": Format("a table, a line for each item", ".csv", to_stream=write_csv),
    "jsonl": Format("a JSON object for each item, verdict and judge calls included", ".jsonl", to_stream=write_jsonl),
    "parquet": Format("the table with typed columns", ".parquet", to_path=write_parquet),
    "inspect": Format("logs of inspect_ai, for inspect view", "", to_path=write_inspect),
    "lm-eval": Format("samples and results of lm-evaluation-harness", "", to_path=write_lm_eval),
    "html": Format("the report of the whole run as one page", ".html", to_stream=write_report),
    "sft": Format("judgments as prompt and completion, to train a judge", ".jsonl", to_path=write_sft),
    "dpo": Format("better and worse judgment of one prompt, to train a judge", ".jsonl", to_path=write_dpo),
    "judgelm": Format("pairs with two scores, as JudgeLM's trainer reads them", ".jsonl", to_path=write_judgelm),
    "probe": Format("question, answer and label, for jb train probe", ".jsonl", to_path=write_probe_rows),
    "scored": Format("question, prediction and scores, or the best of them", ".jsonl", to_path=write_scored),
    "truescore": Format("judge verdicts and labels, for truescore", ".csv", to_stream=write_truescore),
}
