"""WildBench for your own model: 1,024 real requests, each answer graded 1 to 10 with a checklist (Lin et al. 2024)."""

from mmengine.config import read_base

from judgebench.datasets import ConversationRows
from judgebench.metrics import PointScore
from judgebench.models import extract_non_reasoning_content

with read_base():
    from judgebench.configs.datasets.judge_catalogue.wildbench import (
        wildbench_groups,
        wildbench_method,
        wildbench_weights,
    )

about = dict(
    title="WildBench: answers of models",
    source="B. Y. Lin et al. (2024), WildBench: Benchmarking LLMs with Challenging Tasks from Real Users in the Wild, "
    "arXiv:2406.04770",
    published="hub allenai/WildBench, configuration v2, split test",
    licence="Apache-2.0; the conversations come from WildChat (ODC-BY)",
    size="1,024 conversations",
    columns="`session_id`, `conversation_input` (messages), `checklist`, `primary_tag`, `secondary_tags`",
    asks="the conversation, as it is. The judge goes through the conversation's own checklist and grades 1 to 10",
    scored="`mean_score` over all items; `adjusted_score` is (mean - 5) * 2; by five groups of tags, an item once in each of "
    "its groups, and `adjusted_score/task macro` with the leaderboard's weights. The leaderboard prints ten times the "
    "adjusted score",
    unread="left out and counted. In the published files such rows are absent",
    checked="invented rows of the published layout, and judges whose figures are known. The formula is that of `wildbench`, "
    "which `make replay` checks against printed figures",
    weaknesses="Published grades come from other judges than yours, so compare models that you have graded yourself; "
    "`wildbench` says how near your judge is to a published one. The project cuts each text after 1,000 words; here the "
    "judge sees it whole. The comparison with three fixed models (WB-Reward) needs their answers and is not made here.",
)

wildbench_models_datasets = [
    dict(
        abbr="wildbench_models",
        type=ConversationRows,
        path="wildbench/tasks.jsonl",
        also=["wildbench/v2/test.jsonl", "wildbench/v2/test-00000-of-00001.parquet"],
        hub=dict(path="allenai/WildBench", name="v2", split="test"),
        key="{session_id}",
        conversation_column="conversation_input",
        rename=dict(conversation="conversation_input"),
        numbered=dict(checks="checklist"),
        meta_columns=["primary_tag", "secondary_tags"],
        prompt=[dict(role="conversation", content="{messages}")],
        score=dict(
            type=PointScore,
            group_by=["primary_tag", "secondary_tags"],
            groups=wildbench_groups,
            adjust=[5, 2],
            averages={"task macro": wildbench_weights},
        ),
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
            method=wildbench_method,
        ),
    )
]
