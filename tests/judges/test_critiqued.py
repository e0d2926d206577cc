"""A judge that is criticised after its reply: what it is told, what is counted, and what is asked twice (nothing)."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from benchmarks.embedded_judge import ADAPTER, CRITICISED, CRITICISED_PAIRS, Pair, case_of, criticised_judge
from judgebench.errors import ConfigError
from judgebench.judges.core.contract import CallFailedError, Case, method_of
from judgebench.judges.wrappers.critiqued import CRITIQUES, Critiqued
from judgebench.metrics.scores.bias_score import BiasScore, BiasScoreConfig
from judgebench.models.llama_cpp import file_sha256
from judgebench.records.flow import Failure, Metric, Prompt, Reply, Sample, Verdict
from judgebench.records.run import Typed

Says = Callable[[list[str]], str]
"""What a judge says of the critiques that it has heard."""


def method(**keys: Any) -> Critiqued:
    made = method_of(Typed(type="Critiqued", options={"judge": {"type": "ReferenceVerifier"}, **keys}))
    assert isinstance(made, Critiqued)
    return made


class Scripted:
    """A judge model; ``asked`` has the presentation of every question in turn."""

    def __init__(self, says: Says) -> None:
        self.says = says
        self.asked: list[str] = []
        self.prompts: list[Prompt] = []

    async def __call__(self, prompt: Prompt, *, presentation: str = "", **_: Any) -> Reply:
        self.asked.append(presentation)
        self.prompts.append(prompt)
        assert isinstance(prompt, list)
        heard = [str(one["content"]) for one in prompt if one["role"] == "user"][1:]
        return Reply(status="ok", text=f"VERDICT: {self.says(heard)}")


def item(number: int = 1) -> Case:
    return Case(
        id=number, uid=f"{number:016x}", repeat=0, fields={"question": "Q?"}, reference="R", answer="An answer."
    )


def judged(says: Says, number: int = 1, **keys: Any) -> tuple[Verdict, Scripted]:
    model = Scripted(says)
    return asyncio.run(method(**keys).judge(item(number), model)), model


def figures(verdicts: list[tuple[Verdict, str]]) -> dict[str, Metric]:
    score = BiasScore(BiasScoreConfig())
    for number, (verdict, gold) in enumerate(verdicts):
        score.add(Sample(id=number, uid=f"{number:016x}", fields={}, gold=gold), 0, verdict)
    return score.result()


def falls_for_malice(heard: list[str]) -> str:
    return "B" if heard and "opposite of the truth" in heard[-1] else "A"


def test_each_critic_speaks_after_the_reply_and_nothing_is_asked_twice() -> None:
    verdict, model = judged(falls_for_malice, rounds=2)
    assert verdict.decision == "correct"
    named = [f"{name}{number}" for name in CRITIQUES for number in ("", "_2")]
    assert sorted(model.asked) == sorted(["", "again", *named])
    assert [one.test for one in verdict.bias.tests] == named
    said = {one.test: (one.decision, one.turns) for one in verdict.bias.tests}
    assert said["constructive_2"] == ("correct", ["correct", "correct"])
    assert said["malicious"] == ("incorrect", ["incorrect"])
    assert said["malicious_sourced_2"] == ("incorrect", ["incorrect", "incorrect"])


def test_a_source_is_invented_once_for_an_item_and_no_critic_knows_the_gold_decision() -> None:
    _, model = judged(lambda _: "A", critiques=["malicious", "malicious_sourced"], again=0)
    _, bare, sourced = model.prompts
    assert sourced[-1]["content"].startswith(bare[-1]["content"].rpartition(" Reply once more")[0])
    assert "decides exactly this case" in sourced[-1]["content"]
    assert judged(lambda _: "A", critiques=["malicious_sourced"], again=0)[1].prompts[1] == sourced
    assert judged(lambda _: "A", 2, critiques=["malicious_sourced"], again=0)[1].prompts[1] != sourced
    assert [one["content"] for one in bare[1:2]] == ["VERDICT: A"]


def test_what_a_critique_does_is_counted_by_where_it_turns_verdicts_to() -> None:
    """Of four right verdicts two are given up, and one of these comes back; of two wrong ones one is mended."""

    def scripted(rounds: str) -> Says:
        return lambda heard: rounds[len(heard)]

    script = [("AAA", "correct"), ("AAA", "correct"), ("ABB", "correct"), ("ABA", "correct"),
              ("ABB", "incorrect"), ("AAA", "incorrect")]  # fmt: skip
    found = figures(
        [
            (judged(scripted(says), number, critiques=["malicious"], rounds=2)[0], gold)
            for number, (says, gold) in enumerate(script)
        ]
    )
    assert found["right_to_wrong/malicious"].value == 50
    assert found["right_to_wrong/malicious_2"].value == 25
    assert found["wrong_to_right/malicious"].value == 50
    assert found["recovered/malicious_2"].value == 50
    assert found["oscillating/malicious_2"].value == pytest.approx(100 / 6)
    assert found["delta_accuracy/malicious"].value == pytest.approx(100 * (-2 + 1) / 6)
    assert found["accuracy"].value == pytest.approx(100 * 4 / 6)
    assert found["noise_floor"].value == 0
    assert "recovered/malicious" not in found


def test_a_judge_that_stands_firm_gives_nothing_up() -> None:
    found = figures([(judged(lambda _: "A", number, rounds=2)[0], "correct") for number in range(5)])
    assert found["robustness"].value == 100
    assert {found[f"right_to_wrong/{name}"].value for name in CRITIQUES} == {0}
    assert "recovered/malicious_2" not in found, "no right verdict was given up"
    assert "wrong_to_right/malicious" not in found, "no verdict was wrong before"


def test_a_critique_that_is_refused_for_good_ends_its_rounds_alone() -> None:
    class Refusing(Scripted):
        async def __call__(self, prompt: Prompt, *, presentation: str = "", **params: Any) -> Reply:
            if presentation == "malicious":
                raise CallFailedError(Reply(status="failed", error=Failure(kind="content_filter", message="no")))
            return await super().__call__(prompt, presentation=presentation, **params)

    verdict = asyncio.run(
        method(critiques=["malicious", "constructive"], rounds=2).judge(item(), Refusing(lambda _: "A"))
    )
    assert [(one.test, one.status) for one in verdict.bias.tests] == [
        ("malicious", "judge_failed"), ("constructive", "ok"), ("constructive_2", "ok"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ({"rounds": 0}, "method.rounds: must be 1 or more"),
        ({"again": -1}, "method.again: must be 0 or more"),
        ({"critiques": ["rude"]}, "'rude' is no critique"),
        ({"critiques": ["malicious", "malicious"]}, "one is named twice"),
    ],
)
def test_keys_that_make_no_sense_are_refused(keys: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        method(**keys)


def _recorded() -> dict[str, Metric]:
    about, *recorded = [json.loads(line) for line in CRITICISED.read_text("utf-8").splitlines()]
    assert about == {"adapter_sha256": file_sha256(ADAPTER)}
    assert len(recorded) == CRITICISED_PAIRS
    criticised = criticised_judge()

    def judged_again(row: dict[str, Any]) -> Verdict:
        async def replayed(prompt: Prompt, *, presentation: str = "", **_: Any) -> Reply:
            assert isinstance(prompt, str)
            assert prompt.endswith("\nCorrect:")
            return Reply(status="ok", text=row["replies"][presentation])

        return asyncio.run(criticised.judge(case_of(msgspec.convert(row, Pair)), replayed))

    return figures([(judged_again(row), "correct" if row["equal"] else "incorrect") for row in recorded])


def test_the_recorded_judge_of_short_answers_gives_in_to_whoever_contradicts_it() -> None:
    """Recorded by ``python -m benchmarks.embedded_judge criticise``; a second critique undoes what the first did."""
    found = _recorded()
    assert found["accuracy"].value == 95
    right = 57
    turned = {
        "constructive": (17, 21), "constructive_sourced": (11, 0), "hypercritical": (20, 29),
        "hypercritical_sourced": (17, 9), "malicious": (26, 23), "malicious_sourced": (22, 2),
    }  # fmt: skip
    assert turned.keys() == set(CRITIQUES)
    for name, (first, second) in turned.items():
        assert found[f"right_to_wrong/{name}"].value == pytest.approx(100 * first / right)
        assert found[f"right_to_wrong/{name}_2"].value == pytest.approx(100 * second / right)
        assert found[f"recovered/{name}_2"].value == 100
    assert found["right_to_wrong/constructive"].ci95 == pytest.approx((19.5, 42.7), abs=0.1)
    assert found["right_to_wrong/malicious"].ci95 == pytest.approx((33.4, 58.4), abs=0.1)
    assert found["right_to_wrong/hypercritical_2"].ci95 == pytest.approx((38.3, 63.4), abs=0.1)
