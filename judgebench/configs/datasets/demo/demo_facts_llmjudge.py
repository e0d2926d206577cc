"""demo_facts with the embedded model as its own judge, read by the log-probs of two words; the rule scores beside it."""

from mmengine.config import read_base

from judgebench.judges import Viewed

with read_base():
    from ...models.local.gemma3_270m import models as embedded
    from .demo_facts import demo_facts_datasets

demo_facts_datasets[0]["input_columns"] = ["question", "answer"]
demo_facts_datasets[0]["rename"] = dict(answer="gold")  # one gold answer for the judge; the rule takes all forms
demo_facts_datasets[0]["meta_columns"] = ["category"]
demo_facts_datasets[0]["rule_row"] = True  # the table shows both, so that the judge can be compared with the rule
demo_facts_datasets[0]["judge_infer_cfg"] = dict(
    abbr="judge",
    judge_model=embedded[0],  # the same launch block: one service answers and judges
    method=dict(
        type=Viewed,
        # Chosen by benchmarks/tiny_judge.py on pairs that are not in this set; see docs/embedded-model.md.
        views=[
            dict(
                prompt="Correct answer: Earth\nStudent answer: the Earth\nCorrect: yes\n\n"
                "Correct answer: {gold}\nStudent answer: {answer}\nCorrect:",
            )
        ],
        params=dict(max_tokens=1, logprobs=50, temperature=0.0),
        grammar=dict(type="logprob_of_label", labels={"correct": " yes", "incorrect": " no"}, threshold=0.5),
        fold=dict(type="first", unread="unparsed"),
    ),
)
