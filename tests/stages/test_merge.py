"""What several processes counted over parts of a dataset, merged in order, is what one process counts over it."""

from __future__ import annotations

import copy
import itertools
import pickle
from functools import partial
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from judgebench.datasets.columns import COPY
from judgebench.metrics.contract import figures_of
from judgebench.metrics.rates.named import NamedMetrics, compute
from judgebench.records.findings import PooledOutcome
from judgebench.records.flow import JudgeCall, Prediction, Sample, Usage, Verdict
from judgebench.records.run import Options
from judgebench.stages.accumulators import Checked, DiagnosticsAccumulator, ResultAccumulator
from judgebench.stages.spent import Spent

LABELS = ["A", "B", "tie", "correct", "incorrect"]
VERDICTS = st.one_of(
    st.builds(
        lambda label, score, found: Verdict(status="ok", decision=label, score=score, **found),
        st.sampled_from(LABELS),
        st.one_of(st.none(), st.integers(1, 5).map(float)),
        st.sampled_from([{}, {"settled_by": "rule"}, {"settled_by": "judge"}, {"equal_answers": True},
                         {"outcomes": [PooledOutcome(outcome=1.0), PooledOutcome(outcome=0.5)]},
                         {"votes": {"correct": 2, "incorrect": 1}}]),
    ),
    st.builds(
        lambda status, reason: Verdict(status=status, reason=reason),
        st.sampled_from(["unparsed", "judge_failed", "prediction_failed", "not_judged"]),
        st.sampled_from(["no verdict", "timeout: 30 s", ""]),
    ),
)  # fmt: skip
CALLS = st.builds(
    lambda served, tries, waited, tokens: {
        "served_model": served, "tries": tries, "waited": waited / 4,
        "usage": Usage(prompt_tokens=tokens, completion_tokens=2 * tokens) if tokens else None,
    },
    st.sampled_from(["", "m", "m-2"]), st.integers(0, 3), st.integers(0, 8), st.integers(0, 9),
)  # fmt: skip
ITEMS = st.tuples(
    VERDICTS, st.one_of(st.none(), VERDICTS), CALLS, st.lists(CALLS, max_size=2), st.booleans(), st.booleans()
)


BY = ["level", "tags", "set", "absent"]
MEASURED = ["accuracy", "mean_score", "win_rate", "avg@n"]


def _call(kind: Any, sample: int, fields: dict[str, Any], **more: Any) -> Any:
    known = {"data_abbr": "d", "uid": "u", "success": True, "status": "ok", "uuid": "x", "origin_prompt": "?"}
    return kind(**known, id=sample, prediction="said", **fields, **more)


def checked(at: int, item: Any, repeats: int) -> list[Checked]:
    verdict, rule, answer, calls, repeated_row, compared = item
    slices = {"level": at % 3, "tags": ["odd"] if at % 2 else [], **({"set": "first"} if at < 4 else {})}
    sample = Sample(id=at, uid=f"u{at}", fields={}, meta=slices | ({COPY: True} if repeated_row else {}))
    return [
        Checked(
            sample,
            repeat,
            _call(Prediction, at, answer, repeat=repeat),
            verdict,
            rule,
            [_call(JudgeCall, at, call, repeat=0 if shared else repeat) for shared, call in enumerate(calls)],
            ("one answer", "another") if compared else None,
        )
        for repeat in range(repeats)
    ]


def counted(items: list[tuple[int, Any]], repeats: int) -> ResultAccumulator:
    found = ResultAccumulator(
        partial(NamedMetrics, MEASURED, repeats=repeats, scale=(1, 5)),
        repeats,
        Options(dump_details=True, dump_extract_rate=True),
        by=BY,
    )
    for at, item in items:
        for one in checked(at, item, repeats):
            found.add(one)
            found.agreements.add({"x": one.verdict, "y": one.rule or one.verdict})
    return found


def as_dict(found: ResultAccumulator) -> dict[str, Any]:
    """All that a result takes from what was counted."""
    evidence, tally = found.collected, found.tally
    assert found.slices is not None
    return {
        "slices": found.slices.results(figures_of),
        "slices left out": found.slices.notes(),
        "details": evidence.details,
        "data": evidence.data_hash(),
        "diagnostics": evidence.diagnostics(tally, judged=True),
        "usage": evidence.usage(),
        "notes": evidence.notes(),
        "counts": tally.counts(),
        "labels": tally.decisions(),
        "metrics": compute(tally, ["accuracy", "mean_score", "win_rate", "agreement", "avg@n"]),
        "between": found.agreements.diagnostics(),
        "comparisons": list(found.compared_columns),
        "orders": list(found.compared_columns.orders()),
    }


@settings(max_examples=60, deadline=None)
@given(items=st.lists(ITEMS, max_size=12), cuts=st.lists(st.integers(0, 12), max_size=4), repeats=st.integers(1, 3))
def test_any_split_of_the_items_merged_in_order_is_the_whole(items: list[Any], cuts: list[int], repeats: int) -> None:
    numbered = list(enumerate(items))
    ends = [0, *sorted(cuts), len(items)]
    merged = counted([], repeats)
    for start, end in itertools.pairwise(ends):
        merged.merge(pickle.loads(pickle.dumps(counted(numbered[start:end], repeats))))  # as another process sends it
    assert as_dict(merged) == as_dict(counted(numbered, repeats))


def test_what_is_merged_stays_as_it_was() -> None:
    verdict = Verdict(status="ok", decision="A")
    later = counted([(0, (verdict, None, {"served_model": "m"}, [], False, True))], 2)
    before = copy.deepcopy(as_dict(later))
    whole = counted([], 2)
    whole.merge(later)
    whole.merge(counted([(1, (verdict, None, {"served_model": "m"}, [], False, True))], 2))
    assert as_dict(later) == before


def test_every_field_has_a_rule_of_its_own() -> None:
    """A new field of what is merged needs a line in ``merge``, and an entry in ``as_dict`` above."""
    known = {"details", "_doubtful", "_spent", "_data", "_extract_rate", "_extracted", "_answered", "_reasons",
             "_settled", "_equal", "_copies", "_foreign", "_compared"}  # fmt: skip
    assert vars(DiagnosticsAccumulator(keep_details=True)).keys() == known
    assert vars(Spent()).keys() == {
        "price", "calls", "saved", "prompt_tokens", "completion_tokens", "reasoning_tokens", "cached_tokens",
        "cache_write_tokens", "extra_requests", "waited", "served", "undecoded", "unmeasured", "batched", "cost",
        "discount",
    }  # fmt: skip
