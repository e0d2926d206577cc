"""HealthBench hard: 1,000 conversations that models find hard; scored as healthbench."""

from mmengine.config import read_base

with read_base():
    from judgebench.configs.datasets.model_catalogue.healthbench import healthbench_datasets

healthbench_datasets[0]["abbr"] = "healthbench_hard"
healthbench_datasets[0]["path"] = "healthbench/healthbench_hard.jsonl"
healthbench_datasets[0]["also"] = ["healthbench/hard_2025-05-08-21-00-10.jsonl"]
