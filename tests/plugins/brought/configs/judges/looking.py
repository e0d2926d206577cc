"""A judge that looks at images."""

from looking import Looking

from judgebench.models import VLLMCustomAPIChat

judges = [
    dict(
        abbr="looking",
        judge_model=dict(type=VLLMCustomAPIChat, abbr="looking", model="j", url="${JUDGE_URL}", batch_size=4),
        method=dict(type=Looking),
    )
]
