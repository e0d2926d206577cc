"""AIME 2025 with a judge model that compares each answer with the reference; the rule scores beside it."""

from mmengine.config import read_base

from judgebench.judges import ReferenceVerifier
from judgebench.models import extract_non_reasoning_content

with read_base():
    from judgebench.configs.datasets.aime2025.aime2025_gen import aime2025_datasets

about = dict(
    title="AIME 2025 with a judge",
    source="Mathematical Association of America (2025), American Invitational Mathematics Examination I and II",
    published="hub opencompass/AIME2025, configurations AIME2025-I and AIME2025-II",
    licence="the texts are the association's, for evaluation only",
    size="30 problems",
    columns="those of `aime2025_gen`",
    asks="the model as in `aime2025_gen`; the judge whether the answer agrees with the reference",
    scored="accuracy in two rows: `aime2025` by the rule, `aime2025-judge` by the judge, and how often the two agree",
    unread="unparsed, counted, and in the bounds; for the judge's reply too",
    checked="invented rows of the published layout, answers and judges whose figures are known",
    weaknesses="The judge sees the reference: it is asked to compare, and not to solve.",
)

aime2025_datasets[0]["judge_infer_cfg"] = dict(
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
        pred_postprocessor=dict(type=extract_non_reasoning_content),  # takes the judge's own thinking out of its reply
    ),
    method=dict(type=ReferenceVerifier, style="letter"),
)
