"""A model of OpenAI through its Responses API; needs OPENAI_API_KEY."""

from mmengine.config import read_base

from judgebench.models import OpenAIResponses

with read_base():
    from judgebench.configs.models.openai.openai_chat import models

models = [dict(models[0], type=OpenAIResponses, abbr="openai-responses")]  # all other keys: see openai_chat
