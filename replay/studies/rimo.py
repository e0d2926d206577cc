"""RIMO: what is known of its items without their texts: kinds, answers, numbers of parts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from replay.study import Ours, Path_, Results, Skip, Study, nothing_to_run, rows

_TEXTS = "properties of the texts, which have no licence and are not in this folder"
_HIDDEN = ("sub_problems_entries_each", "missing_part_text", "text_beyond_parts")


def figures(folder: Path, _results: Results) -> Mapping[Path_, Ours]:
    """Return the counts."""
    found: dict[Path_, Ours] = {}
    short: list[dict[str, Any]] = rows(folder / "rimo_n_facts.jsonl")
    proofs = rows(folder / "rimo_p_facts.jsonl")
    answers = Counter(row["answer"] for row in short)
    strange = [[row["problem_id"], row["answer"]] for row in short if not row["answer"].lstrip("-").isdigit()]
    found["RIMO-N", "n"] = len(short)
    found |= {("RIMO-N", "type", kind): count for kind, count in Counter(row["type"] for row in short).items()}
    found["RIMO-N", "distinct_answers"] = len(answers)
    found["RIMO-N", "not_whole_numbers"] = strange
    found["RIMO-N", "most_frequent_answer"] = list(answers.most_common(1)[0])
    parts = Counter(str(row["number_of_parts"]) for row in proofs)
    found["RIMO-P", "n"] = len(proofs)
    found |= {("RIMO-P", "number_of_parts", number): count for number, count in parts.items()}
    found["RIMO-P", "parts_in_all"] = sum(int(number) * count for number, count in parts.items())
    found |= {("RIMO-P", name): Skip(_TEXTS) for name in _HIDDEN}
    return found


STUDY = Study("rimo", nothing_to_run, figures)
