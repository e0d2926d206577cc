"""HealthBench hard: 1,000 conversations that models find hard; scored as healthbench."""

from mmengine.config import read_base

with read_base():
    from judgebench.configs.datasets.model_catalogue.healthbench import healthbench_datasets

about = dict(
    title="HealthBench Hard",
    source="R. K. Arora et al. (2025), HealthBench: Evaluating Large Language Models Towards Improved Human Health, "
    "arXiv:2505.08775",
    published="OpenAI's public blob, hard_2025-05-08-21-00-10.jsonl; code in github openai/simple-evals",
    size="1,000 conversations that models find hard",
    licence="MIT",
    columns="`prompt_id`, `prompt` (messages), `rubrics` (`criterion`, `points`, `tags`), `example_tags`",
    asks="the conversation, as it is. The judge is asked about each criterion apart",
    scored="as `healthbench`: the mean share of points, clipped to 0 and 1, by theme and by axis",
    unread="the item is left out and counted. The project asks again for ever",
    checked="invented rows of the published layout, judges whose figures are known, and the check vectors of the formula",
    weaknesses="Items may be below 0, and the mean is clipped: a model at 0 may be anywhere below it.",
)

healthbench_datasets[0]["abbr"] = "healthbench_hard"
healthbench_datasets[0]["path"] = "healthbench/healthbench_hard.jsonl"
healthbench_datasets[0]["also"] = ["healthbench/hard_2025-05-08-21-00-10.jsonl"]
