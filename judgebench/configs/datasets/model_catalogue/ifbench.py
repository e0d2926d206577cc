"""IFBench, 300 prompts with instructions of 58 new kinds that a program checks (Pyatkin et al. 2025)."""

from judgebench.datasets import InstructionRows
from judgebench.judges import InstructionsFollowed
from judgebench.metrics import InstructionScore

also_called = ["IFBench_gen", "ifbench_0_shot_gen_str"]

_checks = "instructions_registry.INSTRUCTION_DICT"  # of a clone of the project, on PYTHONPATH

about = dict(
    title="IFBench",
    source="V. Pyatkin et al. (2025), Generalizing Verifiable Instruction Following, arXiv:2507.02833",
    published="hub allenai/IFBench_test; the checks in github allenai/IFBench",
    licence="ODC-BY-1.0",
    size="300 prompts",
    columns="`key`, `prompt`, `instruction_id_list`, `kwargs` (an object for each instruction)",
    asks="the prompt, as it is",
    scored="as IFEval: two rows, `ifbench` strict and `ifbench-loose`, which is the one that the paper prints",
    unread="an empty answer follows nothing. An instruction that cannot be checked leaves its answer unparsed, counted "
    "and in the bounds",
    checked="invented rows of the published layout with a check of ours, and answers whose figures are known",
    weaknesses="The checks are in no package: clone the project, install its requirements, and put its folder on "
    "PYTHONPATH. A copy elsewhere can be named by `--override datasets.ifbench.evaluator.checks=PACKAGE.TABLE`.",
)

ifbench_datasets = [
    dict(
        abbr="ifbench",
        type=InstructionRows,
        path="ifbench/IFBench_test.jsonl",
        hub=dict(path="allenai/IFBench_test", split="train"),
        key="{key}",
        input_columns=["prompt"],
        prompt=[dict(role="user", content="{prompt}")],
        evaluator=dict(type=InstructionsFollowed, checks=_checks),
        score=dict(type=InstructionScore),
        rule_row=True,
        judge_infer_cfg=[
            dict(abbr="loose", method=dict(type=InstructionsFollowed, checks=_checks, loose=True)),
        ],
    )
]
