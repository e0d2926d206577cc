"""How near the estimate of ``--dry-run`` comes to what a run then really costs.

    python -m benchmarks.cost_estimate [--items 450]

Three runs on loopback services: answers of log-normal length that a judge grades; a judge that compares two models in
both orders; and a run of which half is known already, in the cache or as an equal question. Each asks a part first
(``--num-prompts``), is estimated as ``--dry-run --reuse`` does, and goes on to its end. The services charge by what
they really read and wrote; the estimate is to be within 15% of that.
"""

from __future__ import annotations

import argparse
import json
import random
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import judgebench
from benchmarks.runs import report
from judgebench.judges import NumberEqual, ReferenceVerifier
from judgebench.preflight.estimates import Estimates
from judgebench.records.flow import Usage
from judgebench.records.prices import Price
from judgebench.session.python import request_of
from judgebench.session.session import Session
from judgebench.testing import ProviderService, ServiceReply, ServiceRequest
from judgebench.testing.protocol import KEY, MODEL

WITHIN = 0.15
PRICE = {"input": 2.5, "output": 10.0}
WORDS = ("the", "value", "therefore", "we", "see", "that", "it", "is", "clear", "from", "this", "sum")


class Biller:
    """A service that counts what it charges; its replies are of log-normal length.

    Args:
        median: Words of its replies. ``spread``: standard deviation of the logarithm of their number.
        says: What stands at the end of a reply.
    """

    def __init__(self, seed: int, median: float, spread: float, says: Callable[[ServiceRequest], str]) -> None:
        self._dice = random.Random(seed)
        self._median, self._spread, self._says = median, spread, says
        self.calls, self.cost = 0, 0.0
        self._price = Price(**PRICE)

    def __call__(self, request: ServiceRequest) -> ServiceReply:
        length = int(self._median * self._dice.lognormvariate(0, self._spread))
        text = " ".join([*self._dice.choices(WORDS, k=length), self._says(request)])
        self.calls += 1
        read = sum(len(one.split()) for one in [request.system, *request.texts])
        usage = Usage(prompt_tokens=read, completion_tokens=len(text.split()))
        self.cost += self._price.cost(usage)
        return ServiceReply(text)


def rows(folder: Path, items: int, *, distinct: int) -> Path:
    """Write questions of different lengths; ``distinct`` of them differ."""
    dice = random.Random(3)
    lines = []
    for number in range(items):
        story = " ".join(random.Random(number % distinct).choices(WORDS, k=20 + number % distinct % 60))
        lines.append({"question": f"{story}: what is twice {number % distinct}?", "answer": 2 * (number % distinct)})
    dice.shuffle(lines)
    path = folder / "rows.jsonl"
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return path


def model(abbr: str, service: ProviderService) -> dict[str, Any]:
    keys = {"type": "VLLMCustomAPIChat", "model": MODEL, "api_key": KEY, "batch_size": 32, "price": PRICE}
    return {**keys, "abbr": abbr, "url": service.url, "generation_kwargs": {"temperature": 0}}


def measured(name: str, items: int, first: int, *, pair: bool = False, known: bool = False) -> dict[str, Any]:
    """Ask a part, estimate the rest, ask it, and return both."""
    answering = Biller(1, 60, 0.8, lambda request: f"It is {len(request.text)}.")
    decision = "[[A]]" if pair else "VERDICT: A"
    judging = Biller(2, 90, 0.6, lambda _: decision)
    with (
        tempfile.TemporaryDirectory() as place,
        ProviderService("openai", answering) as models,
        ProviderService("openai", judging) as judges,
    ):
        folder = Path(place)
        dataset: dict[str, Any] = {
            "type": "JsonlDataset",
            "abbr": "stories",
            "path": str(rows(folder, items, distinct=items // 2 if known else items)),
            "input_columns": ["question"],
            "output_column": "answer",
            "prompt": "{question} Think step by step.",
            "evaluator": NumberEqual(),
        }
        judge: dict[str, Any] = {"abbr": "judge", "judge_model": model("judge", judges)}
        judge["method"] = ReferenceVerifier.Config()
        if pair:
            aggregate = {"type": "both_or_tie", "unread": "unparsed"}
            judge |= {"method": {"type": "PairComparison", "aggregate": aggregate}, "compare_with": "first"}
        tested = [model("first", models), *([model("second", models)] if pair else [])]
        what: dict[str, Any] = {"models": tested, "datasets": dataset, "judges": judge}
        options: dict[str, Any] = {"preflight": False, **({"dedup": True, "cache": str(folder / "c")} if known else {})}
        if known:  # another run has put a part of the answers into the cache
            judgebench.run(**what, **options, work_dir=folder / "other", num_prompts=items // 3)
        begun = judgebench.run(**what, **options, work_dir=folder / "runs", num_prompts=first)
        assert begun.ok, begun.errors
        expected = estimated(what, options, folder / "runs")
        calls, cost = answering.calls + judging.calls, answering.cost + judging.cost
        ended = judgebench.run(**what, **options, work_dir=folder / "runs", reuse="latest", all_samples=True)
        assert ended.ok, ended.errors
        real_calls = answering.calls + judging.calls - calls
        real = answering.cost + judging.cost - cost
    return {
        "run": name,
        "asked before": first,
        "calls estimated": expected["calls"],
        "calls real": real_calls,
        "USD estimated": expected["cost"],
        "USD real": real,
        "replies by chance, %": 100 * expected["margin"],
        "off by %": 100 * (expected["cost"] / real - 1),
        "limit %": 100 * WITHIN,
    }


def estimated(what: dict[str, Any], options: dict[str, Any], work_dir: Path) -> dict[str, Any]:
    """Return what the rest of the latest run is estimated to take."""
    request = request_of(
        what["models"], what["datasets"], what["judges"], "all", "latest", work_dir, {**options, "all_samples": True}
    )
    session = Session(request, command=[], display=lambda: None, close=lambda ended, _: ended)  # type: ignore[arg-type,return-value]
    wanted, config, run, graph = session.preview()
    estimates = Estimates(config, wanted.options, run)
    found = [one for task in graph.tasks if (one := estimates.of(task)) is not None]
    estimates.close()
    return {
        "calls": sum(one.calls for one in found),
        "cost": sum(one.cost or 0.0 for one in found),
        "margin": max(one.margin for one in found),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--items", type=int, default=450)
    items = parser.parse_args().items
    found = [
        measured("log-normal lengths", items, items // 3),
        measured("a judge in two orders", items, items // 3, pair=True),
        measured("with cache hits", items, items // 3, known=True),
    ]
    report("cost_estimate", found)
    assert all(abs(one["off by %"]) <= one["limit %"] for one in found), "an estimate is off by more than its limit"


if __name__ == "__main__":
    main()
