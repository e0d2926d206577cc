"""GEdit-Bench: a model edits pictures, and a judge rates the edits as VIEScore does: SC, PQ and sqrt(SC * PQ), 0 to 10
(Liu et al. 2025)."""

from mmengine.config import read_base

from judgebench.datasets import HubDataset
from judgebench.models import extract_non_reasoning_content

with read_base():
    from judgebench.configs.judges.pictures.picture_edit import judges

also_called = ["gedit", "gedit_gen", "gedit_gen_0_shot_llmjudge", "gedit_bench"]

about = dict(
    title="GEdit-Bench",
    source="S. Liu et al. (2025), Step1X-Edit: A Practical Framework for General Image Editing, arXiv:2504.17761",
    published="hub stepfun-ai/GEdit-Bench, split train",
    licence="MIT, by the hub's page",
    size="1,212 edits of pictures: 606 in English and 606 in Chinese, of eleven kinds",
    columns="`key`, `instruction`, `input_image_raw` (picture), `instruction_language` (`en` or `cn`), `task_type`",
    asks="an edited picture: the model answers with a picture, and one that answers with text alone has nothing to be judged. "
    "The judge is asked twice: SC, with both pictures; PQ, with the edited one alone",
    scored="`overall`: the mean of sqrt(SC * PQ), from 0 to 10, where SC and PQ are the lesser of two numbers; "
    "`aspect/SC`, `aspect/PQ`; by language and kind of edit",
    unread="the edit is left out and counted; `overall_unread_as_0` counts it as 0, as AISBench does",
    checked="invented rows of the published layout, edited pictures, and a judge whose figures are known",
    weaknesses="AISBench takes the first list of two whole numbers anywhere in a reply, and decides by Chinese characters in "
    "the instruction which language it is; here the row says it.",
    figures=[
        dict(
            of=name,
            figure=f"{figure}, by a GPT judge, English",
            value=value,
            date=date,
            source="github stepfun-ai/Step1X-Edit, README",
        )
        for name, date, values in (
            ("Step1X-Edit v1.1", "2025-07", ("7.66", "7.35", "6.97")),
            ("Flux-Kontext-dev", "2025-11", ("7.16", "7.37", "6.51")),
            ("Qwen-Image-Edit-2509", "2025-11", ("8.00", "7.86", "7.56")),
        )
        for figure, value in zip(("SC", "PQ", "overall"), values, strict=True)
    ],
)

gedit_datasets = [
    dict(
        abbr="gedit",
        type=HubDataset,
        path="gedit/gedit.jsonl",
        hub=dict(path="stepfun-ai/GEdit-Bench", split="train"),
        id_column="key",
        input_columns=["instruction"],
        image_columns=["input_image_raw"],
        rename=dict(instruction="question", input_image_raw="picture"),
        meta_columns=["task_type", "instruction_language"],
        prompt=[
            dict(
                role="user",
                content=[dict(type="image", image="{picture}"), dict(type="text", text="Edit the picture: {question}")],
            )
        ],
        by=["instruction_language", "task_type"],  # English and Chinese, eleven kinds of edits
        metrics=["judgebench.metrics.scores.aspect_score.AspectScore"],
        judge_infer_cfg=dict(
            judge_model=dict(
                attr="service",  # a service that is asked over HTTP; may be left out
                type="${JB_JUDGE_TYPE:-VLLMCustomAPIChat}",  # sends to v1/chat/completions
                abbr="judge",  # names the judge: folder, row and --override judges.judge.KEY=VALUE
                path="",  # local tokenizer folder; services do not need it
                model="${JB_JUDGE_MODEL:-}",  # name on the service; empty asks /v1/models and takes the first
                stream=False,  # True reads the reply piece by piece
                request_rate=0,  # requests per second; below 0.1 sends as fast as batch_size allows
                use_timestamp=False,  # True starts each request at its sample's timestamp
                retry=2,  # repeats after the first try; 0 still asks once
                api_key="${JB_JUDGE_KEY:-}",  # from the environment: the key itself is never written to disk
                host_ip="localhost",  # host name, IPv4 or IPv6 address of the judge's service
                host_port=8080,
                url="${JB_JUDGE_URL:-}",  # base address such as "https://host/api/v1"; wins over host_ip and host_port
                max_out_len=1024,  # most tokens of one reply; leave room for a judge that thinks
                batch_size=16,  # most requests in flight
                trust_remote_code=False,  # for local tokenizers
                generation_kwargs=dict(temperature=0.0),  # goes into the request untouched
                pred_postprocessor=dict(type=extract_non_reasoning_content),  # takes out the judge's own thinking
            ),
            method=judges[0]["method"],  # SC, PQ and sqrt(SC * PQ); a copy of this file may change it
        ),
    )
]
