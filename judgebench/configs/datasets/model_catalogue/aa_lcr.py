"""AA-LCR, 100 questions over sets of documents of about 100,000 tokens (Artificial Analysis 2025)."""

from mmengine.config import read_base

from judgebench.datasets import DocumentRows
from judgebench.judges import ReferenceVerifier

with read_base():
    from judgebench.configs.judges._judge_model import judge_model  # the judge's service; edit it in that file

also_called = ["aa_lcr_llmjudge", "aa_lcr_gen", "aa_lcr_0_shot_gen_str"]

about = dict(
    title="AA-LCR",
    source="Artificial Analysis (2025), Artificial Analysis Long Context Reasoning Benchmark (AA-LCR)",
    published="hub ArtificialAnalysis/AA-LCR: AA-LCR_Dataset.csv and extracted_text/AA-LCR_extracted-text.zip, which is "
    "unpacked beside it",
    licence="see the hub's page",
    size="100 questions",
    columns="`document_category`, `document_set_id`, `question_id`, `question`, `answer`, `data_source_filenames` (the "
    "documents in their order, with `;` between them)",
    asks="the documents in their order, each between two lines, then the question",
    scored="accuracy: the judge compares the final answer with the official one",
    unread="unparsed, counted, and in the bounds. AISBench: wrong, and a reply “not CORRECT” right",
    checked="invented rows of the published layout and judges whose figures are known; 100 rows of 400 kB in "
    "`benchmarks/catalogue_memory.py`",
    weaknesses="A missing document stops the run; AISBench warns and asks without any. A service that cuts long prompts "
    "answers all the same: look at the prompt tokens in the result.",
)

aa_lcr_datasets = [
    dict(
        abbr="aa_lcr",
        type=DocumentRows,
        path="aa_lcr/AA-LCR_Dataset.csv",
        also=["AA-LCR/AA-LCR_Dataset.csv"],
        key="{question_id}",
        input_columns=["question"],
        output_column="answer",
        meta_columns=["document_category", "document_set_id"],
        by=["document_category"],
        names_column="data_source_filenames",
        folder="aa_lcr/lcr/{document_category}/{document_set_id}",
        also_folders=[
            "aa_lcr/extracted_text/lcr/{document_category}/{document_set_id}",
            "AA-LCR/lcr/{document_category}/{document_set_id}",
            "AA-LCR/extracted_text/lcr/{document_category}/{document_set_id}",
        ],
        prompt=[
            dict(
                role="user",
                content="Answer a question from the documents below.\n\n{documents}\n\nThe question:\n{question}",
            )
        ],
        judge_infer_cfg=dict(judge_model=judge_model, method=dict(type=ReferenceVerifier, style="word")),
    )
]
