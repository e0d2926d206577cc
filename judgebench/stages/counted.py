"""What extraction counts, put together part by part."""

from __future__ import annotations

from judgebench.metrics.played import Played
from judgebench.metrics.tally import Tally, outcome_of
from judgebench.plan.spec import Options
from judgebench.stages.evidence import Checked, Evidence
from judgebench.stages.peers import Agreements


class Counted:
    """What an extract task counts, over the whole data set or over a part of it.

    Args:
        repeats: Planned repeats per sample.
        options: Whether to keep one row per item and to report the extract rate.
        scale: Ends of the scale of the judge's scores, where they are declared.
        compared: Whose answers are compared, where two are.
    """

    def __init__(
        self,
        repeats: int,
        options: Options,
        *,
        scale: tuple[float, float] | None = None,
        compared: tuple[str, str] = ("", ""),
    ) -> None:
        self.tally = Tally(repeats, scale=scale)
        self.evidence = Evidence(
            keep_details=options.dump_details or options.small,
            extract_rate=options.dump_extract_rate,
            compared=compared,
        )
        self.agreements = Agreements()
        self.played = Played()

    def add(self, checked: Checked) -> None:
        """Take in one planned answer."""
        prediction = checked.prediction
        truncated = prediction is not None and prediction.finish_reason == "length"
        self.tally.add(
            outcome_of(
                checked.sample.id,
                checked.repeat,
                checked.verdict,
                truncated=truncated,
                rule=checked.rule,
                compared=checked.compared is not None,
            )
        )
        self.evidence.add(checked)
        if checked.compared is not None:
            self.played.add(checked.sample.id, checked.repeat, checked.verdict, checked.compared)

    def merge(self, later: Counted) -> None:
        """Take in what was counted over the samples that follow."""
        self.tally.merge(later.tally)
        self.evidence.merge(later.evidence)
        self.agreements.merge(later.agreements)
        self.played.merge(later.played)
