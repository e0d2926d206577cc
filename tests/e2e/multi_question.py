"""Every method that asks several questions, as configs; a service that lets just so many replies through; the account.

The judge of these tests draws its replies from what it is asked, so that an undisturbed run is always the same, and the
paths through a method (contradictions, failed checks, biases found) are taken by some items and not by others.
"""

from __future__ import annotations

import asyncio
import json
import random
import re
import threading
from collections import Counter, defaultdict
from typing import Any, NamedTuple

from aiohttp import web

from judgebench.testing.faultservice import Answer, Fault, Seen
from judgebench.testing.faultservice.faults import Call, json_reply
from judgebench.testing.faultservice.replies import whole
from tests.e2e.harness import Bench
from tests.e2e.loopback_judge import DrawnJudge

ITEMS = 4
IN_FLIGHT = 12
"""Requests of a judge in flight: enough for all items, so that a held one holds up no other."""

_SOLVE: dict[str, Any] = {"type": "SolutionVerifier"}
_REFER: dict[str, Any] = {"type": "ReferenceVerifier"}
_PAIR: dict[str, Any] = {"type": "PairComparison", "aggregate": {"type": "both_or_tie", "unread": "unparsed"}}
_VOTE: dict[str, Any] = {"type": "majority", "unread": "drop"}
POINTS: dict[str, dict[str, Any]] = {
    "debate": {"type": "Debate", "rounds": 2, "show_reference": True},
    "consultancy": {"type": "Consultancy", "rounds": 3},
    "deliberation": {"type": "Deliberation", "rounds": 3, "aggregate": _VOTE},
    "own-reference": {"type": "Prepared", "prepare": ["reference"], "judge": _REFER},
    "own-metrics": {
        "type": "Prepared",
        "prepare": ["metrics", "reference"],
        "judge": {"type": "RubricScore", "criteria": "{metrics}", "with_reference": True},
    },
    "precompared": {
        "type": "Prepared",
        "prepare": ["criteria"],
        "judge": {"type": "RubricScore", "low": 1, "high": 100, "criteria": "{criteria}"},
    },
    "votes": {"type": "Repeated", "times": 3, "judge": _REFER, "aggregate": _VOTE},
    "repeats": {**_REFER, "repeats": 3, "aggregate": _VOTE},
    "longer": {"type": "ThinkLonger", "times": 2, "judge": _SOLVE},
    "sequence": {
        "type": "Compound",
        "rule": "sequence",
        "judges": [{**_SOLVE}, {"type": "Repeated", "times": 3, "judge": _REFER, "aggregate": _VOTE}],
    },
    "unanimity": {"type": "Compound", "rule": "unanimity", "judges": [_SOLVE, _REFER, {**_REFER, "style": "word"}]},
    "voted-checks": {"type": "Compound", "rule": "vote", "judges": [_SOLVE, _REFER, _SOLVE]},
    "unbiased": {"type": "BiasChecked", "rounds": 3, "judge": _SOLVE},
    "verified": {"type": "VerifiedJudge", "tries": 3, "judge": _SOLVE},
    "verified-votes": {
        "type": "Repeated",
        "times": 3,
        "judge": {"type": "VerifiedJudge", "tries": 2, "judge": _SOLVE},
        "aggregate": _VOTE,
    },
    "choice": {
        "type": "PessimisticChoice",
        "times": 3,
        "judge": _SOLVE,
        "extractor": {"type": "LastNumber"},
        "same": {"type": "NumberEqual"},
    },
    "gated": {
        "type": "Gated",
        "gates": [
            {"judge": _REFER, "passes": ["correct"], "score": 1},
            {"judge": _SOLVE, "passes": ["correct"], "score": 2},
        ],
        "judge": {"type": "RubricScore", "low": 1, "high": 5},
        "offset": 2,
    },
    "points": {
        "type": "Repeated",
        "times": 3,
        "judge": {"type": "CriteriaPoints"},
        "aggregate": {"type": "mean_score", "unread": "drop"},
    },
    "cascade": {
        "type": "Cascade",
        "rule": {"type": "NumberEqual"},
        "judge": {"type": "Debate", "rounds": 1},
        "settles": ["correct"],
        "ask_always": True,
    },
    "many-scores": {"type": "ManyScores", "answers": "drafts"},
    "first-wrong": {"type": "FirstWrongStep", "times": 4},
    "conversations": {"type": "ConversationComparison"},
}
"""Methods that look at one answer, or at what the item brings along."""
PAIRS: dict[str, dict[str, Any]] = {
    "pair": _PAIR,
    "resolved": {"type": "SwapResolved"},
    "resolved-votes": {"type": "Repeated", "times": 2, "judge": {"type": "SwapResolved"}, "aggregate": _VOTE},
    "scores": {"type": "TwoScores", "aggregate": {"type": "mean_score", "unread": "unparsed"}},
    "contextual": {"type": "ContextualComparison", "aggregate": {"type": "both_or_tie", "unread": "unparsed"}},
    "prepared": {
        "type": "Prepared",
        "prepare": ["metrics", "reference"],
        "judge": {**_PAIR, "criteria": "{metrics}", "with_reference": True},
    },
    "pair-debate": {"type": "Debate", "about": "pair", "rounds": 2},
    "pair-consultancy": {"type": "Consultancy", "about": "pair", "rounds": 2},
    "pair-longer": {"type": "ThinkLonger", "times": 1, "judge": _PAIR},
    "pair-unbiased": {"type": "BiasChecked", "rounds": 2, "judge": _PAIR},
    "pair-verified": {"type": "VerifiedJudge", "tries": 2, "judge": _PAIR},
}
"""Methods that compare the answers of two models."""
PANEL = {
    "abbr": "panel",
    "members": ["votes", "repeats", "longer"],
    "method": {"type": "Panel", "aggregate": {"type": "majority", "unread": "drop"}, "quorum": 2},
}
"""Asks nothing itself, so it is not among the methods that are killed; its verdicts rest on theirs."""

_DATASET = """
from judgebench.datasets import JsonlDataset
toy_datasets = [dict(abbr='toy', type=JsonlDataset, path='rich.jsonl', output_column='answer', id_column='name',
    input_columns=['question', 'context'],
    meta_columns=['criteria', 'drafts', 'turns', 'steps', 'answers_a', 'answers_b'], prompt='{question}')]
"""
_BENCHMARK = """
from judgebench.datasets import JudgeSamples
from judgebench.metrics.scores.pair_score import PairScore
toy_datasets = [dict(abbr='toy', type=JudgeSamples, path='pairs.jsonl', input_columns=['input'], key='q-{{row}}',
    answer_columns=['one', 'other'], gold_column='label', gold_labels={{'1': 'A', '2': 'B'}}, method={method!r},
    score=dict(type=PairScore))]
"""
_JUDGES = """
from judgebench.models import VLLMCustomAPIChat
judges = [
    {{**one, 'judge_model': dict(type=VLLMCustomAPIChat, model=one['abbr'], url={url!r}, batch_size={batch}, retry=0)}}
    if 'members' not in one else one
    for one in {judges!r}
]
"""


def said(i: int, wrong: bool = False) -> str:
    """What a toy model says about question ``i``."""
    return f"I think it is {2 * i + wrong} (of twice {i})"


def write_judges(bench: Bench, methods: dict[str, dict[str, Any]], **keys: Any) -> None:
    """Write the dataset and the judges, each of which asks for a model of its own name, so that calls tell them apart.

    Args:
        bench: Where.
        methods: By abbr.
        **keys: Further keys of every judge.
    """
    rows = [
        {
            "name": f"q-{i}",
            "question": f"What is twice {i}?",
            "answer": str(2 * i),
            "context": f"Twice {i} is {2 * i}.",
            "criteria": [{"criterion": "It is right.", "points": 2}, "It is short."],
            "drafts": [said(i), said(i, wrong=True)],
            "turns": ["Think of a number.", f"What is twice {i}?"],
            "steps": [f"Take {i}.", f"Add {i}.", f"That is {2 * i}."],
            "answers_a": ["I do.", said(i)],
            "answers_b": ["I do.", said(i, wrong=True)],
        }
        for i in range(ITEMS)
    ]
    (bench.folder / "rich.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    (bench.folder / "configs/datasets/rich.py").write_text(_DATASET)
    judges: list[dict[str, Any]] = [{"abbr": abbr, "method": method, **keys} for abbr, method in methods.items()]
    if set(PANEL["members"]) <= set(methods):
        judges.append(PANEL)
    text = _JUDGES.format(url=bench.judge.url, batch=IN_FLIGHT, judges=judges)
    (bench.folder / "configs/judges/several.py").write_text(text)


def write_benchmark(bench: Bench, judge: str, method: dict[str, Any]) -> None:
    """Write a benchmark of judges whose tested model is the judge, under its own name."""
    rows = [
        {"input": f"What is twice {i}?", "one": said(i), "other": said(i, wrong=True), "label": "1"}
        for i in range(ITEMS)
    ]
    (bench.folder / "pairs.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    text = _BENCHMARK.format(method={**method, "judge": {**method["judge"], "question": "{input}"}})
    (bench.folder / "configs/datasets/rich.py").write_text(text)
    path = bench.folder / "configs/models/toy_model.py"
    model = {"type": "VLLMCustomAPIChat", "abbr": "toy-model", "model": judge, "url": bench.judge.url, "retry": 0}
    path.write_text(f"models = [{ ({**model, 'batch_size': IN_FLIGHT})!r}]\n")


class Question(NamedTuple):
    """The identity of a question: who is asked, and everything that is sent."""

    judge: str
    item: int
    asked: str


def question(judge: str, messages: Any) -> Question:
    """Return the identity of a question; the how-manieth of equal ones it is, a ``Counter`` of them says."""
    text = json.dumps(messages, sort_keys=True)
    found = re.search(r"twice (\d+)", text)
    assert found, text
    return Question(judge, int(found[1]), text)


def asked(bench: Bench) -> Counter[Question]:
    """Return how often each question came in at the judge's service."""
    return Counter(question(one.body["model"], one.body["messages"]) for one in bench.judge.requests)


def recorded(bench: Bench, *, tested: str = "") -> Counter[Question]:
    """Return how many replies to each question are on disk, in whole lines.

    Args:
        bench: Where.
        tested: The judge, where it is the tested model of a benchmark of judges, whose file bears no judge's name.
    """
    found: Counter[Question] = Counter()
    files = "toy.jsonl" if tested else "toy-*.jsonl"
    for path in (bench.folder / "outputs/default").glob(f"2*/predictions/toy-model/{files}"):
        for line in path.read_text("utf-8").splitlines(keepends=True):
            if line.endswith("\n") and '"success":true' in line:
                asked_for = json.loads(line)["origin_prompt"]
                found[question(tested or path.stem.removeprefix("toy-"), asked_for)] += 1
    return found


def by_item(questions: Counter[Question]) -> dict[tuple[str, int], int]:
    """Return the number of questions by judge and item."""
    counts: dict[tuple[str, int], int] = defaultdict(int)
    for one, count in questions.items():
        counts[one.judge, one.item] += count
    return dict(counts)


def verdicts(bench: Bench, *, bare: bool) -> dict[str, list[tuple[int, Any]]]:
    """Return every row's verdicts; ``bare`` without what they say of how they came about."""
    found = {}
    for path in (bench.run / "results/toy-model").glob("*.json"):
        details = json.loads(path.read_text())["details"]
        found[path.stem] = [(one["id"], _bare(one["verdict"]) if bare else one["verdict"]) for one in details]
    return found


def _bare(verdict: dict[str, Any]) -> list[Any]:
    return [verdict["status"], verdict.get("decision"), verdict.get("score")]


class Gate:
    """Lets a given number of replies through, by judge and item, and holds the others until it is opened.

    Args:
        judge: Whose replies they are; it takes back those that are held.
        budgets: Replies to let through; judges and items that are not named are not held up.
    """

    def __init__(self, judge: DrawnJudge, budgets: dict[tuple[str, int], int]) -> None:
        self._judge = judge
        self._left = dict(budgets)
        self._open = threading.Event()
        self._lost = False
        self.let_through: Counter[Question] = Counter()
        self.held: Counter[Question] = Counter()

    def __call__(self, seen: Seen) -> Fault | None:
        """Say what becomes of a request: nothing out of the ordinary, or a wait."""
        one = question(seen.body["model"], seen.body["messages"])
        left = self._left.get((one.judge, one.item))
        if self._open.is_set() or left is None or left > 0:
            if left is not None:
                self._left[one.judge, one.item] = left - 1
            self.let_through[one] += 1
            return None
        self.held[one] += 1
        return self._hold

    def open(self, *, to_the_dead: bool) -> None:
        """Let everything through; what is held is no reply any more where those who asked are dead."""
        self._lost = to_the_dead
        self._open.set()

    async def _hold(self, call: Call) -> web.StreamResponse:
        self._judge.unsay(call.body)
        while not self._open.is_set():  # noqa: ASYNC110 - it is set by another thread
            await asyncio.sleep(0.01)
        if self._lost:
            return json_reply({}, status=500)
        return json_reply(whole(call.body, Answer(self._judge(call.body)), call.model))

    @property
    def spent(self) -> bool:
        """Whether every judge and item has had what was meant to come through."""
        return not self.left

    @property
    def left(self) -> dict[tuple[str, int], int]:
        """What is still to come through, by judge and item."""
        return {place: left for place, left in self._left.items() if left > 0}


def drawn_budgets(needed: dict[tuple[str, int], int], dice: random.Random) -> dict[tuple[str, int], int]:
    """Return budgets such that every judge is stopped in the middle of at least one item.

    Args:
        needed: Questions by judge and item.
        dice: Draws them.
    """
    budgets = {}
    for judge in sorted({judge for judge, _ in needed}):
        items = [item for name, item in sorted(needed) if name == judge and needed[name, item] > 1]
        middle = dice.choice(items)
        for item in range(ITEMS):
            most = needed.get((judge, item), 0)
            budgets[judge, item] = dice.randint(1, most - 1) if item == middle else dice.randint(0, most)
    return budgets
