"""What a result says beside its metrics."""

from __future__ import annotations

from judgebench.records.flow import JudgeCall, Sample, Usage, Verdict
from judgebench.stages.accumulators import Checked, DiagnosticsAccumulator
from judgebench.stages.spent import Spent


def call(repeat: int, **more: object) -> JudgeCall:
    return JudgeCall(
        data_abbr="d", id=0, uid="u", repeat=repeat, success=True, status="ok", uuid="x", origin_prompt="?",
        prediction="said", usage=Usage(prompt_tokens=10, completion_tokens=1), served_model="judge", **more,
    )  # type: ignore[arg-type]  # fmt: skip


def test_a_question_that_serves_all_repeats_is_billed_once() -> None:
    """It is recorded with the first repeat and handed to each of them; the others' own questions count as well."""
    evidence = DiagnosticsAccumulator(keep_details=False)
    shared = call(0)
    for repeat in range(3):
        own = call(repeat, presentation="own")
        evidence.add(
            Checked(
                Sample(id=0, uid="u", fields={}), repeat, None, Verdict(status="ok", decision="A"), None, [shared, own]
            )
        )
    judge = evidence.usage()["judge"]
    assert (judge["calls"], judge["prompt_tokens"], judge["completion_tokens"]) == (4, 40, 4)


def test_what_was_known_already_costs_nothing_and_is_counted_as_saved() -> None:
    spent = Spent()
    for tries in (0, 1, 3):
        spent.add(call(0, tries=tries, waited=0.5))
    as_dict = spent.as_dict()
    assert (as_dict["calls"], as_dict["saved_requests"], as_dict["extra_requests"]) == (2, 1, 2)
    assert (as_dict["seconds_waited"], as_dict["served_models"]) == (1.0, ["judge"])
    assert Spent.of(as_dict) == spent
