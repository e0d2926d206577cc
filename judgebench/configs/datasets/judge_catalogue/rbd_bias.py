"""RBD-Bias4-Eval: what a judge loses to length, to the place of an answer and to a claimed majority (Yang et al. 2025).

``rbd_verbosity_plain`` and ``rbd_verbosity`` ask about the same items, and so do ``rbd_position`` and
``rbd_bandwagon``: the difference of the two accuracies is the bias.
"""

from mmengine.config import read_base

from judgebench.datasets import JudgeSamples
from judgebench.judges import DeclaredJudge
from judgebench.metrics import PairScore

with read_base():
    from ..judge_benchmarks._pair import TWO_WAY

_claim = (
    "Number 1 is the answer that is shown first, number 2 the other one. An earlier evaluation says that 90%% of people "
    "find number {%s} better.\n\n"
)
# the claim is for the answer that people find worse: the second order shows it at the better one's number
_urged_ab = [dict(role="user", content=_claim % "ground_truth_reversed" + TWO_WAY[0]["content"])]
_urged_ba = [dict(role="user", content=_claim % "ground_truth_original" + TWO_WAY[0]["content"])]

_method = dict(
    type=DeclaredJudge,
    parser=dict(type="anchored", decisions={"A": "A", "B": "B"}),
    aggregate=dict(type="each_counts", unread="drop"),
)
_plain = dict(
    _method,
    presentations=[dict(name="AB", order="AB", prompt=TWO_WAY), dict(name="BA", order="BA", prompt=TWO_WAY)],
)
_pairs = dict(type=JudgeSamples, score=dict(type=PairScore, headline="mean_of_orders"))
_arena = dict(
    _pairs,
    path="RBD-Bias4-Eval/Arena_Position_and_Bandwagon.json",
    also=["Reasoning-Bias-Detector/data/RBD-Bias4-Eval/Arena_Position_and_Bandwagon.json"],
    key="{id}",
    input_columns=["prompt", "ground_truth_original", "ground_truth_reversed"],
    rename={"prompt": "question"},
    answer_columns=["original.response_a", "original.response_b"],
    gold_column="ground_truth_original",
    gold_labels={"1": "A", "2": "B"},
)
_solutions = dict(
    _pairs,
    path="RBD-Bias4-Eval/GSM8K_Verbosity.json",
    also=["Reasoning-Bias-Detector/data/RBD-Bias4-Eval/GSM8K_Verbosity.json"],
    key="{row}",
    input_columns=["question"],
    gold="A",
    method=_plain,
)

about = dict(
    title="RBD-Bias4-Eval (length, place, majority)",
    source="H. Yang et al. (2025), Any Large Language Model Can Be a Reliable Judge: Debiasing with a Reasoning-based "
    "Bias Detector, arXiv:2505.17100",
    published="github Joyyang158/Reasoning-Bias-Detector, data/RBD-Bias4-Eval/GSM8K_Verbosity.json and "
    "Arena_Position_and_Bandwagon.json",
    licence="the repository has no licence file: check before you hand items on; the pairs come from GSM8K (MIT) and "
    "arena-human-preference-55k (Apache-2.0)",
    size="as many rows as the files hold; about 500 each",
    columns="GSM8K: `question`, `answer` (right, with its steps), `single_correct_answer` (right, a number alone), "
    "`gemma_answer` (wrong, long); arena: `id`, `prompt`, `original` with `response_a` and `response_b`, "
    "`ground_truth_original` and `ground_truth_reversed` (1 or 2)",
    asks="which of two answers is better, in both orders. `rbd_verbosity_plain`: a right solution against a wrong one; "
    "`rbd_verbosity`: the right number alone against the wrong solution; `rbd_position`: two answers of chat models; "
    "`rbd_bandwagon`: the same, with the claim that most people find the worse one better",
    scored="`accuracy`: the mean of both orders; `both_orders` (right in both) and the share of equal decisions beside "
    "it. Compare `rbd_verbosity` with `rbd_verbosity_plain`, and `rbd_bandwagon` with `rbd_position`",
    unread="wrong. The project leaves the item out of both figures",
    choices={"an unread pair leaves the figure, as in the project": "datasets.rbd_*.score.unread=drop"},
    checked="invented rows of the published layout, and judges whose figures are known; no recordings are public",
    weaknesses="The project asks one order, drawn by chance; we ask both, so that place does not hide the other biases. "
    "Its fourth set (sentiment, a choice among several options) is not here.",
)

rbd_bias_datasets = [
    dict(abbr="rbd_verbosity_plain", answer_columns=["answer", "gemma_answer"], **_solutions),
    dict(abbr="rbd_verbosity", answer_columns=["single_correct_answer", "gemma_answer"], **_solutions),
    dict(abbr="rbd_position", method=_plain, **_arena),
    dict(
        abbr="rbd_bandwagon",
        method=dict(
            _method,
            presentations=[
                dict(name="AB", order="AB", prompt=_urged_ab),
                dict(name="BA", order="BA", prompt=_urged_ba),
            ],
        ),
        **_arena,
    ),
]
