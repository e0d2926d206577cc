"""Any model behind OpenRouter; needs OPENROUTER_API_KEY and OPENROUTER_MODEL."""

from judgebench.models import VLLMCustomAPIChat

models = [
    dict(
        type=VLLMCustomAPIChat,
        abbr="openrouter-chat",
        model="${OPENROUTER_MODEL:-}",  # such as vendor/name
        url="https://openrouter.ai/api/v1",
        api_key="${OPENROUTER_API_KEY}",  # stays a reference: the key itself is never written to disk
        retry=5,
        max_out_len=4096,
        batch_size=8,
        adaptive=True,  # fewer requests at once where the service asks for it
        generation_kwargs=dict(),
    )
]
