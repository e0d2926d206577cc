"""Every shipped judge asks the embedded model, through ``jb``; ``-s`` prints how much of it could be read.

The model is far too small to judge, and a base model follows no instruction. So each judge runs twice: with its own
prompts, where nearly nothing can be read and nothing may be guessed, and with prompts of worked examples, which the
model does continue by the parser. Both times every question must be asked and answered.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import judgebench
from judgebench.config.files import load_file
from judgebench.testing.faultservice import FaultService, prompt_text
from tests.e2e.harness import JB, run

pytestmark = [pytest.mark.local, pytest.mark.soak, pytest.mark.timeout(3600)]

FOLDER = Path(judgebench.__file__).parent / "configs/judges"
CONFIGS = [path.stem for path in sorted(FOLDER.glob("*.py")) if path.stem[0] != "_"]
JUDGES: dict[str, dict[str, Any]] = {name: load_file(FOLDER / f"{name}.py")["judges"][0] for name in CONFIGS}
PAIRS = [name for name, judge in JUDGES.items() if "compare_with" in judge and judge["compare_with"] != "all"]
POINTS = [name for name, judge in JUDGES.items() if not judge.keys() & {"compare_with", "baseline"}]
FACTS = [
    ("What is the capital of France?", "Paris", "Paris", "Lyon"),
    ("How many days has a week?", "7", "A week has 7 days.", "8"),
]
"""Question, reference, a right answer, a wrong one."""
REPLY = 32
"""Most tokens of a reply: enough for a verdict that comes at once, which is all that can be hoped for."""

DATASET = """
from judgebench.datasets import JsonlDataset
facts_datasets = [dict(abbr='facts', type=JsonlDataset, path='facts.jsonl', output_column='answer',
    input_columns=['question', 'context', 'rubric'],
    meta_columns=['criteria', 'drafts', 'turns', 'answers', 'answers_a', 'answers_b', 'steps', 'solutions'],
    prompt='{question}')]
"""

_VERDICTS = """\
Question: How many legs has a horse?
Answer: 4
VERDICT: A

Question: What is the capital of Italy?
Answer: Milan
VERDICT: B

Question: Who wrote Hamlet?
Answer: Shakespeare
VERDICT: A

"""
_IDENTITY = "Question: {question}\nAnswer: {answer}\n"
_CHOICES = """\
Question: How many legs has a horse?
A: 4
B: 5
VERDICT: A

Question: What is the capital of Italy?
A: Milan
B: Rome
VERDICT: B

"""
_BOTH = "Question: {question}\nA: {first}\nB: {second}\n"
_SCORES = """\
Question: How many legs has a horse?
Answer: 4
SCORE: 5

Question: What is the capital of Italy?
Answer: Milan
SCORE: 1

"""
_WORDS = """\
Question: How many legs has a horse?
Point: it must name the right number.

Question: What is the capital of Italy?
Point: it must name Rome.

Question: {question}
Point:"""
_CHECKED = """\
Verdict on an answer: VERDICT: A
VERDICT: {yes}

Verdict on an answer: VERDICT: B
VERDICT: {yes}

Verdict on an answer: {{explanation}}
"""
_BOXES = """\
Problem: two and two
Step 0: Take 2.
Step 1: Add 2.
Wrong: \\boxed{{-1}}

Problem: three and one
Step 0: Take 4.
Step 1: Add 1.
Wrong: \\boxed{{0}}

Problem: {question}
{steps}
Wrong:"""
_LISTS = """\
Problem: two and two
Step 0: Take 2.
Step 1: Add 2.
[{{"step": 0, "correct": true}}, {{"step": 1, "correct": true}}]

Problem: three and one
Step 0: Take 4.
Step 1: Add 1.
[{{"step": 0, "correct": false}}, {{"step": 1, "correct": true}}]

Problem: {question}
{steps}
"""
_POINTS = """\
Question: How many legs has a horse?
Answer: 4
Points: [2, 1]

Question: What is the capital of Italy?
Answer: Milan
Points: [0, 1]

"""
_TWO = """\
Question: How many legs has a horse?
A: 4
B: 5
9 2

Question: What is the capital of Italy?
A: Milan
B: Rome
1 8

"""
_TAGGED = _SCORES.replace("SCORE: 5", "<answer>5</answer>").replace("SCORE: 1", "<answer>1</answer>")
_LEVELS = _CHOICES.replace("VERDICT: A", "VERDICT: A>>B").replace("VERDICT: B", "VERDICT: B>>A")
_MANY = """\
Question: How many legs has a horse?
Answer 1: 4
Answer 2: 5
9 2

Question: What is the capital of Italy?
Answer 1: Milan
Answer 2: Rome
1 8

Question: {question}
{listed}
"""
_JSON = _VERDICTS.replace("VERDICT: A", '{{"verdict": "correct"}}').replace("VERDICT: B", '{{"verdict": "incorrect"}}')
_WORD = _VERDICTS.replace("VERDICT: A", "VERDICT: CORRECT").replace("VERDICT: B", "VERDICT: INCORRECT")
_REFER = {"type": "ReferenceVerifier", "prompt": _VERDICTS + _IDENTITY}
_SOLVE = {"type": "SolutionVerifier", "prompt": _VERDICTS + _IDENTITY}
_VOTE = {"type": "majority", "unread": "drop"}
_PAIR = {
    "type": "PairComparison",
    "prompt": _CHOICES + _BOTH,
    "aggregate": {"type": "both_or_tie", "unread": "unparsed"},
}
_RATED = {"type": "RubricScore", "low": 1, "high": 5, "prompt": _SCORES + _IDENTITY}
EXAMPLES: dict[str, dict[str, Any]] = {
    "correctness_letter": _REFER,
    "correctness_word": {**_REFER, "style": "word", "prompt": _WORD + _IDENTITY},
    "correctness_threeway": {**_REFER, "three_way": True},
    "correctness_json": {"type": "ReferenceVerifier", "style": "json", "prompt": _JSON + _IDENTITY},
    "direct": _SOLVE,
    "cascade_math": {
        "type": "Cascade", "rule": {"type": "MathEqual"}, "judge": _REFER, "settles": ["correct"], "ask_always": True,
    },
    "aspects_roscoe": {"type": "FiveAspects", "prompt": _SCORES + _IDENTITY},
    "score_reference": _RATED,
    "score_rubric": {**_RATED, "prompt": _SCORES + "{rubric}\n" + _IDENTITY},
    "score_tagged": {
        "type": "DeclaredJudge",
        "presentations": [{"prompt": _TAGGED + _IDENTITY}],
        "parser": {"type": "tagged", "low": 1, "high": 5},
        "aggregate": {"type": "first", "unread": "unparsed"},
    },
    "score_weighted": {**_RATED, "read": "weighted", "prompt": _SCORES + _IDENTITY + "SCORE: "},
    "score_criteria": {"type": "CriteriaPoints", "prompts": {"grade": _POINTS + _IDENTITY + "Points:"}},
    "score_precompared": {
        "type": "Prepared", "prepare": ["criteria"], "judge": _RATED, "prompts": {"criteria": _WORDS},
    },
    "repeat_vote": {"type": "Repeated", "times": 3, "judge": _REFER, "aggregate": _VOTE},
    "think_longer": {"type": "ThinkLonger", "judge": _SOLVE, "words": "Once more:"},
    "validators": {
        "type": "Compound",
        "rule": "unanimity",
        "judges": [_SOLVE, {"type": "Repeated", "times": 2, "judge": _REFER, "aggregate": _VOTE}],
    },
    "verified": {"type": "VerifiedJudge", "judge": _SOLVE, "check": _CHECKED.format(yes="HOLDS")},
    "bias_checked": {"type": "BiasChecked", "judge": _SOLVE, "detect": _CHECKED.format(yes="UNBIASED")},
    "gated_score": {
        "type": "Gated", "gates": [{"judge": _REFER, "passes": ["correct"], "score": 1}], "judge": _RATED, "offset": 1,
    },
    "debate": {"type": "Debate", "rounds": 2, "prompts": {"argue": _WORDS, "decide": _VERDICTS + _IDENTITY}},
    "consultancy": {
        "type": "Consultancy",
        "rounds": 2,
        "prompts": {"advise": _WORDS, "inquire": _WORDS, "decide": _VERDICTS + _IDENTITY},
    },
    "deliberation": {
        "type": "Deliberation",
        "aggregate": _VOTE,
        "prompts": {"opinion": "{profile}\n\n" + _VERDICTS + _IDENTITY},
    },
    "choose_solution": {
        "type": "PessimisticChoice",
        "judge": _SOLVE,
        "extractor": {"type": "LastNumber"},
        "same": {"type": "NumberEqual"},
        "times": 2,
    },
    "conversation_score": {"type": "ConversationScore", "judge": {"prompt": _SCORES + _IDENTITY, "high": 5}},
    "conversation_pair": {"type": "ConversationComparison", "judge": {"prompt": _CHOICES + _BOTH}},
    "steps_first_wrong": {"type": "FirstWrongStep", "prompts": {"check": _BOXES}},
    "list_scores": {"type": "ManyScores", "answers": "solutions", "prompts": {"score": _MANY}},
    "short_answers": JUDGES["short_answers"]["method"],
    "panel_majority": JUDGES["panel_majority"]["method"],
    "panel_scores": JUDGES["panel_scores"]["method"],
    "steps_list": {"type": "EveryStep", "prompts": {"check": _LISTS}},
    "pair_compare": _PAIR,
    "pair_levels": {**_PAIR, "levels": 5, "prompt": _LEVELS + _BOTH},
    "pair_contextual": {
        "type": "ContextualComparison",
        "prompt": _CHOICES + "{context}\n" + _BOTH,
        "aggregate": {"type": "both_or_tie", "unread": "unparsed"},
    },
    "pair_scores": {
        "type": "TwoScores", "prompt": _TWO + _BOTH, "aggregate": {"type": "mean_score", "unread": "unparsed"},
    },
    "pair_swap_resolved": {
        "type": "SwapResolved",
        "pair": {"prompt": _CHOICES + _BOTH},
        "prompts": {"resolve": _CHOICES + _BOTH},
    },
    "pair_prepared": {
        "type": "Prepared", "prepare": ["metrics", "reference"], "judge": _PAIR,
        "prompts": {"metrics": _WORDS, "reference": _WORDS},
    },
    "pair_debate": {
        "type": "Debate", "about": "pair", "rounds": 1, "prompts": {"argue": _WORDS, "decide": _CHOICES + _BOTH},
    },
}  # fmt: skip
"""Every shipped judge with prompts of worked examples in place of its own; the round robin has those of
``pair_compare``."""
MEMBERS = {"panel_majority": ["judge", "judge-word", "direct"], "panel_scores": ["score", "rubric", "conversation"]}


def rows() -> list[dict[str, Any]]:
    """The items, with every column that some judge needs."""
    return [
        {
            "question": question,
            "answer": reference,
            "context": f"{question} {right}",
            "rubric": "It must be true and short.",
            "criteria": [{"criterion": "It is true.", "points": 2}, "It is short."],
            "drafts": [right, wrong],
            "steps": ["The question is clear.", f"So the answer is {wrong}."],
            "turns": ["Hello!", question],
            "answers": ["Hello.", right],
            "solutions": [f"It is {number}." for number in (7, 8)],
            "answers_a": ["Hello.", right],
            "answers_b": ["Hello.", wrong],
        }
        for question, reference, right, wrong in FACTS
    ]


def answering(place: int) -> Any:
    """A tested model that gives the right answers (2) or the wrong ones (3)."""
    known = {fact[0]: str(fact[place]) for fact in FACTS}
    return lambda body: known.get(prompt_text(body), "?")


def judged(
    folder: Path, service: str, judges: dict[str, dict[str, Any]], models: list[str], stop: list[str]
) -> dict[str, dict[str, Any]]:
    """Run judges of the embedded model over the facts, and return their counts by name."""
    model = {
        "type": "VLLMCustomAPI",  # a base model continues text
        "url": service,
        "model": "gemma-3-270m-q4_k_m",
        "max_out_len": REPLY,
        "batch_size": 2,
        "generation_kwargs": {"temperature": 0.0, "seed": 0, **({"stop": stop} if stop else {})},
    }
    for name in MEMBERS.keys() & judges.keys():
        judges[name] = {**judges[name], "members": MEMBERS[name]}
    asking = [{**judge, "judge_model": model} if "judge_model" in judge else judge for judge in judges.values()]
    (folder / "configs/judges/all.py").write_text(f"judges = {asking!r}\n")
    command = [*JB, "--models", *models, "--datasets", "facts", "--judges", "all", "--no-preflight"]
    done = run(command, folder, timeout=3000)
    assert done.code == 0, done.text
    again = run([*command, "--reuse", "--mode", "eval"], folder, timeout=600)
    assert again.code == 0, again.text
    (of_run,) = (folder / "outputs/default").glob("2*")
    found = {}
    for name, judge in judges.items():
        result = json.loads((of_run / f"results/right/facts-{judge['abbr']}.json").read_text())
        calls = of_run / f"predictions/right/facts-{judge['abbr']}.jsonl"
        lines = calls.read_text("utf-8").splitlines() if calls.exists() else []
        failed = sum('"success":false' in line for line in lines)
        found[name] = {**result["counts"], "calls": len(lines), "failed": failed}
    return found


@pytest.fixture
def facts(tmp_path: Path) -> Path:
    """A folder with the dataset's config and rows."""
    for kind in ("models", "datasets", "judges"):
        (tmp_path / "configs" / kind).mkdir(parents=True)
    (tmp_path / "facts.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows()))
    (tmp_path / "configs/datasets/facts.py").write_text(DATASET)
    return tmp_path


def check_all(service: str, folder: Path, judges: dict[str, dict[str, Any]], *, stop: list[str]) -> dict[str, float]:
    """Run judges and return the share of the verdicts that could be read, by name."""
    pairs = any("compare_with" in judge for judge in judges.values())
    with FaultService(answering(2), model="m") as right, FaultService(answering(3), model="m") as wrong:
        for name, one in (("right", right), ("wrong", wrong)):
            (folder / f"configs/models/{name}.py").write_text(
                "from judgebench.models import VLLMCustomAPIChat\n"
                f"models = [dict(type=VLLMCustomAPIChat, abbr={name!r}, model='m', url={one.url!r})]\n"
            )
        found = judged(folder, service, judges, ["wrong", "right"] if pairs else ["right"], stop)
    shares = {name: counts["ok"] / counts["planned"] for name, counts in found.items()}
    for name, counts in found.items():
        print(f"{name}: {counts['calls']} calls for {counts['planned']} items, {shares[name]:.0%} read")
        assert counts["planned"] == len(FACTS), name
        assert counts["ok"] + counts["unparsed"] == len(FACTS), (name, counts)
        assert counts["failed"] == 0, name
        assert (counts["calls"] > 0) == ("judge_model" in judges[name]), name
    return shares


@pytest.mark.parametrize("names", [POINTS, PAIRS], ids=["answers", "pairs"])
def test_every_shipped_judge_goes_all_its_way_on_real_replies(service: str, facts: Path, names: list[str]) -> None:
    judges = {name: dict(JUDGES[name]) for name in names}
    # A rule settles what it finds equal, so that one judge has nothing to ask here.
    if "cascade_math" in judges:
        judges["cascade_math"]["method"] = {**judges["cascade_math"]["method"], "ask_always": True}
    check_all(service, facts, judges, stop=[])


@pytest.mark.parametrize("pairs", [False, True], ids=["answers", "pairs"])
def test_by_worked_examples_the_model_follows_the_parser_of_every_method(
    service: str, facts: Path, pairs: bool
) -> None:
    assert EXAMPLES.keys() == {*POINTS, *PAIRS}
    named = {name: method for name, method in EXAMPLES.items() if (name in PAIRS) == pairs}
    judges = {name: {**JUDGES[name], "method": method} for name, method in named.items()}
    shares = check_all(service, facts, judges, stop=["\n\n"])  # where the next example would begin
    assert min(shares.values()) > 0, shares
