"""RMB: chosen against rejected answers, and the best of several against each of the others (Zhou et al. 2024).

``rmb_pairs`` asks about pairs; in ``rmb_best_of_n`` a group is right where the best answer wins against every other one.
"""

from mmengine.config import read_base

from judgebench.datasets import JudgeSamples
from judgebench.judges import DeclaredJudge
from judgebench.metrics import PairScore, TogetherScore

with read_base():
    from ..judge_benchmarks._pair import TWO_WAY

_goals = {
    kind: {f"{kind}/{goal}": goal for goal in ("Helpfulness", "Harmlessness")} for kind in ("Pairwise_set", "BoN_set")
}
_mean = {"mean of goals": ["Helpfulness", "Harmlessness"]}
_rows = dict(
    type=JudgeSamples,
    splits=["**"],
    input_columns=[],
    transcript_columns=["conversation_input"],
    gold="A",
)
_method = dict(
    type=DeclaredJudge,
    question="{conversation_input}",
    presentations=[dict(name="AB", order="AB", prompt=TWO_WAY), dict(name="BA", order="BA", prompt=TWO_WAY)],
    parser=dict(type="anchored", decisions={"A": "A", "B": "B"}),
    skip_equal="tie",
)

about = dict(
    title="RMB (Reward Model Benchmark)",
    source="E. Zhou et al. (2024), RMB: Comprehensively Benchmarking Reward Models in LLM Alignment, arXiv:2410.09893",
    published="github Zhou-Zoey/RMB-Reward-Model-Benchmark, RMB_dataset/Pairwise_set and RMB_dataset/BoN_set, with "
    "Helpfulness/SCENARIO/TASK.json and Harmlessness/S1.json to S11.json and multi.json",
    licence="the repository has no licence file: check before you hand items on",
    size="as many as the folders hold; every file below them is read",
    columns="pairs: `pair_uid`, `conversation_input`, `chosen.answer`, `reject.answer`, `category_path`; best of n: "
    "`bon_uid`, `bon_best.answer`, `loser_list` with `answer`",
    asks="which of two answers carries the conversation on better, in both orders",
    scored="`rmb_pairs`: `accuracy`, the mean of both orders, by goal and as the mean of both. `rmb_best_of_n`: "
    "`all_right`, the share of groups in which the best answer wins against every other one in both orders. The "
    "published total is the mean of the four: two goals, two kinds",
    unread="wrong, and so is its group. OpenCompass drops an empty reply and lets the rest of the group decide: "
    "`all_right_unread_dropped` stands beside",
    choices={
        "an unread pair leaves its group, as in OpenCompass": "datasets.rmb_best_of_n.score.unread=drop",
    },
    figures=[
        dict(of=judge, figure="total, OpenCompass", value=value, date="2025-07", source="CompassJudger-2 README")
        for judge, value in (
            ("Qwen2.5-7B", "69.03"),
            ("Qwen2.5-32B", "74.99"),
            ("DeepSeek-V3-0324", "78.16"),
            ("CompassJudger-2-7B", "73.90"),
            ("CompassJudger-2-32B", "72.98"),
        )
    ],
    checked="invented rows of the published layout, and judges whose figures are known; no recordings are public",
    weaknesses="OpenCompass always shows the better answer first, so a judge that always says A gets 100 there. "
    "Published figures by that protocol do not compare with ours.",
)

rmb_datasets = [
    dict(
        abbr="rmb_pairs",
        path="RMB_dataset/Pairwise_set/{split}.json",
        key="{split}/{pair_uid}",
        answer_columns=["chosen.answer", "reject.answer"],
        meta_columns=["category_path"],
        method=dict(**_method, aggregate=dict(type="each_counts", unread="drop")),
        score=dict(
            type=PairScore,
            headline="mean_of_orders",
            group_by="category_path",
            groups=_goals["Pairwise_set"],
            averages=_mean,
        ),
        **_rows,
    ),
    dict(
        abbr="rmb_best_of_n",
        path="RMB_dataset/BoN_set/{split}.json",
        key="{split}/{bon_uid}-{entry}",
        each="loser_list",
        answer_columns=["bon_best.answer", "loser_list.answer"],
        meta_columns=["category_path", "bon_uid"],
        method=dict(**_method, aggregate=dict(type="both_required", unread="unparsed")),
        score=dict(
            type=TogetherScore,
            together="bon_uid",
            group_by="category_path",
            groups=_goals["BoN_set"],
            averages=_mean,
        ),
        **_rows,
    ),
]
