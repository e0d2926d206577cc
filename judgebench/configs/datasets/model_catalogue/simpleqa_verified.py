"""SimpleQA Verified, 1,000 questions of SimpleQA that were checked again and balanced by topic (Haas et al. 2025)."""

from mmengine.config import read_base

from judgebench.datasets import JudgeSamples
from judgebench.metrics import AttemptScore
from judgebench.models import extract_non_reasoning_content

with read_base():
    from judgebench.configs.datasets.model_catalogue.simpleqa import simpleqa_method

also_called = ["simpleqa-verified", "simpleqa_verified_gen"]

about = dict(
    title="SimpleQA Verified",
    source="L. Haas et al. (2025), SimpleQA Verified: A Reliable Factuality Benchmark to Measure Parametric Knowledge, "
    "arXiv:2509.07968",
    published="hub google/simpleqa-verified, simpleqa_verified.csv",
    licence="MIT",
    size="1,000 questions",
    columns="`original_index`, `problem`, `answer`, `topic`, `answer_type`, `multi_step`, `requires_reasoning`, `urls`",
    asks="the question, and nothing else",
    scored="as SimpleQA; the headline is `f1`, and all figures come by topic and type of answer",
    unread="left out, counted, and in the bounds",
    checked="invented rows of the published layout, and judges whose figures are known",
    weaknesses="The project's own judge takes a number within a range that the answer names; ours is told the same rules "
    "as in SimpleQA, so figures on questions of number may differ.",
)

simpleqa_verified_datasets = [
    dict(
        abbr="simpleqa_verified",
        type=JudgeSamples,
        path="simpleqa_verified/simpleqa_verified.csv",
        hub=dict(path="google/simpleqa-verified", split="eval"),
        key="{original_index}",
        input_columns=["problem"],
        output_column="answer",
        meta_columns=["topic", "answer_type", "multi_step", "requires_reasoning"],
        by=["topic", "answer_type"],
        prompt=[dict(role="user", content="{problem}")],
        score=dict(type=AttemptScore, headline="f1"),
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
            method=simpleqa_method,
        ),
    )
]
