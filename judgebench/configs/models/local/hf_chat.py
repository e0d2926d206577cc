"""A chat model run in this process with transformers; needs the extra: pip install "judgebench[hf]"."""

from judgebench.models import HuggingFaceChat

models = [
    dict(
        attr="local",
        type=HuggingFaceChat,
        abbr="hf-chat",
        path="${JB_HF_MODEL:-}",  # folder of the weights and tokenizer, or a name on the Hugging Face hub
        max_out_len=512,
        batch_size=1,
        generation_kwargs=dict(),
    )
]
