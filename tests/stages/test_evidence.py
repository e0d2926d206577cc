"""What a result says beside its metrics."""

from __future__ import annotations

from judgebench.records import JudgeCall, Sample, Usage, Verdict
from judgebench.stages.evidence import Checked, Evidence, Spent


def call(repeat: int, **more: object) -> JudgeCall:
    return JudgeCall(
        data_abbr="d", id=0, uid="u", repeat=repeat, success=True, status="ok", uuid="x", origin_prompt="?",
        prediction="said", usage=Usage(prompt_tokens=10, completion_tokens=1), served_model="judge", **more,
    )  # type: ignore[arg-type]  # fmt: skip


def test_a_question_that_serves_all_repeats_is_billed_once() -> None:
    """It is recorded with the first repeat and handed to each of them; the others' own questions count as well."""
    evidence = Evidence(keep_details=False)
    shared = call(0)
    for repeat in range(3):
        own = call(repeat, view="own")
        evidence.add(
            Checked(
                Sample(id=0, uid="u", fields={}), repeat, None, Verdict(status="ok", label="A"), None, [shared, own]
            )
        )
    judge = evidence.usage()["judge"]
    assert (judge["calls"], judge["prompt_tokens"], judge["completion_tokens"]) == (4, 40, 4)


def test_what_was_known_already_costs_nothing_and_is_counted_as_saved() -> None:
    spent = Spent()
    for attempts in (0, 1, 3):
        spent.add(call(0, attempts=attempts, waited=0.5))
    told = spent.told()
    assert (told["calls"], told["saved_requests"], told["extra_requests"]) == (2, 1, 2)
    assert (told["seconds_waited"], told["served_models"]) == (1.0, ["judge"])
    assert Spent.of(told) == spent
