"""MMLU, 57 subjects of multiple choice as sub-datasets (one group for --merge-ds), scored by the chosen letter."""

from judgebench.datasets import CsvDataset
from judgebench.judges import ChoiceEqual, ChoiceLetter

also_called = ["mmlu", "mmlu_generative", "mmlu_gen_0_shot_cot_chat_prompt", "mmlu_0_shot"]

about = dict(
    title="MMLU",
    source="D. Hendrycks et al. (2021), Measuring Massive Multitask Language Understanding, arXiv:2009.03300",
    published="hub cais/mmlu, a configuration for each subject, split test; the authors' archive data.tar (linked in github "
    "hendrycks/test) holds test/SUBJECT_test.csv",
    licence="MIT",
    size="14,042 questions of 57 subjects",
    columns="a CSV file without a header line: question, the four options, the letter of the right one; on the hub `question`, "
    "`choices` (a list), `answer` (0 to 3)",
    asks="a question with four options, without worked examples, and a last line `Answer: <letter>`",
    scored="accuracy by the letter that the answer states last, by subject; `--merge-ds` gives the accuracy over all",
    unread="unparsed where no letter, or more than one, is chosen; counted, and in the bounds",
    checked="invented rows of the published layout and answers whose figures are known; "
    "inspect-evals' scorer on thousands of answer forms (`make test-soak`)",
    weaknesses="lm-eval's `mmlu` compares the probabilities of the four letters and asks with up to five worked examples: its "
    "figures do not compare with those of written answers.",
)

mmlu_subjects = """
abstract_algebra anatomy astronomy business_ethics clinical_knowledge college_biology college_chemistry
college_computer_science college_mathematics college_medicine college_physics computer_security conceptual_physics
econometrics electrical_engineering elementary_mathematics formal_logic global_facts high_school_biology
high_school_chemistry high_school_computer_science high_school_european_history high_school_geography
high_school_government_and_politics high_school_macroeconomics high_school_mathematics high_school_microeconomics
high_school_physics high_school_psychology high_school_statistics high_school_us_history high_school_world_history
human_aging human_sexuality international_law jurisprudence logical_fallacies machine_learning management marketing
medical_genetics miscellaneous moral_disputes moral_scenarios nutrition philosophy prehistory professional_accounting
professional_law professional_medicine professional_psychology public_relations security_studies sociology
us_foreign_policy virology world_religions
""".split()

mmlu_datasets = [
    dict(
        abbr=f"mmlu_{subject}",
        group="mmlu",
        type=CsvDataset,
        path=f"mmlu/test/{subject}_test.csv",  # as in the authors' archive: no header line
        columns=["question", "A", "B", "C", "D", "answer"],
        hub=dict(path="cais/mmlu", name=subject, split="test", spread=dict(choices=["A", "B", "C", "D"])),
        input_columns=["question", "A", "B", "C", "D"],
        output_column="answer",
        transforms=["letter"],  # the hub gives the index of the option
        prompt=[
            dict(
                role="user",
                content="{question}\n\nA. {A}\nB. {B}\nC. {C}\nD. {D}\n\n"
                "Choose one option. End your reply with a line of the form:\nAnswer: <letter>",
            )
        ],
        evaluator=dict(type=ChoiceEqual, letters="ABCD"),
        extractor=dict(type=ChoiceLetter, letters="ABCD"),
    )
    for subject in mmlu_subjects
]
