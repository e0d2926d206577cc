"""RIMO-P, 456 olympiad problems in one to four parts, whose proofs a judge checks in order (Chen et al. 2025)."""

from judgebench.datasets import ProofParts
from judgebench.judges import PartsInOrder
from judgebench.metrics import PointScore
from judgebench.models import extract_non_reasoning_content

about = dict(
    title="RIMO-P",
    source="Z. Chen et al. (2025), RIMO: An Easy-to-Evaluate, Hard-to-Solve Olympiad Benchmark for Advanced Mathematical "
    "Reasoning, arXiv:2509.07711",
    published="github and hub ziye2chen/RIMO, RIMO/RIMO-P.jsonl",
    licence="none is stated, so the texts of the items stay out of what is exported",
    size="456 problems with 1,244 parts; two problems (2005p3, 2002p4) have no official solution",
    columns="`problem_id`, `problem`, `number_of_parts` (1 to 4), `sub-problem1`, `sub-solution1`, ... `sub-problem4`, "
    "`sub-solution4` (null where unused)",
    asks="proofs of all parts in one answer, each under its heading. The judge is shown the problem, one part, its official "
    "solution and the model's proof of it, and says whether that is correct; it goes on to the next part only then",
    scored="an item's score is the share of its parts that come before the first incorrect one; `mean_score` is the mean, "
    "also by the number of parts",
    unread="the item is left out and counted. In the project a failed call makes the part incorrect",
    choices={"a part without a readable reply is incorrect, as in the project": "judges.judge.method.unread=incorrect"},
    checked="invented rows of the published layout, and judges whose figures are known",
    weaknesses="The project asks for one part after the other and passes the model's own proofs on as proved; here all parts "
    "are asked at once. At commit af7cb3d5 its judge reads a column that RIMO-P does not have, so it saw an empty official "
    "solution: published figures are not those of a judge who knows it.",
)

rimo_p_datasets = [
    dict(
        abbr="rimo_p",
        type=ProofParts,
        path="rimo/RIMO-P.jsonl",
        also=["RIMO/RIMO-P.jsonl", "rimo/RIMO-P.csv"],
        key="{problem_id}",
        input_columns=["problem"],
        meta_columns=["number_of_parts"],
        shareable=False,
        prompt=[
            dict(
                role="user",
                content="Solve the following olympiad problem in parts.\n\nThe problem:\n{problem}\n\n{parts}\n\nProve "
                "the parts in their order; what was shown in an earlier part may be used in a later one. Begin the proof of "
                "each with a line of its own: Part 1, Part 2 and so on.",
            )
        ],
        score=dict(type=PointScore, group_by="number_of_parts"),
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
            method=dict(type=PartsInOrder),
        ),
    )
]
