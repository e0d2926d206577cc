"""Krippendorff's alpha, equal to the package ``krippendorff``."""

from __future__ import annotations

import numpy as np
import pytest

from judgebench.metrics.statistics.ordinal import Level, krippendorff_alpha
from tests.metrics.conformance.draws import DRAWS, Later, generators, worst

package = Later("krippendorff")


@pytest.mark.parametrize("level", ["nominal", "ordinal", "interval"])
def test_alpha_with_missing_ratings(level: Level) -> None:
    found = []
    for rng in generators(3):
        raters, items, values = (int(one) for one in rng.integers([2, 2, 2], [6, 20, 6]))
        truth = rng.integers(0, values, items)
        same = rng.random((raters, items)) < 0.6
        table = np.where(same, truth, rng.integers(0, values, (raters, items))).astype(float)
        table[rng.random((raters, items)) < 0.2] = np.nan
        units = [[float(one) for one in column if not np.isnan(one)] for column in table.T]
        if len({one for unit in units if len(unit) > 1 for one in unit}) < 2:
            continue
        ours = krippendorff_alpha(units, level)
        assert ours is not None
        found.append(abs(ours - package.alpha(reliability_data=table, level_of_measurement=level)))
    assert worst(found, least=8 * DRAWS // 10) < 1e-9
