"""How far one sample travels through the code: modules entered and moves between them, from config to summary cell.

    python -m benchmarks.walk [--list] [--pairs]

One sample, one judge, a model in the process itself. Every stage runs in this process under a profiler hook, so that
each call of a function of the package is seen. A *module* counts once, however often it is entered by a call; a *move*
is a call from a function of one module into another module (returns are not counted). Imports are no moves. What runs
as an asyncio task is called by the function that started the task; a callback of the event loop is called by nobody.
*Distinct* counts a call of one function by another once in a leg: a config with ten more keys walks no further by it.
The stages up to the result file are summed as in ``docs/architecture.md``; the writing of tables, which escapes each
cell, stands beside. Nothing is left out as set-up: a sample's way begins at its config, and what a task opens before
its first item is on that way. All stages run in one process, so a table that each process reads counts once, where it
is first read.

*A further sample* is what one more sample adds: the way of the sample itself, without what a run opens once.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import dis
import inspect
import io
import logging
import os
import sys
import tempfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from types import FrameType

PACKAGE = Path(__file__).parents[1] / "judgebench"

MODEL = '''
from contextlib import asynccontextmanager
from judgebench.models.contract import ModelConfig
from judgebench.records.flow import Reply

class Walker:
    """Answers in this process: a model and a judge that are always right."""
    Config = ModelConfig
    prompt_kind = "chat"
    model = "walker"

    @asynccontextmanager
    async def open(self, config):
        yield self

    async def ask(self, request):
        judging = "VERDICT" in str(request.prompt)
        return Reply(status="ok", text="VERDICT: A" if judging else "The answer is 2.", finish_reason="stop")
'''

CONFIG = """
from judgebench.datasets import JsonlDataset
from judgebench.judges import DeclaredJudge
models = [dict(type='walk_model.Walker', abbr='walker')]
datasets = [dict(
    abbr='sums', type=JsonlDataset, path='data.jsonl', input_columns=['question'], output_column='answer',
    prompt='{question}',
    judge_infer_cfg=dict(judge_model=dict(type='walk_model.Walker', abbr='judge'),
                         method=dict(type=DeclaredJudge,
                                     parser=dict(type='anchored', decisions={'A': 'correct', 'B': 'incorrect'}),
                                     presentations=[dict(prompt='{question} {answer} VERDICT: A or B')],
                                     aggregate=dict(type='first', unread='unparsed'))))]
"""


_STARTING = {"create_task", "ensure_future", "_ensure_future"}
_RESUME = dis.opmap["RESUME"]
_EVENT_LOOP = {asyncio.events.__file__, asyncio.runners.__file__}


class Walk:
    """Counts modules and moves while it is installed as the profiler hook."""

    def __init__(self) -> None:
        self.visits: Counter[str] = Counter()
        self.order: list[str] = []
        self.moves = 0
        self.rooms = 0
        self.pairs: Counter[tuple[str, str]] = Counter()
        self.distinct: set[tuple[str, str, str, str]] = set()
        self._names: dict[str, str] = {}
        self._started_by: dict[FrameType, FrameType | None] = {}

    def __call__(self, frame: FrameType, event: str, argument: object) -> None:  # noqa: ARG002 - the hook's signature
        if (
            event != "call"
            or frame.f_code.co_code[frame.f_lasti] != _RESUME
            or frame.f_code.co_code[frame.f_lasti + 1] & 3
        ):
            # A generator or coroutine goes on, or is closed.
            return
        if frame.f_code.co_name in _STARTING and Path(frame.f_code.co_filename).parent.name == "asyncio":
            self._note_start(frame)
        module = self._module(frame)
        if not module:
            return
        back, caller = self._caller(frame)
        if back is not None and not caller:
            return  # at import, which is no move
        if module not in self.visits:
            self.order.append(module)
        self.visits[module] += 1
        if back is not None and caller != module:
            self.moves += 1
            self.rooms += caller.split("/")[0] != module.split("/")[0]
            self.pairs[caller, module] += 1
            self.distinct.add((caller, back.f_code.co_qualname, module, frame.f_code.co_qualname))

    def _note_start(self, frame: FrameType) -> None:
        """Remember who starts a coroutine as a task: when it first runs, the event loop is below it."""
        coroutine = frame.f_locals.get("coro", frame.f_locals.get("coro_or_future"))
        if (first := getattr(coroutine, "cr_frame", None)) is not None:
            self._started_by.setdefault(first, frame.f_back)

    def _caller(self, frame: FrameType) -> tuple[FrameType | None, str]:
        """Return the function that a call came from and its module; no function where the event loop called."""
        back = self._started_by.pop(frame, frame.f_back)
        while back is not None and not (module := self._module(back)):
            if back.f_code.co_name == "<module>":
                return back, ""
            if back.f_code.co_filename in _EVENT_LOOP:
                return None, ""
            back = back.f_back
        return (back, module) if back is not None else (None, "")

    def _module(self, frame: FrameType) -> str:
        file = frame.f_code.co_filename
        if file not in self._names:
            inside = file.startswith(f"{PACKAGE}{os.sep}") and "configs" not in Path(file).parts
            self._names[file] = str(Path(file).relative_to(PACKAGE).with_suffix("")) if inside else ""
        # Bodies of modules and classes run once, at import; only functions have this flag.
        return self._names[file] if frame.f_code.co_flags & inspect.CO_OPTIMIZED else ""


def walked(work: Callable[[], object]) -> Walk:
    """Run something under the hook and return what it passed through."""
    walk = Walk()
    sys.setprofile(walk)
    try:
        work()
    finally:
        sys.setprofile(None)
    return walk


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--list", action="store_true", help="name the modules of each leg in the order of first visits")
    parser.add_argument("--pairs", action="store_true", help="count the moves between every two modules")
    options = parser.parse_args()
    logging.disable(logging.CRITICAL)
    legs, two, three = (_legs(samples) for samples in (1, 2, 3))
    further = {
        leg: {module for module, visits in walk.visits.items() if visits > two[leg].visits[module]}
        for leg, walk in three.items()
    }
    head = f"{'leg':<15}{'modules':>8}{'moves':>8}{'distinct':>10}{'between rooms':>15}"
    print(f"{head}   a further sample: {'modules':>8}{'moves':>8}")
    for leg, walk in legs.items():
        line = f"{leg:<15}{len(walk.visits):>8}{walk.moves:>8}{len(walk.distinct):>10}{walk.rooms:>15}"
        print(f"{line}{'':21}{len(further[leg]):>8}{three[leg].moves - two[leg].moves:>8}")
        if options.list:
            print("   " + " > ".join(walk.order))
    summed = [walk for leg, walk in legs.items() if leg != "summarize"]
    modules = {module for walk in legs.values() for module in walk.visits}
    moves, distinct, rooms = (
        sum(one) for one in zip(*((w.moves, len(w.distinct), w.rooms) for w in summed), strict=True)
    )
    entered = len({module for walk in summed for module in walk.visits})
    before_tables = [leg for leg in legs if leg != "summarize"]
    modules_further = len(set().union(*(further[leg] for leg in before_tables)))
    moves_further = sum(three[leg].moves - two[leg].moves for leg in before_tables)
    print(
        f"{'to the result':<15}{entered:>8}{moves:>8}{distinct:>10}{rooms:>15}"
        f"{'':21}{modules_further:>8}{moves_further:>8}"
    )
    print(f"{'in all':<15}{len(modules):>8}")
    size = {path: len(path.read_text("utf-8").splitlines()) for path in PACKAGE.rglob("*.py")}
    longest = max(size, key=lambda path: size[path])
    print(f"longest module: {longest.relative_to(PACKAGE)}, {size[longest]} lines")
    if options.pairs:
        pairs: Counter[tuple[str, str]] = sum((walk.pairs for walk in summed), Counter())
        for (caller, module), count in pairs.most_common():
            print(f"{count:>4}  {caller} > {module}")


def _legs(samples: int) -> dict[str, Walk]:
    """Walk through a run of so many samples, in a folder of its own."""
    with tempfile.TemporaryDirectory() as name, contextlib.chdir(name):
        sys.path[:0] = [name]
        Path("walk_model.py").write_text(MODEL)
        Path("walk.py").write_text(CONFIG)
        Path("data.jsonl").write_text('{"question": "What is 1 plus 1?", "answer": "2"}\n' * samples)
        return _walked_legs()


def _walked_legs() -> dict[str, Walk]:
    from judgebench.stages.task import main as run_task

    walks = {"config and plan": walked(_planned)}
    plan = max(Path().rglob("configs/*.json"), key=lambda path: path.stat().st_mtime)
    import msgspec

    tasks = msgspec.json.decode(plan.read_bytes())["tasks"]
    assert {task["stage"] for task in tasks} == {"infer", "judge", "extract", "summarize"}, "the run is not divided"
    for task in tasks:
        with contextlib.redirect_stderr(io.StringIO()):
            codes: list[int] = []
            walks[task["stage"]] = walked(lambda: codes.append(run_task([str(plan), task["id"]])))  # noqa: B023
            assert codes == [0], f"the task {task['id']} failed"
    return walks


def _planned() -> None:
    from datetime import datetime

    import msgspec

    from judgebench.cli.arguments import build_parser, to_request
    from judgebench.config.resolve import load_run
    from judgebench.plan.graph import build_graph
    from judgebench.session.prepare import make_plan
    from judgebench.store.runs import new_run

    request = to_request(build_parser().parse_all(["walk.py"]))
    config = load_run(request.selection)
    run = new_run(Path(request.work_dir), datetime.now().astimezone())
    graph = build_graph(config, request, run)
    plan = make_plan(config, request, graph, run, name="walk", stamp="walk", command=["jb", "walk.py"])
    (run.configs / "walk.json").write_bytes(msgspec.json.encode(plan))


if __name__ == "__main__":
    main()
