"""A judge chooses among the tested model's repeats: verified votes, and which answer they would have chosen."""

from __future__ import annotations

from collections import Counter
from typing import Any

from judgebench.metrics.rates.chosen import chosen, pessimistic_at_k
from judgebench.metrics.rates.tally import Tally, outcome_of
from judgebench.metrics.statistics.choosing import grouped
from judgebench.records.flow import Verdict
from judgebench.testing.faultservice import prompt_text
from tests.e2e.harness import Bench
from tests.e2e.loopback_judge import loopback_judge

N, REPEATS = 4, 5
DATASET = """
from judgebench.datasets import JsonlDataset
from judgebench.judges import NumberEqual, Repeated, SolutionVerifier
from judgebench.models import VLLMCustomAPIChat
toy_datasets = [dict(abbr='toy', type=JsonlDataset, path='toy.jsonl', input_columns=['question'],
    output_column='answer', prompt='{{question}}', evaluator=dict(type=NumberEqual),
    metrics=['pessimistic@k', 'weighted_majority@k', 'best_mean@k', 'cons@k'], k=[3, 5],
    judge_infer_cfg=dict(judge_model=dict(type=VLLMCustomAPIChat, abbr='judge', model='j', url={url!r}),
        method=dict(type=Repeated, times=2, judge=dict(type=SolutionVerifier),
            aggregate=dict(type='majority', unread='drop'))))]
"""


def test_a_verifier_chooses_among_the_repeats_of_a_run(bench: Bench) -> None:
    """Of five answers the first three are wrong alike and the last two right; question 3 has no right one."""
    asked: Counter[str] = Counter()

    def answer(body: dict[str, Any]) -> str:
        prompt = prompt_text(body)
        i = int(prompt.split("twice ")[1].split("?")[0])
        asked[prompt] += 1
        value = 2 * i + (asked[prompt] <= 3 or i == 3)
        return f"I think it is {value} (of twice {i})\n\nSo it is {value}"

    bench.n = N
    bench.model_keys = {"generation_kwargs": {"num_return_sequences": REPEATS, "temperature": 1.0}, "batch_size": 1}
    bench.write()
    (bench.folder / "configs/datasets/chosen.py").write_text(DATASET.format(url=bench.judge.url))
    bench.model.answer, bench.judge.answer = answer, loopback_judge
    done = bench.jb("--no-preflight", dataset="chosen")
    assert done.code == 0, done.text
    assert len(bench.judge.requests) == N * REPEATS * 2
    metrics = bench.result()["metrics"]
    right = {name: metrics[name]["value"] for name in ("pessimistic@5", "best_mean@5", "weighted_majority@5", "cons@5")}
    assert right == {"pessimistic@5": 75, "best_mean@5": 75, "weighted_majority@5": 75, "cons@5": 0}
    assert metrics["pessimistic@3"]["value"] == 0  # the right answers come later
    assert metrics["pessimistic@5"]["n"] == N


def verified(*solutions: tuple[str, str | None, str], votes: tuple[int, int] | None = None) -> Tally:
    """A question with one repeat for each solution: answer, what the judge says, what the rule says."""
    tally = Tally(len(solutions))
    for repeat, (answer, said, right) in enumerate(solutions):
        counted = {"correct": votes[0], "incorrect": votes[1]} if votes and said else {}
        status: Any = "ok" if said else "unparsed"
        verdict = Verdict(status=status, decision=said, votes=counted)
        tally.add(outcome_of(0, repeat, verdict, rule=Verdict(status="ok", decision=right, answer=answer)))
    return tally


def test_what_a_choice_rests_on() -> None:
    both = verified(("7", "incorrect", "incorrect"), ("8", "correct", "correct"))
    assert pessimistic_at_k(both, 2).value == 100
    assert pessimistic_at_k(both, 1).value == 0
    assert pessimistic_at_k(both, 3).value is None
    unread = verified(("7", None, "incorrect"), ("8", None, "correct"))
    assert pessimistic_at_k(unread, 2).value is None
    # Three votes for 7 of which two pass, against one of one for 8: a large penalty prefers what was looked at more.
    many = [("7", "correct", "correct")] * 2 + [("7", "incorrect", "correct"), ("8", "correct", "incorrect")]
    assert chosen("best_mean", verified(*many), 4).value == 0
    # 2/3 - a ln(4)/4 against 1 - a ln(4)/2: they meet at a = (1/3) / (ln(4)/4) = 0.9618.
    assert chosen("pessimistic", verified(*many), 4, alpha=0.96).value == 0
    assert chosen("pessimistic", verified(*many), 4, alpha=0.963).value == 100
    assert chosen("weighted_majority", verified(*many), 4).value == 100


def test_solutions_are_grouped_by_their_answer() -> None:
    assert [tuple(one) for one in grouped([("7", 1, 2), ("8", 2, 2), ("7", 0, 2)])] == [("7", 2, 1, 4), ("8", 1, 2, 2)]
