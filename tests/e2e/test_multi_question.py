"""A kill in the middle of a judge that asks several questions about an item: going on asks exactly what is missing."""

from __future__ import annotations

import contextlib
import os
import random
import signal
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from judgebench.testing.faultservice import FaultService
from tests.e2e.harness import Bench, model_answer, wait_until
from tests.e2e.loopback_judge import DrawnJudge
from tests.e2e.multi_question import (
    PAIRS,
    POINTS,
    Gate,
    Question,
    asked,
    by_item,
    drawn_budgets,
    recorded,
    verdicts,
    write_benchmark,
    write_judges,
)
from tests.e2e.test_kills import processes_of

KINDS = {"points": POINTS, "pairs": PAIRS, "benchmark": PAIRS}
MODELS = {"points": ("toy_model",), "pairs": ("other_model", "toy_model"), "benchmark": ("toy_model",)}
COMPARED = {"points": {}, "pairs": {"compare_with": "first"}}
EACH = [(kind, name) for kind in ("points", "pairs") for name in KINDS[kind]]


class Undisturbed(NamedTuple):
    """What a run that nothing happens to asks, and finds."""

    asked: Counter[Question]
    verdicts: dict[str, list[tuple[int, Any]]]


class Case(NamedTuple):
    """What is killed.

    Attributes:
        kind: Of the methods: about ``points`` or ``pairs``, or the judge itself is tested by a ``benchmark``.
        names: The methods.
        moods: Whether the judge answers equal questions each time anew. A reply that was sent and not yet written when
            everything ended is then lost for good, so such runs are killed only once all that was sent is on disk.
    """

    kind: str
    names: tuple[str, ...]
    moods: bool


Know = Callable[[Case], Undisturbed]


@contextmanager
def stand(folder: Path, case: Case) -> Iterator[Bench]:
    """Set up the methods in a folder, with a judge that draws its replies."""
    with (
        FaultService(model_answer(), model="m") as model,
        FaultService(model_answer(lambda i: True), model="m") as other,
        FaultService(DrawnJudge(counted=case.moods), model="j") as judge,
    ):
        bench = Bench(folder, model, judge)
        bench.write()
        path = folder / "configs/models/other_model.py"
        path.write_text(path.read_text().replace(model.url, other.url))
        if case.kind == "benchmark":
            write_benchmark(bench, case.names[0], PAIRS[case.names[0]])
        else:
            write_judges(bench, {name: KINDS[case.kind][name] for name in case.names}, **COMPARED[case.kind])
        yield bench


def flags(case: Case) -> tuple[tuple[str, ...], dict[str, Any]]:
    """Return the flags of ``jb``, and its dataset and models."""
    chosen = () if case.kind == "benchmark" else ("--judges", "several")
    given = (*chosen, "--no-preflight", "--dump-eval-details", "--max-num-workers", "32")
    return given, {"dataset": "rich", "models": MODELS[case.kind]}


@pytest.fixture(scope="module")
def know(tmp_path_factory: pytest.TempPathFactory) -> Know:
    """Gives the undisturbed run of a case; each is made once."""
    known: dict[Case, Undisturbed] = {}

    def run(case: Case) -> Undisturbed:
        if case not in known:
            with stand(tmp_path_factory.mktemp("undisturbed"), case) as bench:
                given, named = flags(case)
                done = bench.jb(*given, timeout=120, **named)
                assert done.code == 0, done.text
                assert asked(bench) == on_disk(bench, case)
                known[case] = Undisturbed(asked(bench), verdicts(bench, bare=case.moods))
        return known[case]

    return run


def on_disk(bench: Bench, case: Case) -> Counter[Question]:
    """Return how many replies to each question are recorded."""
    return recorded(bench, tested=case.names[0] if case.kind == "benchmark" else "")


def kill_midway(bench: Bench, case: Case, gate: Gate, victim: str, *, settled: bool) -> None:
    """Run until every judge has had the replies that the gate lets through, and kill -9.

    Args:
        bench: The stand.
        case: Its methods.
        gate: Holds back all other replies.
        victim: ``jb`` alone, every judge's ``task``, or ``all`` of them.
        settled: Kill when all that came through is on disk; else as soon as it is sent.
    """
    given, named = flags(case)
    bench.judge.set_faults(gate)
    process = bench.fork(*given, "--mode", "infer_judge", **named)
    try:
        wait_until(lambda: gate.spent or process.poll() is not None, timeout=250)
        if settled:
            wait_until(lambda: on_disk(bench, case) == gate.let_through, timeout=250)
        tasks = [pid for pid, command in processes_of(bench.folder).items() if "judgebench.stages " in command]
        for pid in {"jb": [process.pid], "task": tasks, "all": [process.pid, *tasks]}[victim]:
            with contextlib.suppress(ProcessLookupError):  # one that has ended by itself meanwhile
                os.kill(pid, signal.SIGKILL)
        if victim == "jb":
            gate.open(to_the_dead=False)  # the orphans wait a while for what is in flight, and write it down
        process.wait(timeout=200)
        wait_until(lambda: not processes_of(bench.folder), timeout=250)
    except AssertionError:
        print("not reached:", gate.left)
        raise
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        print(process.communicate()[0])
        gate.open(to_the_dead=True)
    bench.judge.set_faults(())


def check_a_kill(bench: Bench, case: Case, whole: Undisturbed, victim: str, dice: random.Random) -> None:
    """Kill in the middle of every method, go on, and account for every question."""
    assert isinstance(bench.judge.answer, DrawnJudge)
    gate = Gate(bench.judge.answer, drawn_budgets(by_item(whole.asked), dice))
    settled = case.moods or dice.random() < 0.5
    kill_midway(bench, case, gate, victim, settled=settled)
    first, kept = asked(bench), on_disk(bench, case)
    assert kept <= first <= whole.asked
    if settled:
        assert gate.let_through <= kept
    if settled and victim != "jb":
        assert kept == gate.let_through
        needed, have = by_item(whole.asked), by_item(kept)
        midway = {judge for judge, item in needed if 0 < have.get((judge, item), 0) < needed[judge, item]}
        assert midway == set(case.names)
    bench.judge.forget()
    given, named = flags(case)
    done = bench.jb(*given, "--reuse", timeout=120, **named)
    assert done.code == 0, done.text
    # What was on disk is never asked again; what was not, is asked once, equal questions as often as they are missing.
    assert asked(bench) == whole.asked - kept
    assert on_disk(bench, case) == whole.asked
    twice = {one for one, count in (first + asked(bench)).items() if count > whole.asked[one]}
    assert twice <= set(first - kept)
    assert verdicts(bench, bare=case.moods) == whole.verdicts


@pytest.mark.parametrize(
    ("case", "victim"),
    [
        (Case("points", tuple(POINTS), moods=True), "task"),
        (Case("pairs", tuple(PAIRS), moods=False), "all"),
        (Case("points", ("debate", "verified-votes", "longer"), moods=False), "jb"),
        (Case("benchmark", ("resolved-votes",), moods=False), "task"),
    ],
    ids=["points", "pairs", "orphans", "benchmark"],
)
def test_going_on_in_the_middle_of_every_method_asks_exactly_what_is_missing(
    tmp_path: Path, know: Know, case: Case, victim: str
) -> None:
    whole = know(case)
    assert {one.judge for one in whole.asked} == set(case.names)
    with stand(tmp_path, case) as bench:
        check_a_kill(bench, case, whole, victim, random.Random(victim))


@pytest.mark.soak
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize(("kind", "name"), EACH, ids=[name for _, name in EACH])
def test_every_method_at_many_moments(tmp_path: Path, know: Know, kind: str, name: str, seed: int) -> None:
    case = Case(kind, (name,), moods=seed % 2 == 0)
    whole = know(case)
    dice = random.Random(f"{name} {seed}")
    with stand(tmp_path, case) as bench:
        check_a_kill(bench, case, whole, dice.choice(["jb", "task", "all"]), dice)
        bench.judge.forget()
        given, named = flags(case)
        again = bench.jb(*given, "--reuse", "--mode", "eval", timeout=120, **named)
        assert again.code == 0, again.text
        assert bench.judge.requests == []
        assert verdicts(bench, bare=case.moods) == whole.verdicts


@pytest.mark.parametrize(
    ("case", "branching"),
    [
        (Case("points", tuple(POINTS), moods=True), {"deliberation", "sequence", "unbiased", "verified", "gated"}),
        (Case("pairs", tuple(PAIRS), moods=False), {"resolved", "pair-unbiased", "pair-verified"}),
    ],
    ids=["points", "pairs"],
)
def test_the_drawn_judge_leads_a_methods_items_down_different_paths(
    know: Know, case: Case, branching: set[str]
) -> None:
    lengths = {(judge, count) for (judge, _), count in by_item(know(case).asked).items()}
    assert branching <= {judge for judge, times in Counter(judge for judge, _ in lengths).items() if times > 1}
