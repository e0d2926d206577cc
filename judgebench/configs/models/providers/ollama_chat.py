"""A model that Ollama serves, through its own API: unlike its /v1, it can set num_ctx; needs OLLAMA_MODEL."""

from judgebench.models import OllamaChat

models = [
    dict(
        type=OllamaChat,
        abbr="ollama-chat",
        model="${OLLAMA_MODEL:-}",  # empty takes the first that the service lists
        url="${OLLAMA_URL:-http://localhost:11434}",
        api_key="${OLLAMA_API_KEY:-}",  # stays a reference: the key itself is never written to disk
        retry=5,
        max_out_len=4096,
        batch_size=8,
        adaptive=True,  # fewer requests at once where the service asks for it
        generation_kwargs=dict(num_ctx=8192),  # tokens of the context: Ollama cuts longer prompts without a word
    )
]
