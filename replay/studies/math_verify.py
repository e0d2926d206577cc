"""Math-Verify: the cases of its own tests, verified by the installed library with the options of each case.

The product's rule (``MathEqual``) asks the same library with options of its own; here the library's table is what is
recomputed, so the options are those of the table.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from replay.study import Ours, Path_, Results, Study, nothing_to_run, rows


def figures(folder: Path, _results: Results) -> Mapping[Path_, Ours]:
    """Return our figures."""
    cases = rows(folder / "cases.jsonl")
    by_file = Counter(case["file"] for case in cases)
    equal = [case["gold"] == case["pred"] for case in cases]
    right = sum(same == bool(case["expected"]) for same, case in zip(equal, cases, strict=True))
    logging.getLogger("math_verify").setLevel(logging.ERROR)
    differing = [case["idx"] for case in cases if _verified(case) != bool(case["expected"])]
    return {
        ("n",): len(cases),
        ("positives",): sum(case["expected"] for case in cases),
        **{("by_file", name): count for name, count in by_file.items()},
        ("math_verify_0.9.0_disagreements",): list(differing),
        ("exact_string_match_accuracy",): 100 * right / len(cases),
    }


def _verified(case: dict[str, Any]) -> bool:
    from math_verify import ExprExtractionConfig, LatexExtractionConfig, StringExtractionConfig, parse, verify

    options = case["options"]
    kinds = {"latex": LatexExtractionConfig, "expr": ExprExtractionConfig, "string": StringExtractionConfig}
    targets = (
        {"extraction_config": [kinds[name]() for name in options["match_types"]]} if "match_types" in options else {}
    )
    gold, said = (parse(case[name], parsing_timeout=None, **targets) for name in ("gold", "pred"))
    settings: dict[str, Any] = {"timeout_seconds": None}
    for key, name in (("precision", "float_rounding"), ("strict", "strict")):
        settings |= {name: options[key]} if key in options else {}
    if "allow_set_relation_comp" in options:
        settings["allow_set_relation_comp"] = options["allow_set_relation_comp"]
    return bool(verify(gold, said, **settings))


STUDY = Study("math_verify", nothing_to_run, figures, decimals=2)
