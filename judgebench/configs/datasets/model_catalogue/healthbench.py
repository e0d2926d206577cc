"""HealthBench, 5,000 conversations about health with physicians' criteria of signed points (Arora et al. 2025)."""

from judgebench.datasets import ConversationRows
from judgebench.judges import CriteriaMet
from judgebench.metrics import RubricPointsScore
from judgebench.models import extract_non_reasoning_content

also_called = ["healthbench_gen"]

about = dict(
    title="HealthBench: answers of models",
    source="R. K. Arora et al. (2025), HealthBench: Evaluating Large Language Models Towards Improved Human Health, "
    "arXiv:2505.08775",
    published="OpenAI's public blob, 2025-05-07-06-14-12_oss_eval.jsonl; code in github openai/simple-evals. The configs "
    "`healthbench_hard` and `healthbench_consensus` are the other two sets, scored likewise",
    licence="MIT",
    size="5,000 conversations; 1,000 hard ones; 3,671 with criteria on which physicians agreed",
    columns="`prompt_id`, `prompt` (messages), `rubrics` (`criterion`, `points`, `tags`), `example_tags`",
    asks="the conversation, as it is. The judge is asked about each criterion apart, about ten for each item",
    scored="an item's score is the points of the criteria that are met over all points above 0, and may be below 0; "
    "`score` is the mean clipped to 0 and 1; by theme (`example_tags`), and by axis over the criteria of the axis",
    unread="the item is left out and counted. The project asks again for ever",
    checked="invented rows of the published layout, judges whose figures are known, and the check vectors of the formula",
    choices={
        "an unread criterion is not met": "judges.judge.method.unread=not_met",
        "an unread criterion is met": "judges.judge.method.unread=met",
    },
    figures=[
        dict(of=name, figure="score", value=value, date="2025-05", source="the paper; the judge is gpt-4.1")
        for name, value in (("o3", ".60"), ("GPT-4o", ".32"), ("GPT-3.5 Turbo", ".16"))
    ],
    weaknesses="All of it are about 50,000 judge calls: look at `--dry-run` first. Another judge than gpt-4.1 moves the "
    "figures; `healthbench_meta` says how good a judge is here.",
)

healthbench_datasets = [
    dict(
        abbr="healthbench",
        type=ConversationRows,
        path="healthbench/healthbench.jsonl",
        also=["healthbench/2025-05-07-06-14-12_oss_eval.jsonl"],
        key="{prompt_id}",
        conversation_column="prompt",
        rubric_column="rubrics",
        meta_columns=["example_tags"],
        prompt=[dict(role="conversation", content="{messages}")],
        score=dict(type=RubricPointsScore, group_by="example_tags", criterion_tags=["axis:"]),
        judge_infer_cfg=dict(
            judge_model=dict(
                attr="service",  # a service that is asked over HTTP; may be left out
                type="${JB_JUDGE_TYPE:-VLLMCustomAPIChat}",  # sends to v1/chat/completions
                abbr="judge",  # names the judge: folder, row and --override judges.judge.KEY=VALUE
                path="",  # local tokenizer folder; services do not need it
                model="${JB_JUDGE_MODEL:-}",  # name on the service; empty asks /v1/models and takes the first
                stream=False,  # True reads the reply piece by piece
                request_rate=0,  # requests per second; below 0.1 sends as fast as batch_size allows
                use_timestamp=False,  # True starts each request at its sample's timestamp
                retry=2,  # repeats after the first try; 0 still asks once
                api_key="${JB_JUDGE_KEY:-}",  # a reference to the environment: the key itself is never written to disk
                host_ip="localhost",  # host name, IPv4 or IPv6 address of the judge's service
                host_port=8080,
                url="${JB_JUDGE_URL:-}",  # base address such as "https://host/api/v1"; wins over host_ip and host_port
                max_out_len=1024,  # most tokens of one reply; a verdict comes last, so leave room for a judge that thinks
                batch_size=16,  # most requests in flight
                trust_remote_code=False,  # for local tokenizers
                generation_kwargs=dict(temperature=0.0),  # goes into the request untouched
                pred_postprocessor=dict(type=extract_non_reasoning_content),  # takes out the judge's thinking
            ),
            method=dict(type=CriteriaMet),
        ),
    )
]
