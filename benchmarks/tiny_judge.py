"""How well the embedded 270M base model judges answers, by the prompt it is asked with.

    python benchmarks/tiny_judge.py search               every variant on the selection half
    python benchmarks/tiny_judge.py search --only shots  only the variants whose name holds "shots"
    python benchmarks/tiny_judge.py shipped              the judge of demo_facts_llmjudge on the held-out half

The pairs (``benchmarks/data/tiny_judge_pairs.jsonl``) are a question, its gold answer, a candidate, and whether the
candidate says the same; no question of them is in the demo set or among the shots. All pairs of a question are in one
half. Prompts are chosen on the selection half, and its thresholds too; the held-out half is asked once, at the end,
with the judge exactly as it is shipped. ``--json FILE`` writes every number and every pair's score.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import dataclasses
import itertools
import json
import os
import random
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import httpx2
import msgspec
from tabulate import tabulate

REPOSITORY = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(REPOSITORY))

from judgebench.judges.core.contract import Case  # noqa: E402
from judgebench.judges.parsers.logprob_of_decision import LogprobOfDecision  # noqa: E402
from judgebench.models.llama_cpp import LlamaCppServer  # noqa: E402
from judgebench.models.openai_replies import read_whole  # noqa: E402
from judgebench.plugins import load  # noqa: E402
from judgebench.records.flow import Prompt, Reply, Request  # noqa: E402

PAIRS = REPOSITORY / "benchmarks" / "data" / "tiny_judge_pairs.jsonl"
JUDGE_CONFIG = "demo_facts_llmjudge"
MODEL_CONFIG = REPOSITORY / "judgebench" / "configs" / "models" / "local" / "gemma3_270m.py"
TOP = 50
RESAMPLES = 4000


class Pair(msgspec.Struct, frozen=True):
    """One candidate answer and whether it says the same as the gold answer."""

    id: int
    half: str
    kind: str
    question: str
    gold: str
    candidate: str
    equal: bool


@dataclasses.dataclass(frozen=True)
class Shot:
    """A worked example."""

    question: str
    gold: str
    candidate: str
    equal: bool


SHOTS = [
    Shot("Which planet do we live on?", "Earth", "the Earth", True),
    Shot("Who wrote The Odyssey?", "Homer", "Virgil", False),
    Shot("How many wheels does a tricycle have?", "3", "three", True),
    Shot("What is the capital of Norway?", "Oslo", "Stockholm", False),
    Shot("How long is a metre?", "100 cm", "100 centimetres", True),
    Shot("When did the First World War begin?", "1914", "1939", False),
    Shot("Who painted Sunflowers?", "Vincent van Gogh", "Van Gogh", True),
    Shot("Which sea is the saltiest?", "Dead Sea", "Black Sea", False),
    Shot("What is the capital of the Netherlands?", "Amsterdam", "It is Amsterdam.", True),
    Shot("What is 3 times 3?", "9", "6", False),
    Shot("Which metal are many pipes made of?", "copper", "COPPER", True),
    Shot("Which animal barks?", "dog", "cat", False),
    Shot("What is the chemical name of water?", "H2O", "dihydrogen oxide", True),
    Shot("Who sang Thriller?", "Michael Jackson", "Michael Jordan", False),
    Shot("Which city is called the Big Apple?", "New York", "New York City", True),
    Shot("Which city has the Colosseum?", "Rome", "Milan", False),
]

LAYOUTS = {
    "quoted": ('"{gold}" and "{candidate}":', "\n"),
    "quoted+question": ('Question: {question}\n"{gold}" and "{candidate}":', "\n\n"),
    "table": ("{gold} | {candidate} |", "\n"),
    "two answers": ("Answer 1: {gold}\nAnswer 2: {candidate}\nSame answer:", "\n\n"),
    "two answers+question": ("Question: {question}\nAnswer 1: {gold}\nAnswer 2: {candidate}\nSame answer:", "\n\n"),
    "are the same": ("Correct answer: {gold}\nGiven answer: {candidate}\nThe two answers are the same:", "\n\n"),
    "given": ("Correct answer: {gold}\nGiven answer: {candidate}\nCorrect:", "\n\n"),
    "given+question": ("Question: {question}\nCorrect answer: {gold}\nGiven answer: {candidate}\nCorrect:", "\n\n"),
    "student": ("Correct answer: {gold}\nStudent answer: {candidate}\nCorrect:", "\n\n"),
    "student, one line": ("Correct answer: {gold} Student answer: {candidate} Correct:", "\n"),
    "grade": ("Key: {gold}\nStudent: {candidate}\nGrade:", "\n\n"),
    "asked": ('Q: Are "{gold}" and "{candidate}" the same thing?\nA:', "\n\n"),
}


@dataclasses.dataclass(frozen=True)
class Variant:
    """One way to ask.

    Attributes:
        name: Row of the table.
        prompt: Completion text with ``{question}``, ``{gold}`` and ``{candidate}``.
        decisions: First tokens that stand for "equal" and "different".
        both_orders: Ask with gold and candidate swapped too, and average the two probabilities.
    """

    name: str
    prompt: str
    decisions: tuple[str, str]
    both_orders: bool = False


def variant(layout: str, words: str, shots: Sequence[Shot], *, name: str = "", both_orders: bool = False) -> Variant:
    """Return the variant that asks by ``layout`` with the words ``equal/different`` after the shots."""
    template, gap = LAYOUTS[layout]
    equal, different = words.split("/")
    solved = "".join(
        f"{fill(template, shot.question, shot.gold, shot.candidate)} {equal if shot.equal else different}{gap}"
        for shot in shots
    )
    return Variant(name or f"{layout}: {words}", solved + template, (f" {equal}", f" {different}"), both_orders)


def fill(template: str, question: str, gold: str, candidate: str) -> str:
    """Return the template with its three fields filled in, in one pass."""
    fields = {"question": question, "gold": gold, "candidate": candidate}
    head, *rest = template.split("{")
    return head + "".join(fields[part.partition("}")[0]] + part.partition("}")[2] for part in rest)


def ordered(count: int, order: str) -> list[Shot]:
    """Return ``count`` shots, half of them equal: ``alternating``, or shuffled by a seed (``mixed 1``, ...)."""
    equal = [shot for shot in SHOTS if shot.equal][: count // 2]
    different = [shot for shot in SHOTS if not shot.equal][: count // 2]
    if order == "alternating":
        return [shot for two in zip(equal, different, strict=True) for shot in two]
    shots = equal + different
    random.Random(int(order.split()[1])).shuffle(shots)
    return shots


def variants() -> list[Variant]:
    """Return everything that is tried: number and order of the shots, both orders of the answers, wordings."""
    found = []
    for layout, count in (("student", 16), ("student", 12), ("student", 8), ("student", 4), ("given", 16)):
        for order in ("mixed 1", "alternating"):
            name = f"shots: {layout}, {count} {order}"
            found.append(variant(layout, "yes/no", ordered(count, order), name=name))
    found.append(variant("student", "yes/no", ordered(16, "mixed 1"), name="orders: student, both", both_orders=True))
    words = {
        "given": ["yes/no", "true/false"],
        "student, one line": ["yes/no"],
        "two answers": ["yes/no"],
        "two answers+question": ["yes/no"],
        "are the same": ["yes/no"],
        "given+question": ["yes/no"],
        "quoted": ["match/mismatch", "same/different", "yes/no"],
        "quoted+question": ["match/mismatch"],
        "table": ["match/mismatch"],
        "grade": ["correct/incorrect"],
        "asked": ["Yes/No"],
    }
    twelve = ordered(12, "mixed 1")
    return found + [variant(layout, pair, twelve) for layout, pairs in words.items() for pair in pairs]


@dataclasses.dataclass
class Outcome:
    """What one variant gave on one half."""

    variant: Variant
    pairs: list[Pair]
    scores: list[float | None]
    seconds: float
    threshold: float = 0.5

    def scored(self) -> list[tuple[Pair, float]]:
        """Return the pairs that could be read."""
        return [(pair, score) for pair, score in zip(self.pairs, self.scores, strict=True) if score is not None]

    def accuracy(self) -> float:
        """Return the share of read pairs on the right side of the threshold."""
        scored = self.scored()
        return sum((score >= self.threshold) == pair.equal for pair, score in scored) / len(scored)

    def row(self) -> dict[str, Any]:
        """Return the figures of the table."""
        scored = self.scored()
        return {
            "variant": self.variant.name,
            "pairs": len(self.pairs),
            "AUC": area(scored),
            "threshold": self.threshold,
            "accuracy": self.accuracy(),
            "unparsed %": 100 * (1 - len(scored) / len(self.pairs)),
            "s per pair": self.seconds / len(self.pairs),
        }


def area(scored: Sequence[tuple[Pair, float]]) -> float:
    """Return the area under the ROC curve: how often an equal pair scores above a different one (ties count half)."""
    equal = [score for pair, score in scored if pair.equal]
    different = [score for pair, score in scored if not pair.equal]
    if not equal or not different:
        return float("nan")
    wins = sum((high > low) + 0.5 * (high == low) for high in equal for low in different)
    return wins / (len(equal) * len(different))


def best_threshold(scored: Sequence[tuple[Pair, float]]) -> float:
    """Return the threshold with the most right pairs; in the middle of the widest gap where several have as many."""
    scores = sorted({score for _, score in scored})
    middles = [(low + high) / 2 for low, high in itertools.pairwise(scores)] or [0.5]
    right = {at: sum((score >= at) == pair.equal for pair, score in scored) for at in middles}
    best = [at for at in middles if right[at] == max(right.values())]
    return best[len(best) // 2]


def interval(scored: Sequence[tuple[Pair, float]], threshold: float) -> dict[str, tuple[float, float]]:
    """Return 95% percentile intervals of AUC and accuracy over resampled questions, whose pairs stay together."""
    groups: dict[str, list[tuple[Pair, float]]] = {}
    for pair, score in scored:
        groups.setdefault(pair.question, []).append((pair, score))
    draws = random.Random(0)
    areas, shares = [], []
    for _ in range(RESAMPLES):
        sample = [one for group in draws.choices(list(groups.values()), k=len(groups)) for one in group]
        areas.append(area(sample))
        shares.append(sum((score >= threshold) == pair.equal for pair, score in sample) / len(sample))
    ends = (int(0.025 * RESAMPLES), int(0.975 * RESAMPLES))
    return {
        "AUC": tuple(sorted(areas)[end] for end in ends),  # type: ignore[dict-item]
        "accuracy": tuple(sorted(shares)[end] for end in ends),  # type: ignore[dict-item]
    }


def ask(client: httpx2.Client, variant: Variant, pair: Pair) -> float | None:
    """Return p(equal) among the two label tokens, or ``None`` where neither is among the likeliest tokens."""
    parser = LogprobOfDecision(
        LogprobOfDecision.Config(decisions=dict(zip(("equal", "different"), variant.decisions, strict=True)))
    )
    orders = [(pair.gold, pair.candidate)]
    if variant.both_orders:
        orders.append((pair.candidate, pair.gold))
    found = []
    for gold, candidate in orders:
        prompt = fill(variant.prompt, pair.question, gold, candidate)
        body = {"prompt": prompt, "max_tokens": 1, "temperature": 0, "logprobs": TOP}
        reply = client.post("/v1/completions", json=body).raise_for_status()
        reading = parser.read(read_whole(reply.json()))
        if reading.status != "ok" or reading.score is None:
            return None
        found.append(reading.score)
    return sum(found) / len(found)


def measure(client: httpx2.Client, variant: Variant, pairs: list[Pair]) -> Outcome:
    """Ask about every pair, one after the other."""
    began = time.perf_counter()
    scores = [ask(client, variant, pair) for pair in pairs]
    return Outcome(variant, pairs, scores, time.perf_counter() - began)


@contextlib.contextmanager
def service(*, prompt_cache: bool, threads: int = 0) -> Iterator[httpx2.Client]:
    """Serve the embedded model as its config says; ``prompt_cache`` trades exact repeatability for speed."""
    names: dict[str, Any] = {}
    exec(compile(MODEL_CONFIG.read_text("utf-8"), str(MODEL_CONFIG), "exec"), names)
    options = {**names["models"][0]["launch"]["options"], "prompt_cache": prompt_cache, "threads": threads}
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    launcher = LlamaCppServer()
    command = launcher.command(host="127.0.0.1", port=port, options=options, model_path="")
    if notice := launcher.notice():
        print(notice, file=sys.stderr)
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY)}
    with subprocess.Popen(command, stderr=subprocess.DEVNULL, env=environment) as process:
        try:
            with httpx2.Client(base_url=f"http://127.0.0.1:{port}", timeout=120) as client:
                while process.poll() is None:
                    with contextlib.suppress(httpx2.TransportError):
                        if client.get("/health").status_code == 200:
                            break
                    time.sleep(0.1)
                yield client
        finally:
            process.terminate()


class ShippedJudge:
    """The judge of ``demo_facts_llmjudge``, made from its config and asked the way a run asks it."""

    def __init__(self, client: httpx2.Client) -> None:
        from judgebench.config.resolve import load_run
        from judgebench.records.request import Selection

        run = load_run(Selection(models=["gemma3_270m"], datasets=[JUDGE_CONFIG]))
        judge = run.datasets["demo_facts"].judges[0]
        method = load(judge.method.type, "judges")
        self._client = client
        self._method = method(msgspec.convert(judge.method.options, method.Config))
        self._dialect = load(judge.model["type"], "models")()
        self._model = msgspec.convert(judge.model, self._dialect.Config)
        self.parser = self._method.parser()
        self.prompt = judge.method.options["presentations"][0]["prompt"]

    async def ask(self, prompt: Prompt, *, presentation: str = "", **params: Any) -> Reply:  # noqa: ARG002
        """Put one question to the service (the contract of ``judgebench.judges.core.contract.Ask``)."""
        body = self._dialect.body(self._model, Request(prompt=prompt, params=params), self._model.model)
        reply = self._client.post(f"/{self._dialect.path}", json=body).raise_for_status()
        return self._dialect.read(reply.json())

    def score(self, pair: Pair) -> float | None:
        """Return p(correct), or ``None`` where the reply was unparsed."""
        fields = {"question": pair.question, "gold": pair.gold}
        item = Case(id=pair.id, uid=str(pair.id), repeat=0, fields=fields, reference=pair.gold, answer=pair.candidate)
        verdict = asyncio.run(self._method.judge(item, self.ask))
        return verdict.score if verdict.status == "ok" else None


def shipped(halves: dict[str, list[Pair]], threads: int) -> list[Outcome]:
    """Measure the judge as it is shipped, threshold included, on both halves."""
    outcomes = []
    with service(prompt_cache=False, threads=threads) as client:
        judge = ShippedJudge(client)
        config = judge.parser.config
        decisions = tuple(config.decisions.values())
        for half, pairs in halves.items():
            began = time.perf_counter()
            scores = [judge.score(pair) for pair in pairs]
            named = Variant(f"shipped, {half}", judge.prompt, decisions)
            outcomes.append(Outcome(named, pairs, scores, time.perf_counter() - began, config.threshold))
    return outcomes


def by_kind(outcome: Outcome) -> list[dict[str, Any]]:
    """Return the accuracy for every kind of pair."""
    rows = []
    for kind in dict.fromkeys(pair.kind for pair in sorted(outcome.pairs, key=lambda pair: not pair.equal)):
        some = [(pair, score) for pair, score in outcome.scored() if pair.kind == kind]
        right = sum((score >= outcome.threshold) == pair.equal for pair, score in some)
        same = "equal" if some[0][0].equal else "different"
        rows.append({"kind": kind, "truth": same, "pairs": len(some), "judged right": right})
    return rows


def search(pairs: list[Pair], only: str, *, quick: bool, threads: int) -> list[Outcome]:
    """Measure the variants on the selection half and choose each one's threshold there."""
    outcomes = []
    with service(prompt_cache=quick, threads=threads) as client:
        for chosen in variants():
            if only and only not in chosen.name:
                continue
            outcome = measure(client, chosen, pairs)
            outcome.threshold = best_threshold(outcome.scored())
            outcomes.append(outcome)
            row = outcome.row()
            print(f"{row['variant']:40s} AUC {row['AUC']:.3f}  accuracy {row['accuracy']:.3f}", file=sys.stderr)
    return sorted(outcomes, key=lambda outcome: -outcome.row()["AUC"])


def main() -> int:
    """Measure, print the table, write the numbers."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["search", "shipped"])
    parser.add_argument("--only", default="", help="variants whose name holds this text")
    parser.add_argument("--exact", action="store_true", help="search without the prompt cache (slower, repeatable)")
    parser.add_argument("--threads", type=int, default=0, help="computing threads; 0 takes all usable cores")
    parser.add_argument("--json", type=Path, help="file for every number and score")
    chosen = parser.parse_args()
    every = [msgspec.json.decode(line, type=Pair) for line in PAIRS.read_bytes().splitlines()]
    if chosen.what == "search":
        outcomes = search(
            [pair for pair in every if pair.half == "selection"],
            chosen.only,
            quick=not chosen.exact,
            threads=chosen.threads,
        )
    else:
        halves = {half: [pair for pair in every if pair.half == half] for half in ("selection", "heldout")}
        outcomes = shipped(halves, chosen.threads)
    print(tabulate([outcome.row() for outcome in outcomes], headers="keys", floatfmt=".3f"))
    if chosen.what == "shipped":
        print(f"best threshold on the selection half: {best_threshold(outcomes[0].scored()):.3f}")
        for name, (low, high) in interval(outcomes[-1].scored(), outcomes[-1].threshold).items():
            print(f"held-out {name}: 95% interval {low:.3f} to {high:.3f}")
        print(tabulate(by_kind(outcomes[-1]), headers="keys"))
    if chosen.json:
        chosen.json.write_text(json.dumps([report(outcome) for outcome in outcomes], indent=1, ensure_ascii=False))
    return 0


def report(outcome: Outcome) -> dict[str, Any]:
    """Return everything about an outcome as JSON values."""
    return {
        **outcome.row(),
        "interval": interval(outcome.scored(), outcome.threshold),
        "decisions": outcome.variant.decisions,
        "prompt": outcome.variant.prompt,
        "scores": {pair.id: score for pair, score in zip(outcome.pairs, outcome.scores, strict=True)},
    }


if __name__ == "__main__":
    sys.exit(main())
