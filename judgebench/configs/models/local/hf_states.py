"""Hidden states of a transformers model, for probes; needs the extra: pip install "judgebench[hf]"."""

from judgebench.models import HuggingFaceStates, StatesService

models = [
    dict(
        attr="service",
        type=StatesService,  # sends to v1/embeddings
        abbr="hf-states",
        path="${JB_HF_MODEL:-}",  # folder of the weights and tokenizer, or a name on the Hugging Face hub
        launch=dict(
            type=HuggingFaceStates,
            options=dict(
                dtype="bfloat16",  # float16 overflows in many models, and what is not finite is refused
                batch=1,  # more are faster on an accelerator, and change the last digits
            ),
            time_limit=600,
        ),
        batch_size=8,
    )
]
