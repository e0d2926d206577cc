"""HealthBench consensus: 3,671 conversations with criteria on which physicians agreed; scored as healthbench."""

from mmengine.config import read_base

with read_base():
    from judgebench.configs.datasets.model_catalogue.healthbench import healthbench_datasets

about = dict(
    title="HealthBench Consensus",
    source="R. K. Arora et al. (2025), HealthBench: Evaluating Large Language Models Towards Improved Human Health, "
    "arXiv:2505.08775",
    published="OpenAI's public blob, consensus_2025-05-09-20-00-46.jsonl; code in github openai/simple-evals",
    size="3,671 conversations",
    licence="MIT",
    columns="`prompt_id`, `prompt` (messages), `rubrics` (`criterion`, `points`, `tags`), `example_tags`",
    asks="the conversation, as it is. The judge is asked about each criterion apart",
    scored="as `healthbench`: the mean share of points, clipped to 0 and 1, by theme and by axis",
    unread="the item is left out and counted. The project asks again for ever",
    checked="invented rows of the published layout, judges whose figures are known, and the check vectors of the formula",
    weaknesses="The criteria are few for each conversation, and most models meet most of them, so figures lie close together.",
)

healthbench_datasets[0]["abbr"] = "healthbench_consensus"
healthbench_datasets[0]["path"] = "healthbench/healthbench_consensus.jsonl"
healthbench_datasets[0]["also"] = ["healthbench/consensus_2025-05-09-20-00-46.jsonl"]
