"""``jb compare RUN --again``: the judge asked again about the same answers, beside the run, nothing asked twice."""

from __future__ import annotations

import json
import re
from collections import Counter
from typing import Any

import pytest

from judgebench.store.run_folder import RunFolder
from judgebench.testing.faultservice import prompt_text
from judgebench.trust.askings import askings_of
from tests.e2e.harness import JB, Bench, judge_answer, run


def first_run(bench: Bench) -> None:
    assert bench.jb("--no-preflight").code == 0
    bench.model.requests.clear()
    bench.judge.requests.clear()


def test_a_judge_asked_again_is_seen_to_flip_and_is_asked_only_what_is_missing(bench: Bench) -> None:
    """Of its three later verdicts on answer 2, one is another one: two verdicts about it differ in 3 pairs of 6."""
    first_run(bench)
    seen: Counter[int] = Counter()
    perfect = judge_answer()

    def wavering(body: dict[str, Any]) -> str:
        number = int(re.findall(r"\(of twice (\d+)\)", prompt_text(body))[0])
        seen[number] += 1
        return "VERDICT: B" if number == 2 and seen[2] == 2 else perfect(body)

    bench.judge.answer = wavering
    command = [*JB, "compare", "latest", "--again", "3", "--json", "again.json"]
    limited = run([*command, "--max-calls", "4"], bench.folder)
    assert limited.code == 7, limited.text
    assert "the same command with --max-calls 8 asks what is missing" in limited.out
    assert sum(bench.judged().values()) == 4
    done = run([*command, "--max-calls", "100"], bench.folder)
    assert done.code == 0, done.text
    assert bench.judged() == dict.fromkeys(range(6), 3)
    assert not bench.model.requests
    (record,) = json.loads((bench.folder / "again.json").read_text())
    assert (record["answers"], record["verdicts_on_each"]) == (6, 4)
    assert record["aa_rate"] == pytest.approx(100 * (3 / 6) / 6)
    low, high = record["ci95"]
    assert low < record["aa_rate"] < high
    assert "differ\n(A/A rate, %)" in done.out or "A/A rate" in done.out
    again = run(command, bench.folder)
    assert again.code == 0, again.text
    assert sum(bench.judged().values()) == 18  # the second time nobody is asked
    (found,) = askings_of(RunFolder(bench.run)).values()
    assert found.rate.value == record["aa_rate"]
    assert found.shift is not None


def test_a_part_of_the_items_is_chosen_by_the_seed_and_a_run_without_a_judge_is_refused(bench: Bench) -> None:
    first_run(bench)
    command = [*JB, "compare", "latest", "--again", "1"]
    assert run([*command, "--items", "2"], bench.folder).code == 0
    few = set(bench.judged())
    assert len(few) == 2
    assert run([*command, "--items", "4"], bench.folder).code == 0
    assert few < set(bench.judged())
    assert sum(bench.judged().values()) == 4
    assert run([*JB, "compare", "latest", "--items", "4"], bench.folder).code == 2
    bench.jb("--work-dir", "plain", dataset="toy_gen")
    refused = run([*command, "-w", "plain"], bench.folder)
    assert refused.code == 2
    assert "no judge has been asked about any answer" in refused.err
