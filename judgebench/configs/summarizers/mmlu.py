"""MMLU as averages: all subjects, each of the four fields, and the average weighted by scored questions."""

stem = """
abstract_algebra astronomy college_biology college_chemistry college_computer_science college_mathematics
college_physics computer_security conceptual_physics electrical_engineering elementary_mathematics
high_school_biology high_school_chemistry high_school_computer_science high_school_mathematics high_school_physics
high_school_statistics machine_learning
""".split()
humanities = """
formal_logic high_school_european_history high_school_us_history high_school_world_history international_law
jurisprudence logical_fallacies moral_disputes moral_scenarios philosophy prehistory professional_law world_religions
""".split()
social_sciences = """
econometrics high_school_geography high_school_government_and_politics high_school_macroeconomics
high_school_microeconomics high_school_psychology human_sexuality professional_psychology public_relations
security_studies sociology us_foreign_policy
""".split()
other_fields = """
anatomy business_ethics clinical_knowledge college_medicine global_facts human_aging management marketing
medical_genetics miscellaneous nutrition professional_accounting professional_medicine virology
""".split()

fields = {
    "mmlu-stem": [f"mmlu_{subject}" for subject in stem],
    "mmlu-humanities": [f"mmlu_{subject}" for subject in humanities],
    "mmlu-social-sciences": [f"mmlu_{subject}" for subject in social_sciences],
    "mmlu-other": [f"mmlu_{subject}" for subject in other_fields],
}
subjects = [row for rows in fields.values() for row in rows]

summarizer = dict(
    attr="accuracy",
    dataset_abbrs=[
        "--- averages ---",  # a heading
        "mmlu",
        "mmlu-weighted",
        *fields,
        "--- subjects ---",
        *subjects,
    ],
    summary_groups=[
        dict(name="mmlu", subsets=subjects),  # every subject counts alike
        dict(name="mmlu-weighted", subsets=subjects, weights="n"),  # every scored question counts alike
        *[dict(name=name, subsets=rows) for name, rows in fields.items()],
    ],
)
