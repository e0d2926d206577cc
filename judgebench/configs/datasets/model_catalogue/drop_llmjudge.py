"""DROP by the rule first, and by a judge where the rule calls an answer wrong or cannot read it; both figures are kept."""

from mmengine.config import read_base

from judgebench.judges import Cascade, ReferenceVerifier
from judgebench.models import extract_non_reasoning_content

with read_base():
    from judgebench.configs.datasets.model_catalogue.drop import drop_datasets

drop_datasets[0]["metrics"] = ["accuracy"]
about = dict(
    title="DROP with a judge",
    source="D. Dua et al. (2019), DROP: A Reading Comprehension Benchmark Requiring Discrete Reasoning Over Paragraphs, "
    "arXiv:1903.00161",
    published="hub EleutherAI/drop, split validation",
    licence="CC BY-SA 4.0",
    size="9,535 questions",
    columns="those of `drop`",
    asks="the model as in `drop`; the judge whether an answer that the rule calls wrong, or cannot read, is right",
    scored="accuracy in two rows: `drop` by exact match, `drop-judge` with what the judge has changed",
    unread="in `drop-judge` a judge's reply that cannot be read leaves the item unparsed; counted, and in the bounds",
    checked="invented rows of the published layout, answers and judges whose figures are known",
    weaknesses="The judge sees the rule's misses alone, so it can only raise the figure. What the rule calls right is never "
    "looked at again.",
)

drop_datasets[0]["judge_infer_cfg"] = dict(
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
    method=dict(
        type=Cascade,
        rule=drop_datasets[0]["evaluator"],
        judge=dict(type=ReferenceVerifier, style="letter", question="{passage}\n\n{question}"),
        settles=["correct"],
    ),
)
