"""Methods that read log-probabilities are refused at the first reply of a service that gives none, and only then."""

from __future__ import annotations

from typing import Any

import pytest

from judgebench.testing.faultservice import Answer
from tests.e2e.harness import Bench
from tests.e2e.loopback_judge import loopback_judge

WEIGHTED: dict[str, Any] = {"type": "RubricScore", "low": 1, "high": 5, "read": "weighted"}
DECISIONS = {"type": "logprob_of_decision", "decisions": {"correct": ["5", " 5"], "incorrect": ["1", " 1"]}}
IDENTITY = {"logprobs": True, "top_logprobs": 20, "max_tokens": 1}
FIRST = {"type": "first", "unread": "unparsed"}
PRESENTATION = {"prompt": "Is it right? {fence}\n{answer}\n{fence}\nReply with 5 or 1."}
READERS: dict[str, dict[str, Any]] = {
    "weighted": WEIGHTED,
    "decisions": {
        "type": "DeclaredJudge",
        "presentations": [PRESENTATION],
        "parser": DECISIONS,
        "aggregate": FIRST,
        "params": IDENTITY,
    },
    "repeated": {
        "type": "Repeated",
        "times": 2,
        "judge": WEIGHTED,
        "aggregate": {"type": "mean_score", "unread": "drop"},
    },
    "verifier": {"type": "SolutionVerifier", "parser": DECISIONS, "params": IDENTITY},
    "conversation": {"type": "ConversationScore", "judge": {"read": "weighted", "high": 5}},
    "prepared": {"type": "Prepared", "prepare": ["metrics"], "judge": {**WEIGHTED, "criteria": "{metrics}"}},
    "cascade": {"type": "Cascade", "rule": {"type": "NumberEqual"}, "judge": WEIGHTED, "settles": ["correct"]},
    "gated": {
        "type": "Gated",
        "gates": [{"judge": {"type": "ReferenceVerifier"}, "passes": ["correct"], "score": 0}],
        "judge": WEIGHTED,
    },
    "either": {
        "type": "DeclaredJudge",
        "presentations": [{**PRESENTATION, "params": IDENTITY}],
        "parser": {"type": "first_readable", "parsers": [DECISIONS, DECISIONS]},
        "aggregate": FIRST,
    },
}
"""Every way in which a method comes to read log-probabilities: of its own, by its parser, or by a judge inside it."""
DATASET = """
from judgebench.datasets import JsonlDataset
toy_datasets = [dict(abbr='toy', type=JsonlDataset, path='talks.jsonl', input_columns=['question'],
    meta_columns=['turns', 'answers'], output_column='answer', prompt='{question}')]
"""


@pytest.fixture
def readers(bench: Bench) -> Bench:
    row = '{{"question": "What is twice {0}?", "answer": "{1}", "turns": ["What is twice {0}?"], "answers": ["{1}"]}}\n'
    (bench.folder / "talks.jsonl").write_text("".join(row.format(i, 2 * i) for i in (5, 0, 1)))  # 5 is answered wrongly
    (bench.folder / "configs/datasets/talks.py").write_text(DATASET)
    service = {"type": "VLLMCustomAPIChat", "model": "j", "url": bench.judge.url, "batch_size": 1, "retry": 0}
    judges = [{"abbr": abbr, "judge_model": service, "method": method} for abbr, method in READERS.items()]
    (bench.folder / "configs/judges/readers.py").write_text(
        f"from judgebench.models import VLLMCustomAPIChat\njudges = {judges!r}\n"
    )
    return bench


def test_each_is_refused_where_the_service_gives_none(readers: Bench) -> None:
    def silent(body: dict[str, Any]) -> str:
        said = loopback_judge(body)
        return said.text if isinstance(said, Answer) else said

    readers.judge.answer = silent
    done = readers.jb("--judges", "readers", "--no-preflight", "--max-num-workers", "8", dataset="talks")
    assert done.code == 3, done.text
    for abbr in READERS:
        assert f"The judge of toy-model/toy-{abbr} reads log-probabilities, but its service gives none." in done.text
    assert "read='number'" in done.text
    asked = sum(bool(one.body.get("logprobs")) for one in readers.judge.requests)
    assert len(READERS) <= asked <= 2 * len(READERS)  # the next one may be under way; repeated asks its two votes


def test_none_is_refused_where_it_gives_them_when_asked(readers: Bench) -> None:
    """A gate asks for a letter, without log-probs: that says nothing about the service."""
    readers.judge.answer = loopback_judge
    done = readers.jb("--judges", "readers", "--max-num-workers", "8", dataset="talks")
    assert done.code == 0, done.text
    for abbr in READERS:
        assert readers.result(f"toy-{abbr}")["counts"]["ok"] == 3, abbr
