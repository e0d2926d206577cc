"""A Gemini model at Google; needs GEMINI_API_KEY and GEMINI_MODEL."""

from judgebench.models import GeminiChat

models = [
    dict(
        type=GeminiChat,
        abbr="gemini-chat",
        model="${GEMINI_MODEL:-}",  # empty takes the first that the service lists
        url="${GEMINI_BASE_URL:-https://generativelanguage.googleapis.com}",
        api_key="${GEMINI_API_KEY}",  # stays a reference: the key itself is never written to disk
        retry=5,
        max_out_len=4096,
        batch_size=8,
        adaptive=True,  # fewer requests at once where the service asks for it
        generation_kwargs=dict(),
    )
]
