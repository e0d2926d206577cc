"""AA-LCR, 100 questions over sets of documents of about 100,000 tokens (Artificial Analysis 2025)."""

from judgebench.datasets import DocumentRows
from judgebench.judges import ReferenceVerifier
from judgebench.models import extract_non_reasoning_content

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
        judge_infer_cfg=dict(
            judge_model=dict(
                attr="service",  # a service that is asked over HTTP; may be left out
                type="${JB_JUDGE_TYPE:-VLLMCustomAPIChat}",  # sends to v1/chat/completions
                abbr="judge",  # names the judge: folder, row and --override judges.judge.KEY=VALUE
                path="",  # local tokenizer folder; services do not need it
                model="${JB_JUDGE_MODEL:-}",  # name on the service; empty asks /v1/models and takes the first
                stream=False,  # True reads the reply piece by piece
                request_rate=0,  # requests per second; below 0.1 sends as fast as batch_size allows
                use_timestamp=False,  # True starts each request at its sample's timestamp
                retry=2,  # repeats after the first try; 0 still asks once
                api_key="${JB_JUDGE_KEY:-}",  # a reference to the environment: the key itself is never written to disk
                host_ip="localhost",  # host name, IPv4 or IPv6 address of the judge's service
                host_port=8080,
                url="${JB_JUDGE_URL:-}",  # base address such as "https://host/api/v1"; wins over host_ip and host_port
                max_out_len=1024,  # most tokens of one reply; a verdict comes last, so leave room for a judge that thinks
                batch_size=16,  # most requests in flight
                trust_remote_code=False,  # for local tokenizers
                generation_kwargs=dict(temperature=0.0),  # goes into the request untouched
                pred_postprocessor=dict(type=extract_non_reasoning_content),  # takes out the judge's thinking
            ),
            method=dict(type=ReferenceVerifier, style="word"),
        ),
    )
]
