"""IFEval, 541 prompts with instructions that a program checks (Zhou et al. 2023)."""

from judgebench.datasets import InstructionRows
from judgebench.judges import InstructionsFollowed
from judgebench.metrics import InstructionScore

also_called = ["IFEval_gen", "ifeval_0_shot_gen_str"]

about = dict(
    title="IFEval",
    source="J. Zhou et al. (2023), Instruction-Following Evaluation for Large Language Models, arXiv:2311.07911",
    published="hub google/IFEval, split train",
    licence="Apache-2.0",
    size="541 prompts with one to three instructions of 25 kinds",
    columns="`key`, `prompt`, `instruction_id_list`, `kwargs` (an object for each instruction)",
    asks="the prompt, as it is",
    scored="two rows, `ifeval` strict and `ifeval-loose`, where one of eight forms of the answer must follow an "
    "instruction. In each `prompt_accuracy`, `instruction_accuracy` over all instructions and by kind, and `pif`, the "
    "mean share followed; with N repeats `pif_n_k/N-K`, the share of prompts of whose answers K follow everything",
    unread="an empty answer follows nothing. An instruction that cannot be checked leaves its answer unparsed, counted "
    "and in the bounds",
    checked="invented rows of the published layout and answers whose figures are known; lm-eval's own scorer on "
    "thousands of answers (`make test-soak`)",
    weaknesses="The checks are those of lm-eval (`pip install 'judgebench[ifeval]'`). Two of the 25, number of sentences "
    "and frequency of capital words, need NLTK's data: `python -m nltk.downloader punkt_tab`. The check of the language "
    "guesses, and short answers are guessed wrongly.",
)

ifeval_datasets = [
    dict(
        abbr="ifeval",
        type=InstructionRows,
        path="ifeval/input_data.jsonl",
        also=["ifeval/ifeval.jsonl", "ifeval/ifeval_input_data.jsonl"],
        hub=dict(path="google/IFEval", split="train"),
        key="{key}",
        input_columns=["prompt"],
        prompt=[dict(role="user", content="{prompt}")],
        evaluator=dict(type=InstructionsFollowed),
        score=dict(type=InstructionScore),
        rule_row=True,
        judge_infer_cfg=[dict(abbr="loose", method=dict(type=InstructionsFollowed, loose=True))],
    )
]
