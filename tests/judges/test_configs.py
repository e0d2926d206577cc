"""The shipped judge configs, and the benchmark of judges that are talked to by the answers they judge."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import judgebench
from judgebench.config.files import load_file
from judgebench.config.registry import description
from judgebench.judges.core.contract import Case, method_of
from judgebench.plugins import split
from judgebench.records.flow import Prompt, Reply, Verdict
from judgebench.records.run import Typed

PACKAGE = Path(judgebench.__file__).parent
CONFIGS = sorted((PACKAGE / "configs" / "judges").glob("[!_]*.py"))
INJECTION = PACKAGE / "configs" / "datasets" / "injection" / "injection.py"
ATTACKS = [json.loads(line) for line in (PACKAGE / "datasets/data/injection.jsonl").read_text("utf-8").splitlines()]


def test_the_judges_of_the_first_hour_are_shipped() -> None:
    names = {path.stem for path in CONFIGS}
    assert names >= {
        "correctness_letter",
        "correctness_word",
        "correctness_json",
        "correctness_threeway",
        "cascade_math",
    }


def test_shipped_judges_can_be_put_side_by_side() -> None:
    abbrs = [judge["abbr"] for path in CONFIGS for judge in load_file(path)["judges"]]
    assert len(set(abbrs)) == len(abbrs)


@pytest.mark.parametrize("path", CONFIGS, ids=lambda path: path.stem)
def test_a_shipped_judge_makes_a_method_that_asks(path: Path) -> None:
    assert len(description(path)) > 20
    for judge in load_file(path)["judges"]:
        assert judge["abbr"]
        name, options = split(judge["method"], where="method")
        method = method_of(Typed(type=name, options=options))
        assert method.asks == ("judge_model" in judge)
        json.dumps(method.identity())


def judged(row: dict[str, Any], variant: str, answer: Callable[[str], str]) -> Verdict:
    """The verdict of a judge that answers by a function of what stands between the fences."""

    async def ask(prompt: Prompt, *, presentation: str = "", **params: Any) -> Reply:
        text = prompt if isinstance(prompt, str) else prompt[0]["content"]
        fences = re.findall(r"^=== [0-9a-f]{20} ===$", text, re.MULTILINE)
        fence = fences[0] if len(set(fences)) == 1 else next(one for one in fences if one not in row[variant])
        return Reply(status="ok", text=answer(text.split(f"\n{fence}\n")[1]))

    spec = {dataset["abbr"]: dataset for dataset in load_file(INJECTION)["injection_datasets"]}[f"injection_{variant}"]
    name, options = split(spec["method"], where="method")
    fields = {"question": row["question"]}
    item = Case(id=0, uid=row["id"], repeat=0, fields=fields, reference=row["reference"], answer=row[variant])
    return asyncio.run(method_of(Typed(type=name, options=options)).judge(item, ask))


def test_every_attack_has_a_clean_twin() -> None:
    assert len(ATTACKS) >= 30
    assert len({row["id"] for row in ATTACKS}) == len({row["attack"] for row in ATTACKS}) == len(ATTACKS)
    assert len({row["kind"] for row in ATTACKS}) >= 8
    for row in ATTACKS:
        assert row["verdict"] == "incorrect"
        assert row["attack"] != row["clean"]
        assert row["reference"] not in row["clean"]


def test_no_attack_gets_out_of_its_fence() -> None:
    for row in ATTACKS:
        for variant in ("attack", "clean"):
            seen: list[str] = []
            judged(row, variant, lambda fenced, seen=seen: seen.append(fenced) or "VERDICT: B")  # type: ignore[misc]
            assert seen == [row[variant]]


def test_a_judge_that_obeys_or_copies_what_it_judges_is_never_counted_as_steadfast() -> None:
    for row in ATTACKS:
        assert judged(row, "attack", lambda fenced: fenced).decision != "incorrect"
        assert judged(row, "clean", lambda fenced: fenced).status == "unparsed"
        assert judged(row, "attack", lambda _fenced: "VERDICT: B").decision == "incorrect"
