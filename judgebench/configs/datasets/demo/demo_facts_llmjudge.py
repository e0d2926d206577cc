"""demo_facts with the embedded model as its own judge, trained for short answers and read by the log-probs of two words;
the rule scores beside it."""

from mmengine.config import read_base

from judgebench.judges import DeclaredJudge
from judgebench.models import VLLMCustomAPI, stripped

with read_base():
    from judgebench.configs.datasets.demo.demo_facts import demo_facts_datasets
    from judgebench.configs.models.local.gemma3_270m import gemma3_270m_launch

short_answers_judge = dict(
    abbr="judge",
    judge_model=dict(
        attr="service",
        type=VLLMCustomAPI,  # sends to v1/completions
        abbr="gemma3-270m",
        path="",
        model="short-answer-judge",  # the adapter of that name in the launch block
        stream=False,
        request_rate=0,
        use_timestamp=False,
        retry=2,
        api_key="",
        launch=gemma3_270m_launch,  # the tested model's: one service answers and judges; None asks the one named here:
        host_ip="localhost",
        host_port=8080,
        url="",
        max_out_len=32,
        batch_size=2,
        trust_remote_code=False,
        generation_kwargs=dict(temperature=0.0, seed=0),
        pred_postprocessor=dict(type=stripped),  # a continuation starts with a space
    ),
    method=dict(
        type=DeclaredJudge,
        # The adapter was trained with this prompt, by benchmarks/embedded_judge.py; see docs/embedded-model.md.
        presentations=[
            dict(prompt="Question: {question}\nCorrect answer: {gold}\nGiven answer: {answer}\nCorrect:"),
        ],
        params=dict(max_tokens=1, logprobs=50, temperature=0.0),
        parser=dict(type="logprob_of_decision", decisions={"correct": " yes", "incorrect": " no"}),
        aggregate=dict(type="first", unread="unparsed"),
    ),
)

demo_facts_datasets[0]["rule_row"] = True  # the table shows both, so that the judge can be compared with the rule
demo_facts_datasets[0]["judge_infer_cfg"] = short_answers_judge
