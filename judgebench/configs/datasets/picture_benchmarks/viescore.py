"""VIEScore on ImagenHub: a judge rates pictures of 29 image models in seven tasks, against three people (Ku et al. 2024).

Semantic consistency (SC) is asked with the pictures that the image model was given, perceptual quality (PQ) with its
picture alone; the overall score of a picture is sqrt(SC * PQ).
"""

from mmengine.config import read_base

from judgebench.datasets import Viescore
from judgebench.judges import DeclaredJudge
from judgebench.metrics import AspectScore

with read_base():
    from ._picture import CONSISTENCY, QUALITY

about = dict(
    title="VIEScore on ImagenHub",
    source="M. Ku et al. (2024), VIEScore: Towards Explainable Metrics for Conditional Image Synthesis Evaluation, "
    "arXiv:2312.14867",
    published="github TIGER-AI-Lab/VIEScore, paper_implementation/_human_annotations (people) and _answers (recorded judges); "
    "the pictures are at the Imagen Museum",
    licence="MIT (code and annotations); the pictures have licences of their own",
    size="pictures of 29 image models in seven tasks, each rated by three people",
    columns="a table of each rater: `uid`, and a column for each image model that holds `[SC, PQ]`, each 0, 0.5 or 1; "
    "`instructions/TASK.json`: what the image model was told, by `uid`",
    asks="SC: whole numbers from 0 to 10 for how well the picture does what was asked, one, two or three by task, with the "
    "pictures that the image model was given. PQ: how natural and how free of artefacts it is, with that picture alone",
    scored="the least number of each list; overall sqrt(SC * PQ). `spearman`: rank correlation with people's mean in each "
    "image model, averaged over image models; `spearman_tanh` is what the publication's tables print",
    unread="the picture is left out and counted; `overall_unread_as_0` counts it as 0, as AISBench does",
    figures=[
        dict(
            of="GPT-4o",
            figure="Spearman with people, seven tasks",
            value="0.4",
            date="2024-06",
            source="arXiv:2312.14867v2",
        ),
        dict(
            of="people among each other", figure="Spearman", value="0.45", date="2024-06", source="arXiv:2312.14867v2"
        ),
    ],
    checked="recorded scores of two judges (648 figures, `make replay`); invented rows of the published layout with pictures, "
    "and judges whose figures are known",
    weaknesses="What a judge's file lacks is absent from the publication's figures, so that judges are compared on different "
    "pictures. Over-editing is scored as preservation: 10 is good. `viescore_list` reads as the project does: it cuts "
    "fractions off and pulls what is off the scale to its end.",
)

_done = "how well the last picture does what the model was told"
_kept = "how well everything else was kept as it is in the first picture (10: nothing else changed)"
_tasks = {  # the pictures that are shown before the one that is rated, and what SC rates
    "Text-Guided_IG": ([], [_done]),
    "Text-Guided_IE": (["input"], [_done, _kept]),
    "Mask-Guided_IE": (["input"], [_done, _kept]),
    "Control-Guided_IG": (["input"], [_done, "how well the last picture follows the lines or shapes of the first"]),
    "Subject-Driven_IG": (["input"], [_done, "how well its subject is the one that the first picture shows"]),
    "Subject-Driven_IE": (
        ["input", "token"],
        ["how well the new subject is the one that the second picture shows", _kept],
    ),
    "Multi-Concept_IC": (
        ["input"],
        [
            _done,
            "how well its first subject is the one on the left of the first picture",
            "how well its second subject is the one on the right of the first picture",
        ],
    ),
}

viescore_datasets = [
    dict(
        abbr=f"viescore_{task.lower().replace('-', '_')}",
        type=Viescore,
        path="viescore/_human_annotations/ImagenHub_human_eval_results/{split}",
        splits=[f"ImagenHub_{task}"],
        instructions="viescore/instructions/{split}.json",
        image_folder="../../../images",  # viescore/images/TASK/MODEL/UID, .../TASK/input/UID and .../TASK/token/UID
        input_columns=["instruction"],
        image_columns=[*inputs, "picture"],
        meta_columns=["image_model"],
        method=dict(
            type=DeclaredJudge,
            question="{instruction}",
            presentations=[
                dict(
                    name="SC",
                    prompt=[
                        dict(
                            role="user",
                            content=[
                                *(dict(type="image", image="{" + name + "}") for name in [*inputs, "picture"]),
                                CONSISTENCY,
                            ],
                        )
                    ],
                    fields=dict(aspects="\n".join(f"{at}. {aspect}" for at, aspect in enumerate(aspects, 1))),
                    parser=dict(type="score_list", count=len(aspects)),
                ),
                dict(name="PQ", prompt=[dict(role="user", content=[dict(type="image", image="{picture}"), QUALITY])]),
            ],
            parser=dict(type="score_list", count=2),
            aggregate=dict(type="geometric_mean", unread="unparsed"),
        ),
        score=dict(type=AspectScore, aspects=["SC", "PQ"], group_by="image_model", headline="spearman"),
    )
    for task, (inputs, aspects) in _tasks.items()
]
