"""The service that the judges of this folder ask.

The variables JB_JUDGE_URL, JB_JUDGE_MODEL, JB_JUDGE_KEY and JB_JUDGE_TYPE set it for all shipped judges and judged datasets
at once; --override judges.ABBR.host_port=9000 sets it for one.

A file of this name in the folder judges/ of your own configs takes its place.

A judged dataset has such a block in its own file, where `jb --search --datasets NAME` points to.
"""

from judgebench.models import extract_non_reasoning_content

judge_model = dict(
    attr="service",  # a service that is asked over HTTP; may be left out
    type="${JB_JUDGE_TYPE:-VLLMCustomAPIChat}",  # sends to v1/chat/completions
    abbr="judge",  # folder and column name
    path="",  # local tokenizer folder; services do not need it
    model="${JB_JUDGE_MODEL:-}",  # name on the service; empty asks /v1/models and takes the first
    stream=False,  # True reads the reply piece by piece
    request_rate=0,  # requests per second; below 0.1 sends as fast as batch_size allows
    use_timestamp=False,  # True starts each request at its sample's timestamp
    retry=2,  # repeats after the first try; 0 still asks once
    api_key="${JB_JUDGE_KEY:-}",  # a reference to the environment: the key itself is never written to disk
    host_ip="localhost",  # host name, IPv4 or IPv6 address of the service
    host_port=8080,
    url="${JB_JUDGE_URL:-}",  # base address such as "https://host/api/v1"; wins over host_ip and host_port
    max_out_len=1024,  # most tokens of one reply; a verdict comes last, so leave room for a judge that thinks
    batch_size=16,  # most requests in flight
    trust_remote_code=False,  # for local tokenizers
    generation_kwargs=dict(temperature=0.0),  # goes into the request untouched
    pred_postprocessor=dict(type=extract_non_reasoning_content),  # takes the judge's own thinking out of its reply
)
