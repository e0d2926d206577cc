"""A Claude model at Anthropic; needs ANTHROPIC_API_KEY and ANTHROPIC_MODEL."""

from judgebench.models import AnthropicChat

models = [
    dict(
        type=AnthropicChat,
        abbr="anthropic-chat",
        model="${ANTHROPIC_MODEL:-}",  # empty takes the first that the service lists
        url="${ANTHROPIC_BASE_URL:-https://api.anthropic.com}",
        api_key="${ANTHROPIC_API_KEY}",  # stays a reference: the key itself is never written to disk
        retry=5,
        max_out_len=4096,
        batch_size=8,
        adaptive=True,  # fewer requests at once where the service asks for it
        generation_kwargs=dict(),  # newer models refuse temperature, top_p and top_k
    )
]
