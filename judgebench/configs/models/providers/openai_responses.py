"""A model of OpenAI through its Responses API; needs OPENAI_API_KEY."""

from judgebench.models import OpenAIResponses

models = [
    dict(
        type=OpenAIResponses,
        abbr="openai-responses",
        model="${OPENAI_MODEL:-gpt-4.1-mini}",
        url="${OPENAI_BASE_URL:-https://api.openai.com/v1}",
        api_key="${OPENAI_API_KEY}",  # stays a reference: the key itself is never written to disk
        retry=5,
        max_out_len=4096,
        batch_size=8,
        adaptive=True,  # fewer requests at once where the service asks for it
        generation_kwargs=dict(),
    )
]
