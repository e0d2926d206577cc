"""Where the recordings of every study are published, and how many of its figures are compared at the least."""

from __future__ import annotations

from typing import NamedTuple


class Source(NamedTuple):
    """Where an outsider gets the folder of a study.

    Attributes:
        repository: Address of the public repository or repositories, each with its commit.
        files: Which files, by their paths there.
        steps: What was done to them to make the folder; ``copied`` stands for nothing else.
        at_least: Figures that are compared at the least; fewer mean that an expectation or a recording is lost.
    """

    repository: str
    files: str
    steps: str
    at_least: int


_AREAL = "github.com/zhshgmail/AReaL at 04ab6018c4ef43919348efdc52ba6b679a14ce88"
_FASTCHAT = "github.com/lm-sys/FastChat at 0e6d3e4beaab66f4d3f93db72541a4abab8af28d"

SOURCES = {
    "aime2024": Source(_AREAL, "`evaluation/data/aime24/test.jsonl`", "copied as `aime2024.jsonl`", 4),
    "aime2025": Source(
        f"{_AREAL}; github.com/nigelyaoj/Eval_reasoning at a250aac8d99dc376574cbe503c6bfde90aa17f8e",
        "`evaluation/data/aime25/test.jsonl`; `data/aime25/test.jsonl`",
        "copied as `variant_areal.jsonl` and `variant_eval_reasoning.jsonl`; `aime2025.jsonl` holds question, answer "
        "(text) and an id such as `2025-I-1`",
        5,
    ),
    "alpaca_eval2": Source(
        "github.com/tatsu-lab/alpaca_eval at cd543a149df89434d8a54582c0151c0b945c3d20",
        "`results/MODEL/weighted_alpaca_eval_gpt4_turbo/annotations.json` and the leaderboard "
        "`src/alpaca_eval/leaderboards/data_AlpacaEval_2/weighted_alpaca_eval_gpt4_turbo_leaderboard.csv`",
        "texts dropped: `judgments/MODEL.jsonl.gz` holds idx, lengths, preference and the first token's "
        "log-probabilities; `instructions.jsonl` the instructions, lengths of the baseline and the order of seed 0",
        260,
    ),
    "compassverifier": Source(
        "github.com/open-compass/CompassVerifier at 2d7cba6df0b21f9c6121786ac1e5770c68473598",
        "`README.md`",
        "the three samples that the README prints, as rows of `samples.jsonl`",
        3,
    ),
    "evalbiasbench": Source(
        "github.com/ncsoft/offsetbias at 0bd16e4ac935315999ed23480c69673b675884b0",
        "`data/evalbiasbench/biasbench.json`",
        "copied",
        28,
    ),
    "gsm8k": Source(
        "github.com/openai/grade-school-math at 3101c7d5072418e28b9008a6636bde82a006892c",
        "`grade_school_math/data/test.jsonl`, `grade_school_math/data/example_model_solutions.jsonl`",
        "copied; the solutions gzipped",
        12,
    ),
    "judgebench": Source(
        "github.com/ScalerLab/JudgeBench at e2c52c284e735e139b3daa61c206ee208f36c461",
        "`data/dataset=judgebench,response_model=MODEL.jsonl`, "
        "`outputs/dataset=judgebench,response_model=MODEL,judge_name=NAME,judge_model=JUDGE.jsonl`",
        "pairs copied; of each output two rows a pair (order AB, then BA) with the raw reply or the two scores, and "
        "the decision as recorded",
        102,
    ),
    "judging_the_judges": Source(
        "github.com/UMass-Meta-LLM-Eval/llm_eval at 7c0bf28e75703cd41c6088bebb64eefcdf348bd4",
        "`results/*.csv`",
        "one row for each exam taker and question, with the human verdict and one column a judge",
        392,
    ),
    "llmbar": Source(
        "github.com/princeton-nlp/LLMBar at 900616bff90b6c6c8e1681f7d079250637c55992",
        "`Dataset/LLMBar/Natural/dataset.json`, `Dataset/LLMBar/Adversarial/SUBSET/dataset.json`; beside each, "
        "`evaluators/LLM/STRATEGY/result.json` and `statistics.json`",
        "pairs as `data/SUBSET.jsonl`; replies of both orders as `judgments/LLM__STRATEGY.jsonl.gz`; the evaluators' "
        "tables of patterns as `parsing.json`",
        1024,
    ),
    "llmjudge": Source(
        "github.com/llm4eval/LLMJudge at 81159c68260d383f8da1dad8a14f6d914a9054a9; "
        "github.com/llm4eval/LLMJudge-benchmark at 968a1f9c962fddfc6508faa2d45e3e7edd1c3829",
        "`data/llmjudge_test_qrel_idx.txt`; `submissions/scores/*.txt`",
        "copied",
        113,
    ),
    "math500": Source(_AREAL, "`evaluation/data/math_500/test.jsonl`", "copied", 8),
    "math_verify": Source(
        "github.com/huggingface/Math-Verify at 5d148cfaaf99214c2e4ffb4bc497ab042c592a7a",
        "`tests/*.py`",
        "the parametrised cases of the tests as rows of `cases.jsonl`",
        10,
    ),
    "mj_bench_bias": Source(
        "github.com/MJ-Bench/MJ-Bench at eb269adaff40460bed054963c504772317ad4955",
        "`bias/new_bias_dataset_JUDGE.json`, `bias/new_bias/{scale_10,narrative}_bias_dataset_JUDGE.json`",
        "gzipped",
        316,
    ),
    "mt_bench": Source(
        f"{_FASTCHAT}; github.com/don-tpanic/FastChat at d7e19c0becd460720f5d13a1cc75bb28767e169e; "
        "github.com/dreaming-panda/MTBench at f4bb6e404342e4be01ee8608b5943bb8952ec91f",
        "of FastChat `fastchat/llm_judge/data/mt_bench/question.jsonl`, `reference_answer/gpt-4.jsonl` beside it and "
        "`fastchat/llm_judge/data/vicuna_bench/question.jsonl`; of the forks "
        "`fastchat/llm_judge/data/mt_bench/model_judgment/gpt-4_single.jsonl`, and of the second "
        "`gpt-4_single-origin.jsonl` beside it",
        "copied; of the judgments question_id, model, judge, judgment, score and turn, gzipped",
        43,
    ),
    "pandalm": Source(
        "github.com/WeOpenML/PandaLM at 3871806e72b4832f815ecafd24d3503c73403f48",
        "`data/testset-v1.json`, `data/gpt-3.5-turbo-testset-v1.json`, `data/pandalm-7b-testset-v1.json`",
        "one row a pair; the judgments of GPT-3.5 and PandaLM-7B in files of their own",
        18,
    ),
    "paperbench_judge_eval": Source(
        "github.com/openai/frontier-evals at 51052cede8cc608f95bb00346635e03759013e5a",
        "`project/paperbench/data/judge_eval/PAPER/0/grading/expected_result.json`",
        "copied",
        36,
    ),
    "position_bias": Source(
        "github.com/Slimshilin/Position-Bias-Analyzer at 9f8b7e8e83862cf1ffd9dd2c33f589262efc66ee",
        "`judgment_data/data_{MTBench,DevBench}_repetition/RepetitionN-*/record_JUDGE_{3,2}.tsv`, `log.txt`",
        "the columns without the judge's once as `items_BENCH.jsonl.gz`; the judge's column by `cmp_index` as "
        "`replies/BENCH__JUDGE__repN.jsonl.gz`",
        214,
    ),
    "preference_dissection": Source(
        "github.com/GAIR-NLP/Preference-Dissection at ebaeb8a7634044030e3203ff098a34a2720a2d68",
        "`visualization/data/fitted_paras_comparison/*`",
        "six of the 33 judges kept; the 29 properties in their order as `properties.json`",
        201,
    ),
    "prometheus_eval": Source(
        "github.com/prometheus-eval/prometheus-eval at dcfb44272d5d0414832f5dbb8c2a05ebc2614234",
        "`eval/benchmark/data/{mt_bench_eval,vicuna_eval,hhh_alignment_eval}.json`",
        "as rows, gzipped",
        22,
    ),
    "representation_judge": Source(
        "github.com/zhuochunli/Representation-as-a-judge at c540ddf6b2861c4557e862c4ed8f4049c0f21706",
        "`*_roscoe5dim_probing.json`, `{gpqa,gsm8k,math}_{binary,multi}_clfs/*.pkl`",
        "probes as arrays (`.npz`) with a self-check",
        180,
    ),
    "rewardbench": Source(
        "github.com/allenai/reward-bench at 05a9005efb607249822c193590c8ecab87c77052",
        "`rewardbench/constants.py`, `README.md`",
        "the constants as JSON, and the README's accuracies of one model with its section scores",
        29,
    ),
    "rimo": Source(
        "github.com/ziye2chen/RIMO at af7cb3d5e9b01fed7ccf23cdc6371762c1f1c6db",
        "`RIMO/RIMO-N.jsonl`, `RIMO/RIMO-P.jsonl`",
        "ids, kinds, answers, numbers of parts and a fingerprint of each text; no texts, as there is no licence",
        14,
    ),
    "viescore": Source(
        "github.com/TIGER-AI-Lab/VIEScore at 2cbea4e8ce5721425a8772590ecdbe7d2edd1721",
        "`paper_implementation/_answers/JUDGE/TASK/MODEL/{SC,PQ}.json`, "
        "`_human_annotations/ImagenHub_human_eval_results/TASK/*_rater{1,2,3}.tsv`",
        "answers gzipped, without `prompt_input`",
        648,
    ),
    "wildbench": Source(
        "github.com/allenai/WildBench at d6b8dcaf377d173d031980f97c16e1a82618c03d",
        "`eval_results/v2.0625/score.v2/eval=gpt-4o-2024-05-13/MODEL.json`, `leaderboard/data_dir/score.json`",
        "gzipped; the leaderboard's figures in `expected.json`",
        40,
    ),
}
"""By the name of the study, which is that of its folder."""
