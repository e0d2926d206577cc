"""Fitting a probe: layer, pooling and regularization chosen inside the training part, figures on the held-out part.

Whatever is chosen is chosen by cross-validation on the training part alone. A score that has itself been selected among
many is too good: on the probing sets of INSPECTOR it fell from .43 to .32 and from .82 to .69 on items held out. So the
held-out figures are the only ones that are reported as the probe's.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from judgebench.errors import missing_extra
from judgebench.judges.probes import LinearProbe

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

STRENGTHS = (0.001, 0.01, 0.1, 1.0)
"""Inverse strengths of the regularization that are compared (C of logistic regression)."""
_RESAMPLES = 1000


class Split(NamedTuple):
    """Indices of the training part and of the part that is held out."""

    train: NDArray[np.int64]
    test: NDArray[np.int64]


class ProbeChoice(NamedTuple):
    """What cross-validation chose: index of the layer, of the pool, inverse strength, and its (selected) macro F1."""

    layer: int
    pool: int
    strength: float
    selected: float


class Figures(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How well predictions fit the labels of held-out items.

    Attributes:
        macro_f1: Mean of the F1 of the classes. ``weighted_f1``: weighted by how many items a class has.
        accuracy: Share of equal labels: the agreement with the teacher.
        macro_f1_interval: 95 % interval by resampling groups; likewise the others.
        by_seed: Macro F1 of every split, this one first.
        note: What must be known beside them.
    """

    macro_f1: float
    weighted_f1: float
    accuracy: float
    macro_f1_interval: tuple[float, float] | None = None
    weighted_f1_interval: tuple[float, float] | None = None
    accuracy_interval: tuple[float, float] | None = None
    by_seed: list[float] = []
    note: str = ""


def check_sklearn() -> None:
    """Refuse to train without scikit-learn, before anything is asked.

    Raises:
        MissingExtraError: It is not installed.
    """
    try:
        import sklearn  # noqa: F401
    except ModuleNotFoundError as error:
        raise missing_extra("scikit-learn", "probe", "training a probe") from error


def split_by_group(labels: NDArray[Any], groups: Sequence[str], *, share: float, seed: int) -> Split:
    """Hold out about a share of the items, stratified by label; all items of a group are on one side."""
    import numpy as np
    from sklearn.model_selection import StratifiedGroupKFold

    parts = max(2, round(1 / share))
    drawn = StratifiedGroupKFold(n_splits=parts, shuffle=True, random_state=seed)
    train, test = next(iter(drawn.split(np.zeros(len(labels)), [str(one) for one in labels], groups)))
    return Split(train, test)


def fitted(features: NDArray[Any], labels: NDArray[Any], strength: float) -> LinearProbe:
    """Standardise the features and fit logistic regression.

    Args:
        features: n × d.
        labels: n labels, words or numbers.
        strength: C of scikit-learn.
    """
    import numpy as np
    from sklearn.linear_model import LogisticRegression

    wide = features.astype(np.float64)
    mean, scale = wide.mean(axis=0), wide.std(axis=0)
    scale = np.where(scale > 0, scale, 1.0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # one that has not converged is judged by its score, like any other
        model = LogisticRegression(C=strength, max_iter=500).fit((wide - mean) / scale, labels)
    return LinearProbe("lr", mean, scale, model.coef_, model.intercept_, model.classes_)


def choose(
    states: NDArray[Any], labels: NDArray[Any], groups: Sequence[str], *, cv_parts: int, seed: int
) -> ProbeChoice:
    """Return layer, pool and strength with the best macro F1 in cross-validation.

    Args:
        states: n × layers × pools × width, of the training part alone.
        labels: n labels.
        groups: n groups, which no fold parts.
        cv_parts: Number of parts.
        seed: Of the parts.
    """
    _, layers, pools, _ = states.shape
    parts = _parts(labels, groups, cv_parts=cv_parts, seed=seed)
    best: ProbeChoice | None = None
    for layer in range(layers):
        for pool in range(pools):
            for strength in STRENGTHS:
                score = _cross_validated(strength, states[:, layer, pool], labels, parts)
                if best is None or score > best.selected + 1e-12:
                    best = ProbeChoice(layer, pool, strength, score)
    assert best is not None
    return best


def _parts(labels: NDArray[Any], groups: Sequence[str], *, cv_parts: int, seed: int) -> list[Split]:
    import numpy as np
    from sklearn.model_selection import StratifiedGroupKFold

    rarest = min(int((labels == one).sum()) for one in set(labels.tolist()))
    count = max(2, min(cv_parts, rarest, len(set(groups))))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        drawn = StratifiedGroupKFold(n_splits=count, shuffle=True, random_state=seed)
        parts = [Split(*one) for one in drawn.split(np.zeros(len(labels)), labels.astype(str), groups)]
    return [one for one in parts if len(set(labels[one.train].tolist())) > 1 and len(one.test)]


def _cross_validated(strength: float, features: NDArray[Any], labels: NDArray[Any], parts: Sequence[Split]) -> float:
    """Return the macro F1 over the predictions of all parts together."""
    predicted: list[Any] = []
    truth: list[Any] = []
    for train, test in parts:
        predicted += fitted(features[train], labels[train], strength).predict(features[test].astype("float64"))
        truth += labels[test].tolist()
    return scored(truth, predicted, sorted(set(labels.tolist()))).macro_f1 if truth else 0.0


def scored(
    truth: Sequence[Any], predicted: Sequence[Any], classes: Sequence[Any], groups: Sequence[str] = ()
) -> Figures:
    """Return macro and weighted F1 and accuracy; with groups, 95 % intervals by resampling them (1000 times, seed 0).

    Args:
        truth: The teacher's labels.
        predicted: Predictions; one that is none of the classes (an unread reply) is wrong and nothing else.
        classes: All labels.
        groups: Group of every item.
    """
    import numpy as np

    cells = _cells(truth, predicted, classes)
    macro, weighted, accuracy = _figures(cells, len(classes))
    found = Figures(macro_f1=macro, weighted_f1=weighted, accuracy=accuracy)
    if not groups:
        return found
    drawn = [_figures(cells[chosen], len(classes)) for chosen in _resampled(groups)]
    low, high = np.quantile(np.array(drawn), [0.025, 0.975], axis=0)
    ends = [(float(a), float(b)) for a, b in zip(low, high, strict=True)]
    return msgspec.structs.replace(
        found, macro_f1_interval=ends[0], weighted_f1_interval=ends[1], accuracy_interval=ends[2]
    )


def difference(
    truth: Sequence[Any], predicted: Sequence[Any], other: Sequence[Any], classes: Sequence[Any], groups: Sequence[str]
) -> tuple[float, float, float]:
    """Return by how much the macro F1 of predictions exceeds that of others on the same items, with a 95 % interval."""
    import numpy as np

    ours, theirs = _cells(truth, predicted, classes), _cells(truth, other, classes)
    width = len(classes)
    drawn = [_figures(ours[one], width)[0] - _figures(theirs[one], width)[0] for one in _resampled(groups)]
    low, high = np.quantile(drawn, [0.025, 0.975])
    return _figures(ours, width)[0] - _figures(theirs, width)[0], float(low), float(high)


def _cells(truth: Sequence[Any], predicted: Sequence[Any], classes: Sequence[Any]) -> NDArray[Any]:
    """Return the cell of every item in the table of labels × predictions; the last column holds what is no class."""
    import numpy as np

    place = {one: number for number, one in enumerate(classes)}
    width = len(classes) + 1
    pairs = zip(truth, predicted, strict=True)
    return np.array([place[right] * width + place.get(said, len(classes)) for right, said in pairs])


def _figures(cells: NDArray[Any], classes: int) -> tuple[float, float, float]:
    """Return macro F1 over the classes that occur, weighted F1 and accuracy."""
    import numpy as np

    table = np.bincount(cells, minlength=classes * (classes + 1)).reshape(classes, classes + 1)
    hits, of_class, said = np.diag(table), table.sum(axis=1), table[:, :-1].sum(axis=0)
    f1 = 2 * hits / np.maximum(1, of_class + said)
    present = (of_class + said) > 0
    total = max(1, int(of_class.sum()))
    return float(f1[present].mean()), float((f1 * of_class).sum() / total), float(hits.sum() / total)


def _resampled(groups: Sequence[str]) -> Iterator[list[int]]:
    """Yield the indices of 1000 draws of as many groups as there are, with replacement."""
    import numpy as np

    members: dict[str, list[int]] = {}
    for number, one in enumerate(groups):
        members.setdefault(one, []).append(number)
    of_group = list(members.values())
    dice = np.random.default_rng(0)
    for _ in range(_RESAMPLES):
        yield [index for group in dice.integers(len(of_group), size=len(of_group)) for index in of_group[group]]


def by_length(texts: Sequence[str]) -> NDArray[Any]:
    """Return two features of each text that say nothing but how long it is: logarithms of characters and words."""
    import numpy as np

    return np.array([[np.log1p(len(text)), np.log1p(len(text.split()))] for text in texts])


def predicted_by_features(
    features: NDArray[Any], labels: NDArray[Any], groups: Sequence[str], split: Split, *, cv_parts: int, seed: int
) -> list[Any]:
    """Return predictions for the held-out part from plain features, their strength chosen inside the training part."""
    states = features[:, None, None, :]
    picked = choose(
        states[split.train], labels[split.train], [groups[n] for n in split.train], cv_parts=cv_parts, seed=seed
    )
    return fitted(features[split.train], labels[split.train], picked.strength).predict(
        features[split.test].astype("float64")
    )


def predicted_by_words(
    texts: Sequence[str], labels: NDArray[Any], groups: Sequence[str], split: Split, *, cv_parts: int, seed: int
) -> list[Any]:
    """Return predictions for the held-out part from TF-IDF of words and pairs of words (logistic regression)."""
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline

    train = [texts[n] for n in split.train]
    own = [groups[n] for n in split.train]
    parts = _parts(labels[split.train], own, cv_parts=cv_parts, seed=seed)
    classes = sorted(set(labels.tolist()))

    def pipe(strength: float) -> Any:
        words = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True, min_df=1)
        return make_pipeline(words, LogisticRegression(C=strength, max_iter=500))

    best, most = 1.0, -1.0
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for strength in (0.1, 1.0, 10.0, 100.0):
            predicted: list[Any] = []
            truth: list[Any] = []
            for inner, outer in parts:
                fit = pipe(strength).fit([train[n] for n in inner], labels[split.train][inner])
                predicted += fit.predict([train[n] for n in outer]).tolist()
                truth += labels[split.train][outer].tolist()
            score = scored(truth, predicted, classes).macro_f1 if truth else 0.0
            if score > most:
                best, most = strength, score
        whole = pipe(best).fit(train, labels[split.train])
    return list(whole.predict([texts[n] for n in split.test]).tolist())
