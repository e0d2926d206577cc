from __future__ import annotations

import re
from pathlib import Path

from judgebench.metrics.rates.named import metric_names

PAGE = Path(__file__).parents[2] / "docs" / "metrics.md"


def test_the_page_on_metrics_lists_every_metric() -> None:
    """What a config may name is documented, and nothing else is."""
    text = PAGE.read_text("utf-8")
    table = text[text.index("## Names that") : text.index("In the vote of")]
    rows = [line.split("|")[1] for line in table.splitlines() if line.startswith("| `")]
    documented = {name for row in rows for name in re.findall(r"`([^`]+)`", row)}
    assert documented == set(metric_names())
