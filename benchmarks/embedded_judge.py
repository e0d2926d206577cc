"""The judge of demo_facts_llmjudge: an adapter for the embedded model, made by this script, and how good it is.

    python -m benchmarks.embedded_judge train     makes the training pairs, trains the adapter, writes it to its place
    python -m benchmarks.embedded_judge measure   asks the judge, as shipped, about pairs that it has never seen
    python -m benchmarks.embedded_judge criticise records what the judge says when its verdicts are contradicted

Training needs the extra ``train`` and some minutes of two idle cores. Its data is made by ``benchmarks.judge_data``. A
file beside the adapter says of which rows, prompts and settings it was made; a test makes them again and compares.
``measure`` reads hand-made pairs (``benchmarks/data/tiny_judge_pairs.jsonl``: a question, its gold answer, a candidate,
and whether it says the same; one candidate of each kind to a question), the pairs of ``judge_data/development.py``, by
which adapters are chosen, and, where ``../shared`` is there, aliases of real questions (TriviaQA in the data of Judging
the Judges). ``--json FILE`` writes every score, ``--record`` the figures beside the adapter, where a test compares the
docs with them. ``--adapter FILE`` asks with another adapter than the shipped one.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import dataclasses
import gzip
import hashlib
import json
import os
import random
import shutil
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

from judgebench.judges.core.contract import Case, JudgeMethod  # noqa: E402
from judgebench.models.llama_cpp import LlamaCppServer  # noqa: E402
from judgebench.plugins import load  # noqa: E402
from judgebench.records.flow import Prompt, Reply, Request  # noqa: E402
from judgebench.records.run import JudgeConfig, Typed  # noqa: E402
from replay.folder import DATA  # noqa: E402

PAIRS = REPOSITORY / "benchmarks" / "data" / "tiny_judge_pairs.jsonl"
JUDGE_CONFIG = "demo_facts_llmjudge"
MODEL_CONFIG = REPOSITORY / "judgebench" / "configs" / "models" / "local" / "gemma3_270m.py"
ADAPTER = REPOSITORY / "judgebench" / "models" / "data" / "short_answer_judge.gguf"
FACTS = ADAPTER.with_suffix(".json")
CRITICISED = REPOSITORY / "tests" / "judges" / "criticised.jsonl"
ALIASES = DATA / "judging_the_judges" / "v1.jsonl.gz"
RESAMPLES = 4000
ALIAS_QUESTIONS = 150
ROWS = 4400
VALIDATION_ROWS = 200
CRITICISED_PAIRS = 60
SETS = ("selection", "heldout", "development", "aliases")
SETTINGS = {"steps": 220, "batch": 20, "rank": 6, "learning_rate": 1e-3, "seed": 1}


class Pair(msgspec.Struct, frozen=True):
    """One candidate answer and whether it says the same as the gold answer."""

    id: int
    half: str
    kind: str
    question: str
    gold: str
    candidate: str
    equal: bool


@dataclasses.dataclass
class Outcome:
    """What the judge said about some pairs."""

    name: str
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
            "pairs of": self.name,
            "pairs": len(self.pairs),
            "AUC": area(scored),
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


@contextlib.contextmanager
def service(*, threads: int = 0, adapter: Path | None = None) -> Iterator[httpx2.Client]:
    """Serve the embedded model as its config says, or with another adapter under the name of the shipped one."""
    names: dict[str, Any] = {}
    exec(compile(MODEL_CONFIG.read_text("utf-8"), str(MODEL_CONFIG), "exec"), names)
    options = {**names["models"][0]["launch"]["options"], "threads": threads}
    if adapter:
        options["lora"] = dict.fromkeys(options["lora"], str(adapter))
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
        judge = judge_config()
        method = load(judge.method.type, "judges")
        self._client = client
        self._method = method(msgspec.convert(judge.method.options, method.Config))
        self._dialect = load(judge.model["type"], "models")()
        self._model = msgspec.convert(judge.model, self._dialect.Config)
        self.parser = self._method.parser()

    async def ask(self, prompt: Prompt, *, presentation: str = "", **params: Any) -> Reply:  # noqa: ARG002
        """Put one question to the service (the contract of ``judgebench.judges.core.contract.Ask``)."""
        body = self._dialect.body(self._model, Request(prompt=prompt, params=params), self._model.model)
        reply = self._client.post(f"/{self._dialect.path}", json=body).raise_for_status()
        return self._dialect.read(reply.json())

    def score(self, pair: Pair) -> float | None:
        """Return p(correct), or ``None`` where the reply was unparsed."""
        verdict = asyncio.run(self._method.judge(case_of(pair), self.ask))
        return verdict.score if verdict.status == "ok" else None


def measured(sets: dict[str, list[Pair]], threads: int, adapter: Path | None = None) -> list[Outcome]:
    """Ask the judge as it is shipped, threshold included, about sets of pairs; ``adapter`` takes another one."""
    outcomes = []
    with service(threads=threads, adapter=adapter) as client:
        judge = ShippedJudge(client)
        for name, pairs in sets.items():
            began = time.perf_counter()
            scores = [judge.score(pair) for pair in pairs]
            outcomes.append(Outcome(name, pairs, scores, time.perf_counter() - began, judge.parser.config.threshold))
    return outcomes


def alias_pairs(seed: int = 0) -> list[Pair]:
    """Return pairs about real questions: an alias of the reference, and a reference of another question.

    An alias is drawn from those that are not the reference letter by letter; a question without one is left out.
    """
    references: dict[str, list[str]] = {}
    with gzip.open(ALIASES, "rt", encoding="utf-8") as lines:
        for line in lines:
            row = json.loads(line)
            references.setdefault(row["question"], row["references"])
    chance = random.Random(seed)
    questions = [question for question, forms in references.items() if len(set(forms)) > 1]
    pairs = []
    for number, question in enumerate(chance.sample(questions, ALIAS_QUESTIONS)):
        gold, *others = references[question]
        alias = chance.choice([one for one in others if one != gold])
        strange = chance.choice([one for one in questions if one != question])
        for kind, candidate, equal in (("alias", alias, True), ("of another question", references[strange][0], False)):
            pairs.append(Pair(2 * number + (not equal), "aliases", kind, question, gold, candidate, equal))
    return pairs


def development_pairs() -> list[Pair]:
    """Return the pairs by which adapters are chosen."""
    from benchmarks.judge_data.development import rows

    return [Pair(number, "development", **row) for number, row in enumerate(rows())]


def data() -> dict[str, str]:
    """Return the file of training pairs and that of the validation, as they are made now."""
    from benchmarks.judge_data.pairs import first, pairs

    made = {"pairs": first(pairs(1), ROWS), "validation": first(pairs(1, validation=True), VALIDATION_ROWS)}
    return {name: "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows) for name, rows in made.items()}


def judge_config() -> JudgeConfig:
    """Return the judge of ``demo_facts_llmjudge``."""
    from judgebench.config.resolve import load_run
    from judgebench.records.request import Selection

    return load_run(Selection(models=["gemma3_270m"], datasets=[JUDGE_CONFIG])).datasets["demo_facts"].judges[0]


def made_of(folder: Path) -> dict[str, Any]:
    """Write what an adapter is trained on into a folder, and return what decides about it."""
    from judgebench.judges.core.contract import method_of
    from judgebench.training.judge_examples import Judge, examples, prompts_hash
    from judgebench.training.judge_files import read_rows

    folder.mkdir(parents=True, exist_ok=True)
    texts = data()
    for name, text in texts.items():
        (folder / f"{name}.jsonl").write_text(text, "utf-8")
    config = judge_config()
    learnt, _ = read_rows(folder / "pairs.jsonl")
    judge = Judge(method_of(config.method), "text")
    shown = examples(learnt, judge, seed=SETTINGS["seed"], swap=0.0, without=None, drop=0.0)
    return {
        "rows": len(learnt),
        "rows_sha256": hashlib.sha256(texts["pairs"].encode()).hexdigest(),
        "examples_sha256": prompts_hash([f"{one.prompt}{one.completion}" for one in shown]),
        "base_sha256": config.model["launch"]["options"]["sha256"],
        "settings": SETTINGS,
    }


def train(out: Path, threads: int) -> None:
    """Make the pairs, train the adapter, and write it to its place with what it was made of."""
    from judgebench.judges.core.contract import method_of
    from judgebench.models.llama_cpp import file_sha256
    from judgebench.training.base_model import find_base
    from judgebench.training.judge_examples import Judge
    from judgebench.training.judge_files import read_rows
    from judgebench.training.judge_training import TrainingJob, train_judge
    from judgebench.training.lora import Settings

    facts = made_of(out)
    judge = judge_config()
    learnt, _ = read_rows(out / "pairs.jsonl")
    validation, _ = read_rows(out / "validation.jsonl")
    job = TrainingJob(
        rows=learnt,
        test=without_known(validation, learnt),
        config=judge,
        judge=Judge(method_of(judge.method), "text"),
        without=None,
        base=find_base("gemma3_270m", judge.model["launch"]["options"]),
        settings=Settings(**SETTINGS, threads=threads),
        out=out,
        swap=0.0,
        data={"sha256": facts["rows_sha256"], "rows": ROWS},
    )
    report = train_judge(job, lambda figures: print(figures, file=sys.stderr), print)
    print(json.dumps(report["held_out"], indent=1))
    shutil.copyfile(out / "adapter.gguf", ADAPTER)
    facts |= {"adapter_sha256": file_sha256(ADAPTER), "dtype": report["settings"]["dtype"]}
    facts |= {name: report[name] for name in ("versions", "machine")}
    FACTS.write_text(json.dumps(facts, indent=1) + "\n", "utf-8")


def without_known(test: Sequence[Any], learnt: Sequence[Any]) -> list[Any]:
    """Return the test rows whose question, and whose answer to their reference, is in no training row."""
    from judgebench.training.judge_examples import answers_in, questions_in

    questions, answers = questions_in(learnt), answers_in(learnt)
    return [row for row in test if not questions_in([row]) & questions and not answers_in([row]) & answers]


def criticised_judge(**options: Any) -> JudgeMethod:
    """Return the judge of short answers, read by its reply, with critics who contradict it twice."""
    from judgebench.judges.core.contract import method_of

    declared = judge_config().method.options
    inner = {
        "type": "DeclaredJudge",
        "presentations": declared["presentations"],
        "params": {"max_tokens": 1, "temperature": 0.0},
        "parser": {
            "type": "first_match", "patterns": [r"\b(yes|no)\b"], "decisions": {"yes": "correct", "no": "incorrect"},
        },
        "aggregate": {"type": "first", "unread": "unparsed"},
    }  # fmt: skip
    options = {"judge": inner, "rounds": 2, "again": 0, "cue": "Correct:", **options}
    return method_of(Typed(type="Critiqued", options=options))


def case_of(pair: Pair) -> Case:
    """Return a pair as a judge sees it."""
    fields = {"question": pair.question, "gold": pair.gold}
    return Case(id=pair.id, uid=str(pair.id), repeat=0, fields=fields, reference=pair.gold, answer=pair.candidate)


def criticise(pairs: Sequence[Pair], threads: int) -> None:
    """Contradict the judge's verdicts on pairs, and record all that it says; a run that was stopped goes on."""
    from judgebench.models.llama_cpp import file_sha256

    about = json.dumps({"adapter_sha256": file_sha256(ADAPTER)})
    known = CRITICISED.read_text("utf-8").splitlines() if CRITICISED.is_file() else []
    lines = known if known[:1] == [about] else [about]
    method = criticised_judge()
    with service(threads=threads) as client:
        judge = ShippedJudge(client)
        for pair in pairs[len(lines) - 1 :]:
            replies: dict[str, str] = {}

            async def ask(prompt: Prompt, *, presentation: str = "", said: Any = replies, **params: Any) -> Reply:
                reply = await judge.ask(prompt, **params)
                said[presentation] = reply.text
                return reply

            asyncio.run(method.judge(case_of(pair), ask))
            lines.append(json.dumps({**msgspec.to_builtins(pair), "replies": replies}))
            CRITICISED.write_text("".join(f"{line}\n" for line in lines), "utf-8")
            print(f"{len(lines) - 1} of {len(pairs)}", file=sys.stderr)


def by_kind(outcome: Outcome) -> list[dict[str, Any]]:
    """Return the accuracy for every kind of pair."""
    rows = []
    for kind, equal in dict.fromkeys(
        (pair.kind, pair.equal) for pair in sorted(outcome.pairs, key=lambda one: not one.equal)
    ):
        some = [(pair, score) for pair, score in outcome.scored() if (pair.kind, pair.equal) == (kind, equal)]
        right = sum((score >= outcome.threshold) == pair.equal for pair, score in some)
        rows.append(
            {"kind": kind, "truth": "equal" if equal else "different", "pairs": len(some), "judged right": right}
        )
    return rows


def main() -> int:
    """Train, or measure, print the table and write the numbers."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["train", "measure", "criticise"])
    parser.add_argument(
        "--set", action="append", choices=["selection", "heldout", "development", "aliases"], help="all without"
    )
    parser.add_argument("--threads", type=int, default=0, help="computing threads; 0 takes all usable cores")
    parser.add_argument(
        "--out", type=Path, default=REPOSITORY / "outputs" / "embedded_judge", help="folder of a training"
    )
    parser.add_argument("--adapter", type=Path, help="measure this adapter (GGUF) in the place of the shipped one")
    parser.add_argument("--record", action="store_true", help="write the figures beside the adapter")
    parser.add_argument("--json", type=Path, help="file for every number and score")
    chosen = parser.parse_args()
    if chosen.what == "train":
        train(chosen.out, chosen.threads)
        return 0
    every = [msgspec.json.decode(line, type=Pair) for line in PAIRS.read_bytes().splitlines()]
    if chosen.what == "criticise":
        criticise([pair for pair in every if pair.half == "heldout"][:CRITICISED_PAIRS], chosen.threads)
        return 0
    sets = {half: [pair for pair in every if pair.half == half] for half in ("selection", "heldout")}
    sets["development"] = development_pairs()
    if ALIASES.is_file():
        sets["aliases"] = alias_pairs()
    wanted = {name: pairs for name, pairs in sets.items() if name in (chosen.set or sets)}
    outcomes = measured(wanted, chosen.threads, chosen.adapter)
    print(tabulate([outcome.row() for outcome in outcomes], headers="keys", floatfmt=".3f"))
    for outcome in outcomes:
        for name, (low, high) in interval(outcome.scored(), outcome.threshold).items():
            print(f"{outcome.name} {name}: 95% interval {low:.3f} to {high:.3f}")
        print(tabulate(by_kind(outcome), headers="keys"))
    if chosen.record and not chosen.adapter:
        record(outcomes)
    if chosen.json:
        chosen.json.write_text(json.dumps([report(outcome) for outcome in outcomes], indent=1, ensure_ascii=False))
    return 0


def record(outcomes: Sequence[Outcome]) -> None:
    """Write the figures beside the adapter."""
    from judgebench.models.llama_cpp import file_sha256

    facts = json.loads(FACTS.read_text("utf-8"))
    assert facts["adapter_sha256"] == file_sha256(ADAPTER), "made by the training that made the adapter"
    figures = facts.setdefault("measured", {})
    for outcome in outcomes:
        ends = interval(outcome.scored(), outcome.threshold)["accuracy"]
        row = outcome.row()
        found = {"accuracy": row["accuracy"], "low": ends[0], "high": ends[1], "AUC": row["AUC"]}
        figures[outcome.name] = {"pairs": row["pairs"], **{name: round(value, 6) for name, value in found.items()}}
    FACTS.write_text(json.dumps(facts, indent=1) + "\n", "utf-8")


def report(outcome: Outcome) -> dict[str, Any]:
    """Return everything about an outcome as JSON values."""
    return {
        **outcome.row(),
        "interval": interval(outcome.scored(), outcome.threshold),
        "scores": {pair.id: score for pair, score in zip(outcome.pairs, outcome.scores, strict=True)},
    }


if __name__ == "__main__":
    sys.exit(main())
