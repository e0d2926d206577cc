"""The shipped dataset loaders by the names that configs write; see ``plugins.rooms``."""

from __future__ import annotations

LOADERS = {
    "AlpacaEval": "judgebench.datasets.alpaca_eval:AlpacaEval",
    "AnswerPairs": "judgebench.datasets.answer_pairs:AnswerPairs",
    "AnsweredRows": "judgebench.datasets.answered_rows:AnsweredRows",
    "ChoiceRows": "judgebench.datasets.choice_rows:ChoiceRows",
    "CodeJudgeBench": "judgebench.datasets.code_judge:CodeJudgeBench",
    "ConversationRows": "judgebench.datasets.conversation_rows:ConversationRows",
    "CsvDataset": "judgebench.datasets.csv_file:CsvDataset",
    "DocumentRows": "judgebench.datasets.document_rows:DocumentRows",
    "DropRows": "judgebench.datasets.drop_rows:DropRows",
    "EncryptedRows": "judgebench.datasets.encrypted_rows:EncryptedRows",
    "HubDataset": "judgebench.datasets.samples:HubDataset",
    "ImageFolder": "judgebench.datasets.image_folder:ImageFolder",
    "InstructionRows": "judgebench.datasets.instruction_rows:InstructionRows",
    "JsonlDataset": "judgebench.datasets.samples:JsonlDataset",
    "JudgeBench": "judgebench.datasets.judge_bench:JudgeBench",
    "JudgeSamples": "judgebench.datasets.judge_samples:JudgeSamples",
    "MllmJudge": "judgebench.datasets.mllm_judge:MllmJudge",
    "MtBench": "judgebench.datasets.mt_bench:MtBench",
    "OrderedPairs": "judgebench.datasets.ordered_pairs:OrderedPairs",
    "ParquetDataset": "judgebench.datasets.parquet_file:ParquetDataset",
    "ProJudgeBench": "judgebench.datasets.projudge:ProJudgeBench",
    "ProofParts": "judgebench.datasets.proof_parts:ProofParts",
    "ReleasedRows": "judgebench.datasets.released_rows:ReleasedRows",
    "RewardTies": "judgebench.datasets.reward_ties:RewardTies",
    "RubricTree": "judgebench.datasets.rubric_tree:RubricTree",
    "TaughtRows": "judgebench.datasets.taught_rows:TaughtRows",
    "Viescore": "judgebench.datasets.viescore:Viescore",
    "WordProblems": "judgebench.datasets.word_problems:WordProblems",
}
"""What reads samples: ``datasets=[dict(type=...)]``."""
