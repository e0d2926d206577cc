"""Every way in which a service misbehaves, through the whole of ``jb``: what it costs, and what becomes of the score.

Each item meets a fault of its own, on the side of the model and on the side of the judge, so that one run shows them
all and shows as well that no reply ends up at another item.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from judgebench.testing.faultservice import FAULTS, TRANSIENT, Fault, FaultService, Seen, http_status, mixed, slow_bytes
from judgebench.testing.faultservice.replies import Answer
from tests.e2e.harness import Bench, judge_answer, model_answer, slower_after, wait_until

QUICK = {"retry": 2, "backoff": 0.01, "batch_size": 4}

PLAIN = (*TRANSIENT, "error_in_200", "not_object", "wrong_type", "no_message", "content_number")
PLAIN += ("empty_choices", "content_null", "content_empty", "tool_calls")
STREAMED = (*TRANSIENT, "sse_cut", "sse_reset", "sse_no_end", "sse_error", "error_in_200", "empty_choices")
SILENT = ("never", "slow_bytes")
LASTING = {
    "400": ("bad_request", 1),
    "context_length": ("context_length", 1),
    "content_filter": ("content_filter", 1),
    "tool_calls": ("empty_reply", 2),
    "content_null": ("empty_reply", 2),
    "empty_choices": ("empty_reply", 2),
    "500": ("server", 3),
    "429": ("rate_limit", 3),
    "html": ("bad_reply", 3),
    "invalid_json": ("bad_reply", 3),
    "reset_before": ("connection", 3),
    "truncated_body": ("connection", 3),
}
"""Fault that stays: its kind in the record, and how often the item is asked with two repeats allowed."""
HARMLESS = ("gzip", "text_plain", "no_usage", "odd_usage", "length", "other_model")
HARMLESS_STREAMS = ("sse_dressed", "sse_double_usage")


def test_every_fault_of_the_service_is_met_here() -> None:
    elsewhere = {"401", "403", "404_model", "429_seconds", "429_date", "sse_stall"}  # below, in runs of their own
    here = {*PLAIN, *STREAMED, *SILENT, *LASTING, *HARMLESS, *HARMLESS_STREAMS}
    assert set(FAULTS) - here == elsewhere


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Callable[..., Bench]]:
    """Give a maker of benches of any size, whose model errs on every third question."""
    with (
        FaultService(model_answer(wrong), model="m") as model,
        FaultService(judge_answer(), model="j") as judge,
    ):

        def bench(n: int, **keys: Any) -> Bench:
            made = Bench(tmp_path, model, judge, n=n)
            made.model_keys = made.judge_keys = {**QUICK, **keys}
            made.write()
            return made

        yield bench


def wrong(number: int) -> bool:
    return number % 3 == 0


def accuracy(numbers: range | list[int]) -> float:
    return 100 * sum(not wrong(number) for number in numbers) / len(numbers)


def number_of(seen: Seen) -> int:
    return int(seen.prompt.rpartition("twice ")[2].partition("?")[0].partition(")")[0])


def per_item(kinds: tuple[str, ...], *, times: int = 1) -> Callable[[Seen], str | None]:
    """Let item i meet the i-th kind of fault the first so many times that it is asked."""
    return lambda seen: kinds[number_of(seen)] if seen.nth < times else None


def check_answered_once(bench: Bench) -> None:
    """Every item has one good answer and one good judgment, its own, and the score is right."""
    for name in ("toy", "toy-judge"):
        rows = bench.rows(name)
        assert [row["id"] for row in rows] == list(range(bench.n))
        assert [row["status"] for row in rows] == ["ok"] * bench.n
    for row in bench.rows():
        assert f"(of twice {row['id']})" in row["prediction"]
    for row in bench.rows("toy-judge"):
        assert f"What is twice {row['id']}?" in str(row["origin_prompt"])
        assert row["prediction"] == f"VERDICT: {'B' if wrong(row['id']) else 'A'}"
    result = bench.result()
    assert result["counts"]["ok"] == bench.n
    assert result["metrics"]["accuracy"]["value"] == pytest.approx(accuracy(range(bench.n)))


@pytest.mark.parametrize(("stream", "kinds"), [(False, PLAIN), (True, STREAMED)])
def test_transient_faults_cost_one_request_each_and_nothing_else(
    make: Callable[..., Bench], stream: bool, kinds: tuple[str, ...]
) -> None:
    bench = make(len(kinds), stream=stream)
    for service in (bench.model, bench.judge):
        service.set_faults(per_item(kinds))
    done = bench.jb("--no-preflight")
    assert done.code == 0, done.text
    check_answered_once(bench)
    for asked, service in ((bench.asked(), bench.model), (bench.judged(), bench.judge)):
        assert asked == dict.fromkeys(range(bench.n), 2)
        assert set(service.answered.values()) == {1}
    for name in ("toy", "toy-judge"):
        assert [row["tries"] for row in bench.rows(name)] == [2] * bench.n
        assert all(row["usage"]["completion_tokens"] > 0 for row in bench.rows(name))
    usage = bench.result()["usage"]
    for side in ("model", "judge"):
        assert usage[side]["extra_requests"] == bench.n
        assert 0 <= usage[side]["seconds_waited"] < 0.02 * bench.n
    assert f"{2 * bench.n} extra requests" in done.out


def test_lasting_faults_are_told_apart_and_fail_their_item_alone(make: Callable[..., Bench]) -> None:
    kinds = tuple(LASTING)
    bench = make(2 * len(kinds))
    even: Callable[[Seen], str | None] = lambda seen: (  # noqa: E731
        None if number_of(seen) % 2 else kinds[number_of(seen) // 2]
    )
    bench.model.set_faults(even)
    done = bench.jb("--no-preflight")
    assert done.code == 4, done.text
    rows = {row["id"]: row for row in bench.rows()}
    for number, kind in enumerate(kinds):
        failed = rows[2 * number]
        assert failed["success"] is False
        assert (failed["error"]["kind"], bench.asked()[2 * number]) == LASTING[kind], kind
        assert failed["error"]["message"]
    odd = list(range(1, bench.n, 2))
    assert bench.judged() == dict.fromkeys(odd, 1)
    result = bench.result()
    assert (result["counts"]["prediction_failed"], result["counts"]["ok"]) == (len(kinds), len(kinds))
    assert result["metrics"]["accuracy"]["value"] == pytest.approx(accuracy(odd))
    bench.model.set_faults(())
    bench.judge.set_faults(even)  # the same from the judge, for the answers that are there now
    again = bench.jb("--no-preflight", "--reuse")
    assert again.code == 4, again.text
    assert bench.result()["counts"]["judge_failed"] == len(kinds)
    judged = {row["id"]: row for row in bench.rows("toy-judge")}
    for number, kind in enumerate(kinds):
        assert (judged[2 * number]["error"]["kind"], bench.judged()[2 * number]) == LASTING[kind], kind
    bench.judge.set_faults(())
    assert bench.jb("--no-preflight", "--reuse").code == 0
    check_answered_once(bench)
    assert all(bench.judged()[number] == 1 for number in odd)


@pytest.mark.parametrize(("stream", "kinds"), [(False, HARMLESS), (True, HARMLESS_STREAMS)])
def test_oddities_cost_nothing(make: Callable[..., Bench], stream: bool, kinds: tuple[str, ...]) -> None:
    bench = make(len(kinds), stream=stream)
    for service in (bench.model, bench.judge):
        service.set_faults(per_item(kinds, times=99))
    done = bench.jb("--no-preflight")
    assert done.code == 0, done.text
    check_answered_once(bench)
    assert bench.asked() == bench.judged() == dict.fromkeys(range(bench.n), 1)
    result = bench.result()
    assert result["counts"]["truncated"] == ("length" in kinds)
    notes = " ".join(result["notes"])
    for side, name in (("model", "m"), ("judge", "j")):
        told = f"the {side}'s replies came from several models: another-model, {name}"
        assert (told in notes) == ("other_model" in kinds)
    assert "extra requests" not in done.out


def test_a_model_that_is_swapped_in_the_middle_is_noted(make: Callable[..., Bench]) -> None:
    bench = make(6)
    names = itertools.cycle(["m", "m-quantised"])
    bench.model.model = lambda: next(names)
    done = bench.jb("--no-preflight")
    assert done.code == 0, done.text
    assert {row["served_model"] for row in bench.rows()} == {"m", "m-quantised"}
    assert "several models: m, m-quantised" in " ".join(bench.result()["notes"])
    assert "several models" in (bench.run / "summary" / f"summary_{bench.run.name}.md").read_text()


@pytest.mark.parametrize("stream", [False, True])
def test_a_silent_or_creeping_service_is_given_up_in_time(make: Callable[..., Bench], stream: bool) -> None:
    """Three kinds of silence, each ended by another limit: three items meet them for good, the others once."""
    silence = ["never", "sse_stall" if stream else slow_bytes(60.0), slow_bytes(0.1)]
    limits = {"first_byte": 3.0, "between_bytes": 3.0, "total": 4.0}  # a good reply keeps well below them
    bench = make(9, stream=stream, retry=1, timeouts=limits, batch_size=9)
    bench.model.set_faults(
        lambda seen: silence[number_of(seen) % 3] if number_of(seen) < (3 if seen.nth else 6) else None
    )
    bench.judge.set_faults(lambda seen: silence[number_of(seen) % 3] if number_of(seen) > 5 and not seen.nth else None)
    done = bench.jb("--no-preflight")
    assert done.code == 4, done.text
    assert bench.asked() == {**dict.fromkeys(range(6), 2), **dict.fromkeys(range(6, 9), 1)}
    assert bench.judged() == {3: 1, 4: 1, 5: 1, 6: 2, 7: 2, 8: 2}
    assert {row["error"]["kind"] for row in bench.rows()[:3]} == {"timeout"}
    assert bench.result()["metrics"]["accuracy"]["value"] == pytest.approx(accuracy(range(3, 9)))


@pytest.mark.parametrize("fault", [slow_bytes(0.05), "never"])
def test_the_preflight_does_not_wait_long_for_such_a_service(make: Callable[..., Bench], fault: str | Fault) -> None:
    bench = make(2, timeouts={"total": 3.0})
    bench.model.set_faults(lambda seen: fault if "twice" not in seen.prompt else None)
    done = bench.jb()
    assert done.code == 0, done.text
    assert "no reply within 3 s" in done.text


@pytest.mark.parametrize(("fault", "side"), [("404_model", "model"), ("401", "judge"), ("403", "judge")])
def test_refusals_on_the_first_request_end_the_task_at_once(make: Callable[..., Bench], fault: str, side: str) -> None:
    bench = make(40)
    service = bench.model if side == "model" else bench.judge
    service.set_faults(lambda seen: fault)
    done = bench.jb("--no-preflight")
    assert done.code == 3, done.text
    assert len(service.requests) <= 4
    assert fault[:3] in done.text
    assert str(service.port) in done.text
    assert "Traceback" not in done.text
    service.set_faults(())
    again = bench.jb("--no-preflight", "--reuse")
    assert again.code == 0, again.text
    check_answered_once(bench)
    assert set(bench.model.answered.values()) == set(bench.judge.answered.values()) == {1}


def test_a_judge_that_refuses_connections_leaves_the_answers_and_says_so_once(make: Callable[..., Bench]) -> None:
    bench = make(12)
    bench.judge.stop()
    done = bench.jb("--no-preflight")
    assert done.code == 3, done.text
    assert str(bench.judge.port) in done.text
    assert bench.asked() == dict.fromkeys(range(12), 1)
    with FaultService(judge_answer(), model="j", port=bench.judge.port) as healed:
        bench.judge = healed
        again = bench.jb("--no-preflight", "--reuse")
    assert again.code == 0, again.text
    assert bench.asked() == bench.judged() == dict.fromkeys(range(12), 1)


def test_a_service_that_dies_for_good_is_told_once_and_what_was_finished_is_kept(make: Callable[..., Bench]) -> None:
    bench = make(40, patience=1.0)
    slower_after(12, bench.model)
    process = bench.fork("--no-preflight")
    wait_until(lambda: len(bench.model.requests) > 12)
    bench.model.stop()
    out, _ = process.communicate(timeout=200)
    assert process.returncode == 3, out
    assert "no longer answers" in out
    assert "--reuse" in out
    answered = {row["id"] for row in bench.rows()}
    assert len(answered) >= 4
    assert all(row["success"] for row in bench.rows())  # none of them is charged with the death of the service
    seen = bench.asked()
    with FaultService(model_answer(wrong), model="m", port=bench.model.port) as healed:
        bench.model = healed
        again = bench.jb("--no-preflight", "--reuse")
        assert again.code == 0, again.text
        asked = bench.asked()
    check_answered_once(bench)
    assert not set(asked) & answered
    assert sum((seen + asked).values()) <= 40 + 2 * 4
    assert set(bench.judged().values()) == {1}


def test_a_service_that_comes_back_in_time_costs_no_item(make: Callable[..., Bench]) -> None:
    bench = make(40, patience=30.0)
    slower_after(8, bench.model)
    process = bench.fork("--no-preflight")
    wait_until(lambda: len(bench.model.requests) > 8)
    bench.model.stop()
    time.sleep(1.0)
    with FaultService(model_answer(wrong), model="m", port=bench.model.port):
        out, _ = process.communicate(timeout=200)
    assert process.returncode == 0, out
    check_answered_once(bench)


@pytest.mark.parametrize("retry", [0, 2])
def test_a_service_that_restarts_costs_only_what_it_was_answering(make: Callable[..., Bench], retry: int) -> None:
    bench = make(30, batch_size=1, retry=retry, patience=30.0)
    slower_after(5, bench.model)
    process = bench.fork("--no-preflight")
    wait_until(lambda: len(bench.model.requests) > 5)
    bench.model.stop()
    time.sleep(0.5)
    with FaultService(model_answer(wrong), model="m", port=bench.model.port):
        out, _ = process.communicate(timeout=200)
    assert sum(not row["success"] for row in bench.rows()) <= (retry == 0), out


@pytest.mark.parametrize("stream", [False, True])
def test_a_third_of_mixed_faults_on_both_sides_mis_scores_nothing(make: Callable[..., Bench], stream: bool) -> None:
    bench = make(60, stream=stream, retry=12)
    kinds = (*TRANSIENT, *(("sse_cut", "sse_reset", "sse_no_end") if stream else ("error_in_200", "not_object")))
    bench.model.set_faults(mixed(0.3, seed=1, kinds=kinds))
    bench.judge.set_faults(mixed(0.3, seed=2, kinds=kinds))
    done = bench.jb("--no-preflight")
    assert done.code == 0, done.text
    check_answered_once(bench)
    assert set(bench.model.answered.values()) == set(bench.judge.answered.values()) == {1}
    extra = sum(bench.asked().values()) + sum(bench.judged().values()) - 2 * bench.n
    assert 20 < extra < 120
    usage = bench.result()["usage"]
    assert usage["model"]["extra_requests"] + usage["judge"]["extra_requests"] == extra
    assert f"{extra} extra requests" in done.out


@pytest.mark.parametrize(("header", "least"), [("1", 1.0), ("date+2", 0.9)])
def test_retry_after_is_waited_for_in_both_forms(make: Callable[..., Bench], header: str, least: float) -> None:
    bench = make(3)
    limited = http_status(429, retry_after=header)
    for service in (bench.model, bench.judge):
        service.set_faults(lambda seen: limited if number_of(seen) == 1 and seen.nth == 0 else None)
    done = bench.jb("--no-preflight")
    assert done.code == 0, done.text
    check_answered_once(bench)
    for service in (bench.model, bench.judge):
        first, second = [seen.at for seen in service.requests if number_of(seen) == 1]
        assert second - first >= least
    planned = least if header.isdigit() else 0.001  # until a date it is the less the later it is read
    for name in ("toy", "toy-judge"):
        assert bench.rows(name)[1]["waited"] >= planned
    assert bench.result()["usage"]["model"]["seconds_waited"] >= planned


def test_adaptive_concurrency_backs_off_from_a_limited_service(make: Callable[..., Bench]) -> None:
    bench = make(60, adaptive=True, batch_size=32, retry=30)
    bench.model.latency = 0.01
    bench.model.set_faults(lambda seen: "503" if bench.model.in_flight > 4 else None)
    done = bench.jb("--no-preflight")
    assert done.code == 0, done.text
    check_answered_once(bench)
    assert bench.model.most_in_flight < 32
    assert set(bench.model.answered.values()) == {1}


def test_max_fail_rate_decides_when_a_task_gives_up(make: Callable[..., Bench]) -> None:
    bench = make(60)
    bench.model.set_faults(lambda seen: "400" if number_of(seen) % 2 else None)
    done = bench.jb("--no-preflight", "--max-fail-rate", "0.1")
    assert done.code == 4, done.text
    assert "--max-fail-rate 0.1" in done.text
    assert len(bench.model.requests) < 40
    bench.model.set_faults(())
    again = bench.jb("--no-preflight", "--reuse", "--max-fail-rate", "0.1")
    assert again.code == 0, again.text
    check_answered_once(bench)
    assert sum(count - 1 for count in bench.model.answered.values()) <= 4  # what was in flight when it gave up


def test_cut_off_answers_are_counted_and_judged_as_they_are(make: Callable[..., Bench]) -> None:
    bench = make(6)
    good = model_answer(wrong)

    def answer(body: dict[str, Any]) -> Answer:
        text = good(body)
        return Answer("" if "twice 4)" in text else text, finish_reason="length")

    bench.model.answer = answer
    done = bench.jb("--no-preflight")
    assert done.code == 0, done.text
    assert bench.result()["counts"]["truncated"] == 6
    assert "6 truncated" in done.text
