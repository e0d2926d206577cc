"""Hidden states of the embedded model, by llama.cpp: what a probe reads instead of words; needs the extra `local`.

docs/judges/probes.md says what a probe is and how one is trained.
"""

from mmengine.config import read_base

from judgebench.models import LlamaCppStates, StatesService

with read_base():
    from judgebench.configs.models.local.gemma3_270m import gemma3_270m_launch

_options = gemma3_270m_launch["options"]
gemma3_270m_states_launch = dict(
    type=LlamaCppStates,
    options=dict(
        package=_options["package"],
        sha256=_options["sha256"],
        licence=_options["licence"],
        alias="gemma-3-270m-q4_k_m",
        context=2048,  # longer texts are refused, never cut
    ),
    health="/health",
    time_limit=120,
)

models = [
    dict(
        attr="service",
        type=StatesService,  # sends to v1/embeddings
        abbr="gemma3-270m-states",
        model="gemma-3-270m-q4_k_m",
        launch=gemma3_270m_states_launch,
        batch_size=2,  # the service computes one text at a time; the second is there so that it never waits
    )
]
