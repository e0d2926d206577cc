"""BrowseComp, 1,266 questions whose answers are hard to find on the web and easy to check (Wei et al. 2025)."""

from mmengine.config import read_base

from judgebench.datasets import EncryptedRows
from judgebench.metrics import CalibrationScore
from judgebench.models import extract_non_reasoning_content

with read_base():
    from judgebench.configs.datasets.model_catalogue.hle import hle_method

also_called = ["browse_comp"]

about = dict(
    title="BrowseComp",
    source="J. Wei et al. (2025), BrowseComp: A Simple Yet Challenging Benchmark for Browsing Agents, arXiv:2504.12516",
    published="OpenAI's public blob, browse_comp_test_set.csv; code in github openai/simple-evals",
    licence="MIT; the authors publish the texts encrypted, so that no model is trained on them: the results are not "
    "shareable",
    size="1,266 questions",
    columns="`problem` and `answer` (base64, exclusive-or with the SHA-256 of `canary`), `canary`, `problem_topic`",
    asks="an explanation, an exact answer and a confidence in percent. The model gets no browser from `jb`: give it one "
    "behind its service, or take its answers from a file (`--predictions`)",
    scored="as HLE: `accuracy` over what could be read, `accuracy_of_all` with every other answer as wrong, and the "
    "calibration of the stated confidence; by topic",
    unread="left out, counted, and in the bounds; wrong in `accuracy_of_all`, as in the project",
    checked="invented rows of the published layout, encrypted as published, and judges whose figures are known",
    figures=[
        dict(
            of=name,
            figure=figure,
            value=value,
            date="2025-04",
            source="arXiv:2504.12516, as the README of inspect-evals 0.26.0 gives it",
        )
        for name, accuracy, error in (
            ("GPT-4o without browsing", "0.6", "69"),
            ("GPT-4o with browsing", "1.9", "82"),
            ("o1", "9.9", "65"),
        )
        for figure, value in (("accuracy", accuracy), ("calibration error", error))
    ],
    weaknesses="The paper's figures of GPT-4.5 and Deep Research could not be read here. At commit ee3b0318 the project's own code compares `correct: yes` with `yes` and so calls every answer "
    "wrong; its figures come from another version. The run folder holds the texts in plain form: keep it to yourself.",
)

browsecomp_datasets = [
    dict(
        abbr="browsecomp",
        type=EncryptedRows,
        path="browsecomp/browse_comp_test_set.csv",
        encrypted=["problem", "answer"],
        unlocked_by="canary",
        key="{row}",
        input_columns=["problem"],
        rename=dict(problem="question"),
        output_column="answer",
        meta_columns=["problem_topic"],
        by=["problem_topic"],
        shareable=False,
        prompt=[
            dict(
                role="user",
                content="{question}\n\nReply in this form:\nExplanation: <your explanation>\nAnswer: <your final "
                "answer>\nConfidence: <how sure you are of the answer, from 0% to 100%>",
            )
        ],
        score=dict(type=CalibrationScore),
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
                api_key="${JB_JUDGE_KEY:-}",  # a reference to the environment: the key itself is never written to disk
                host_ip="localhost",  # host name, IPv4 or IPv6 address of the judge's service
                host_port=8080,
                url="${JB_JUDGE_URL:-}",  # base address such as "https://host/api/v1"; wins over host_ip and host_port
                max_out_len=1024,  # most tokens of one reply; a verdict comes last, so leave room for a judge that thinks
                batch_size=16,  # most requests in flight
                trust_remote_code=False,  # for local tokenizers
                generation_kwargs=dict(temperature=0.0),  # goes into the request untouched
                pred_postprocessor=dict(type=extract_non_reasoning_content),  # takes out the judge's thinking
            ),
            method=hle_method,
        ),
    )
]
