"""The Python of docs/corrected-scores.md runs as it stands."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from judgebench.cli.main import run as jb
from tests.docs.pages import page
from tests.query.made import MadeRun, call, prediction, verdict
from tests.report.runs import put
from tests.trust.made import WORDS, judged

EXAMPLES = re.findall(r"^```python\n(.*?)^```$", page("corrected-scores.md"), re.MULTILINE | re.DOTALL)


def test_every_example_runs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert len(EXAMPLES) == 2
    folder, truth = tmp_path / "20260101_000000", [number % 3 != 0 for number in range(60)]
    made = MadeRun(folder)
    for seed, judge in enumerate(("lenient", "strict", "third")):
        said = judged(truth, sensitivity=0.9, specificity=0.8, seed=seed)
        made.add(
            "north",
            "toy",
            judge,
            predictions=[prediction(number, f"It is {number}.") for number in range(60)],
            calls=[call(number, "I say so") for number in range(60)],
            verdicts=[verdict(at, WORDS[bool(one)], text=f"It is {at}.") for at, one in enumerate(said)],
        )
        put(folder, "north", f"toy-{judge}", "C" * 60, judge=judge, data_abbr="toy")
    labels = tmp_path / "labels.csv"
    labels.write_text("id,label\n" + "".join(f"{number},{WORDS[right]}\n" for number, right in enumerate(truth)))
    assert jb(["label", "add", str(folder), str(labels), "--annotator", "ada"]) == 0
    capsys.readouterr()

    names: dict[str, Any] = {"RUN": folder}
    for number, example in enumerate(EXAMPLES):
        exec(compile(example, f"docs/corrected-scores.md, example {number}", "exec"), names)
    shares, agreement, *pairs, answer = capsys.readouterr().out.splitlines()
    assert 0.5 < names["majority"](names["votes"]).shares["correct"] < 0.75
    assert "correct" in shares
    assert "lenient" in agreement
    assert len(pairs) == 3
    assert answer == "passes"
