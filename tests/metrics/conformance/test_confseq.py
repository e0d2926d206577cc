"""Capitals of bettors, equal to ``confseq`` 0.0.11, the package of the authors of the method.

The package has no wheel for this Python and does not know NumPy 2, so its values are frozen: ``log`` of
``diversified_betting_mart(x, m, stakes, theta=1, trunc_scale=1, N=total)``, a stake being ``part / mu_t(x, m, N)``,
at the last item at which both are finite. On 1,000 draws the greatest difference was 7e-14. They differ on purpose
where a mean has become impossible: ours is infinite from the item that makes it so, theirs from the next. The empirical
Bernstein sequence is that of the paper (plug-in mean with one half before the first item); the package starts its mean
at 0.

``expectation`` 0.6.1 needs Python 3.12, and says the same: on 1,000 of these draws (39,714 items, with and without
replacement) the logarithms of its e-processes differ from ours by at most 2e-14. What was taken is the mean over the
stakes of an ``EProcess`` each, with ``BettingStrategy.CONSERVATIVE`` and the stake as ``conservative_lambda``; the
e-value of an item is the item divided by what its mean would be if that of all were the bound. Its confidence sequences
are mixtures (S. R. Howard et al. 2021) and no bets, so ours have nothing to be compared with there.
"""

from __future__ import annotations

from judgebench.metrics.statistics.betting import log_capital
from tests.metrics.conformance.draws import generators

FROZEN = [
    (48, -1.338169249512), (39, 37.446658726702), (56, 17.539032548811), (47, 22.681262592047),
    (45, -1.552597731745), (56, 25.005941409047), (52, -1.655649720022), (68, 15.619951903589),
    (73, 11.971588001869), (31, 47.04969117677), (16, 11.438940671461), (23, 23.137615796155), (48, -1.555840568383),
    (23, -0.129468033355), (66, 3.377307311096), (29, 26.469640412777), (69, -1.52264374982), (60, 9.678013098558),
    (53, -1.665012104717), (21, -0.98580190624), (18, -1.12642139769), (50, -1.505137796071), (35, -1.469335441747),
    (59, -1.215608881446), (73, -1.11551820912), (39, 4.700481802643), (48, 2.619153730327), (13, -0.950056473012),
    (17, 14.302355930508), (12, -0.676835442534), (51, -0.366162577661), (10, -0.45732681447), (73, 11.911252782974),
    (61, -1.282445829951), (5, -0.382741649039), (18, -1.166075433754), (11, 1.826219889603), (35, -1.335275955418),
    (4, 0.018810837935), (32, 4.835747964845),
]  # fmt: skip
"""Item, and the logarithm of the capital after it, for each draw."""


def test_the_capital_of_a_bettor() -> None:
    worst = 0.0
    for rng, (at, expected) in zip(generators(31, len(FROZEN)), FROZEN, strict=True):
        n = int(rng.integers(5, 80))
        total = n + int(rng.integers(1, 60)) if rng.random() < 0.5 else None
        values, bound = rng.random(n), float(rng.uniform(0.1, 0.9))
        worst = max(worst, abs(float(log_capital(values, bound, total=total)[at]) - expected))
    assert worst < 1e-9
