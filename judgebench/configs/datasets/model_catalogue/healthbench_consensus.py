"""HealthBench consensus: 3,671 conversations with criteria on which physicians agreed; scored as healthbench."""

from mmengine.config import read_base

with read_base():
    from judgebench.configs.datasets.model_catalogue.healthbench import healthbench_datasets

healthbench_datasets[0]["abbr"] = "healthbench_consensus"
healthbench_datasets[0]["path"] = "healthbench/healthbench_consensus.jsonl"
healthbench_datasets[0]["also"] = ["healthbench/consensus_2025-05-09-20-00-46.jsonl"]
