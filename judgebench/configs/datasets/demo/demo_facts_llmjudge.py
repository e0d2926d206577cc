"""demo_facts with the embedded model as its own judge, read by the log-probs of two words; the rule scores beside
it."""

from mmengine.config import read_base

from judgebench.judges import DeclaredJudge
from judgebench.models import VLLMCustomAPI, stripped

with read_base():
    from judgebench.configs.datasets.demo.demo_facts import demo_facts_datasets
    from judgebench.configs.models.local.gemma3_270m import gemma3_270m_launch

demo_facts_datasets[0]["rule_row"] = True  # the table shows both, so that the judge can be compared with the rule
demo_facts_datasets[0]["judge_infer_cfg"] = dict(
    abbr="judge",
    judge_model=dict(
        attr="service",
        type=VLLMCustomAPI,  # sends to v1/completions
        abbr="gemma3-270m",
        path="",
        model="gemma-3-270m-q4_k_m",
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
        # Chosen by benchmarks/tiny_judge.py on pairs that are not in this set; see docs/embedded-model.md.
        presentations=[
            dict(
                prompt="Correct answer: 100 cm\nGiven answer: 100 centimetres\nCorrect: yes\n\n"
                "Correct answer: 1914\nGiven answer: 1939\nCorrect: no\n\n"
                "Correct answer: Earth\nGiven answer: the Earth\nCorrect: yes\n\n"
                "Correct answer: Michael Jackson\nGiven answer: Michael Jordan\nCorrect: no\n\n"
                "Correct answer: H2O\nGiven answer: dihydrogen oxide\nCorrect: yes\n\n"
                "Correct answer: copper\nGiven answer: COPPER\nCorrect: yes\n\n"
                "Correct answer: Vincent van Gogh\nGiven answer: Van Gogh\nCorrect: yes\n\n"
                "Correct answer: Homer\nGiven answer: Virgil\nCorrect: no\n\n"
                "Correct answer: New York\nGiven answer: New York City\nCorrect: yes\n\n"
                "Correct answer: Dead Sea\nGiven answer: Black Sea\nCorrect: no\n\n"
                "Correct answer: Rome\nGiven answer: Milan\nCorrect: no\n\n"
                "Correct answer: 3\nGiven answer: three\nCorrect: yes\n\n"
                "Correct answer: 9\nGiven answer: 6\nCorrect: no\n\n"
                "Correct answer: dog\nGiven answer: cat\nCorrect: no\n\n"
                "Correct answer: Oslo\nGiven answer: Stockholm\nCorrect: no\n\n"
                "Correct answer: Amsterdam\nGiven answer: It is Amsterdam.\nCorrect: yes\n\n"
                "Correct answer: {gold}\nGiven answer: {answer}\nCorrect:",
            )
        ],
        params=dict(max_tokens=1, logprobs=50, temperature=0.0),
        parser=dict(type="logprob_of_decision", decisions={"correct": " yes", "incorrect": " no"}, threshold=0.55),
        aggregate=dict(type="first", unread="unparsed"),
    ),
)
