"""A chat model behind an OpenAI-compatible service (vLLM and others), whole replies."""

from judgebench.models import VLLMCustomAPIChat

models = [
    dict(
        attr="service",  # a service that is asked over HTTP; may be left out
        type=VLLMCustomAPIChat,  # sends to v1/chat/completions
        abbr="vllm-api-general-chat",  # folder and column name; unique in a run
        path="",  # local tokenizer folder; services do not need it
        model="",  # name on the service; empty asks /v1/models and takes the first
        stream=False,  # True reads the reply piece by piece
        request_rate=0,  # requests per second; below 0.1 sends as fast as batch_size allows
        use_timestamp=False,  # True starts each request at its sample's timestamp
        retry=2,  # repeats after the first try; 0 still asks once
        api_key="",  # write "${MY_KEY}" to take it from the environment
        host_ip="localhost",  # host name, IPv4 or IPv6 address of the service
        host_port=8080,
        url="",  # base address such as "https://host/api/v1"; wins over host_ip and host_port
        max_out_len=4096,  # most tokens of one answer
        batch_size=16,  # most requests in flight
        trust_remote_code=False,  # for local tokenizers
        generation_kwargs=dict(  # goes into the request untouched
            temperature=0.01,
            # num_return_sequences=4 asks every question four times, independently
        ),
        # pred_postprocessor=dict(type=extract_non_reasoning_content) changes the answer text before it is scored
    )
]
