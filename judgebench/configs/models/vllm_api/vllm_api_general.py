"""A base model behind an OpenAI-compatible service: completions of a text, no chat template."""

from judgebench.models import VLLMCustomAPI

models = [
    dict(
        attr="service",
        type=VLLMCustomAPI,  # sends to v1/completions
        abbr="vllm-api-general",
        path="",
        model="",  # empty asks /v1/models and takes the first
        stream=False,
        request_rate=0,
        use_timestamp=False,
        retry=2,
        api_key="",
        host_ip="localhost",
        host_port=8080,
        url="",
        max_out_len=512,
        batch_size=16,
        trust_remote_code=False,
        generation_kwargs=dict(temperature=0.01),
    )
]
