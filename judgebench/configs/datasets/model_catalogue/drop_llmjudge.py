"""DROP by the rule first, and by a judge where the rule calls an answer wrong or cannot read it; both figures are kept."""

from mmengine.config import read_base

from judgebench.judges import Cascade, ReferenceVerifier

with read_base():
    from judgebench.configs.datasets.model_catalogue.drop import drop_datasets
    from judgebench.configs.judges._judge_model import judge_model  # the judge's service; edit it in that file

drop_datasets[0]["metrics"] = ["accuracy"]
drop_datasets[0]["judge_infer_cfg"] = dict(
    judge_model=judge_model,
    method=dict(
        type=Cascade,
        rule=drop_datasets[0]["evaluator"],
        judge=dict(type=ReferenceVerifier, style="letter", question="{passage}\n\n{question}"),
        settles=["correct"],
    ),
)
