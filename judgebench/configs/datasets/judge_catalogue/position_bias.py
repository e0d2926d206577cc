"""Position-bias study: does the place of an answer decide, over MT-Bench and DevBench pairs (Shi et al. 2024)."""

from mmengine.config import read_base

from judgebench.datasets import OrderedPairs
from judgebench.judges import DeclaredJudge
from judgebench.metrics import PositionScore

with read_base():
    from ..judge_benchmarks._pair import THREE_WAY, TWO_WAY

_sets = dict(
    mt_bench=dict(
        conversation=["question_1", "question_2"],
        first_turns=["answer1_1", "answer1_2"],
        second_turns=["answer2_1", "answer2_2"],
        prompt=THREE_WAY,
        decisions={"A": "A", "B": "B", "C": "tie"},
        folder="MTBench",
    ),
    dev_bench=dict(
        conversation=["question", "evaluating_guidance"],
        first_turns=["answer1"],
        second_turns=["answer2"],
        prompt=TWO_WAY,
        decisions={"A": "A", "B": "B"},
        folder="DevBench",
    ),
)

about = dict(
    title="Position-bias study",
    source="L. Shi et al. (2024), Judging the Judges: A Systematic Study of Position Bias in LLM-as-a-Judge, "
    "arXiv:2406.07791",
    published="github Slimshilin/Position-Bias-Analyzer, judgment_data/data_MTBench_repetition and "
    "data_DevBench_repetition, RepetitionN-*/record_JUDGE_3.tsv and record_JUDGE_2.tsv (any one: all hold the same "
    "pairs)",
    licence="MIT",
    size="96 pairs of 24 MT-Bench questions, 72 pairs of DevBench; each row stands in the file once in each order",
    columns="a table with tabs: `cmp_index` (QUESTION;FIRST;SECOND), questions, answers, `evaluating_guidance`, `task`",
    asks="which of two answers is better (DevBench: without a tie), in both orders, three times",
    scored="`consistency` over pairs that were read in both orders; `pull`: of the inconsistent ones, how many more "
    "lean to the answer shown first (1) than to the one shown last (-1); `repetition_stability`: mean share of the "
    "most frequent verdict among the repetitions. `consistency_as_published` is the study's rule beside ours",
    unread="the pair is left out and bounds `consistency`. The study counts replies, and one whose partner was not "
    "read as consistent: `consistency_as_published`, `consistent_replies`, `without_partner`",
    checked="`make replay`: all twelve printed triples of two judges, and our counts of pairs, pulls, letters and "
    "repetitions, are equal",
    weaknesses="There is no gold: a judge that always says A is found out, one that is always wrong is not.",
)

position_bias_datasets = [
    dict(
        abbr=f"position_bias_{name}",
        type=OrderedPairs,
        path=f"position_bias/{one['folder']}.tsv",
        also=[f"position_bias/items_{one['folder']}.jsonl.gz"],
        conversation=one["conversation"],
        first_turns=one["first_turns"],
        second_turns=one["second_turns"],
        input_columns=["turns"],
        answer_columns=["first_text", "second_text"],
        meta_columns=["task"],
        method=dict(
            type=DeclaredJudge,
            question="{turns}",
            presentations=[
                dict(name="AB", order="AB", prompt=one["prompt"]),
                dict(name="BA", order="BA", prompt=one["prompt"]),
            ],
            parser=dict(type="anchored", decisions=one["decisions"]),
            aggregate=dict(type="both_or_tie", unread="unparsed"),
            repeats=3,
        ),
        score=dict(type=PositionScore),
    )
    for name, one in _sets.items()
]
