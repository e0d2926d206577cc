"""A chat model behind an OpenAI-compatible service, replies read as a stream."""

from mmengine.config import read_base

with read_base():
    from judgebench.configs.models.vllm_api.vllm_api_general_chat import models

models = [dict(models[0], abbr="vllm-api-stream-chat", stream=True)]  # all other keys: see vllm_api_general_chat
