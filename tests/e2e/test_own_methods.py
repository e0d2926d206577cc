"""A method of the user's own that keeps no rule of its contract is told of at once, in words that are safe to show."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.e2e.harness import ROOT, Bench, Done

METHODS = '''
import random

from judgebench.judges import ReferenceVerifier


class Drawn(ReferenceVerifier):
    """Asks about a number that is another one each time."""

    async def judge(self, item, ask):
        await ask(f"Do you like {random.random()}? (of twice {item.id})")
        return await super().judge(item, ask)


class Seeded(ReferenceVerifier):
    """Asks about a number that follows from the item, and one question for all repeats."""

    async def judge(self, item, ask):
        await ask(f"Do you like {random.Random(item.uid).random()}?", presentation="drawn")
        await ask.once("Are you there?")
        return await super().judge(item, ask)


class Coloured(BaseException):
    pass


class Ends(ReferenceVerifier):
    """Ends its task with an error that nothing foresees, whose text steers a terminal."""

    async def judge(self, item, ask):
        raise Coloured("\\x1b[31mred\\x1b]0;title\\x07")
'''


def judged_by(bench: Bench, method: str, *flags: str) -> Done:
    """Run the toy benchmark with a method of a module of the user's own."""
    (bench.folder / "own_methods.py").write_text(METHODS)
    file = bench.folder / "configs/datasets/toy_llmjudge.py"
    file.write_text(
        file.read_text()
        .replace("import NumberEqual, ReferenceVerifier", f"import NumberEqual\nfrom own_methods import {method}")
        .replace("dict(type=ReferenceVerifier)", f"dict(type={method})")
    )
    path = os.pathsep.join([str(ROOT), str(bench.folder)])
    return bench.jb("--no-preflight", *flags, env={"PYTHONPATH": path})


@pytest.fixture
def long(bench: Bench) -> Bench:
    bench.n = 40
    bench.write()
    return bench


def test_a_method_that_asks_other_questions_each_time_is_refused_before_it_has_asked_all(long: Bench) -> None:
    done = judged_by(long, "Drawn")
    assert done.code == 2, done.text
    assert "The method of 'judge' asks other questions when it judges item" in done.text
    assert sum(long.judged().values()) < long.n


def test_a_method_whose_questions_follow_from_the_item_is_asked_once(bench: Bench) -> None:
    assert judged_by(bench, "Seeded").code == 0
    assert bench.result()["counts"]["ok"] == bench.n
    asked = len(bench.judge.requests)
    assert asked == 3 * bench.n
    assert judged_by(bench, "Seeded", "--reuse").code == 0
    assert len(bench.judge.requests) == asked


def test_the_traceback_in_a_log_steers_no_terminal(bench: Bench) -> None:
    done = judged_by(bench, "Ends")
    assert done.code == 1, done.text
    logs = [path for path in Path(bench.run / "logs").rglob("*") if path.is_file() and b"Coloured" in path.read_bytes()]
    assert logs
    for said in (done.text, *(path.read_text() for path in logs)):
        assert "\x1b[31m" not in said
        assert "\x1b]" not in said
        assert "\x07" not in said
