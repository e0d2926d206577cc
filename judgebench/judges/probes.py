"""Linear probes: a score read from the hidden states of a small language model instead of from its words.

Representation-as-a-judge trains one probe per aspect (a standard scaler, then logistic regression or a linear support
vector machine) on pooled hidden states. Exported as arrays such a probe needs numpy alone; nothing is unpickled.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, NamedTuple

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Kind = Literal["lr", "linear_svm"]


class LinearProbe(NamedTuple):
    """One exported probe; d features, K classes.

    Attributes:
        kind: ``lr`` (one row of weights per class, or one for two classes) or ``linear_svm`` (one row per pair of
            classes).
        mean: Mean of every feature in training (d).
        scale: Standard deviation of every feature in training (d).
        coef: Weights: K × d, 1 × d, or K(K-1)/2 × d.
        intercept: One per row of ``coef``.
        classes: The K classes in order.
    """

    kind: Kind
    mean: NDArray[np.float64]
    scale: NDArray[np.float64]
    coef: NDArray[np.float64]
    intercept: NDArray[np.float64]
    classes: NDArray[Any]

    def predict(self, features: NDArray[np.float64]) -> list[Any]:
        """Return the class of each row of features (n × d).

        ``z = (x - mean) / scale``; logistic regression takes the greatest of ``z W' + b`` (its sign for two classes), a
        support vector machine lets every pair of classes vote and takes the first class with most votes.

        Raises:
            ValueError: The number of features, or of rows of weights, is not the probe's.
        """
        import numpy as np

        margins = self._margins(features)
        count = len(self.classes)
        if margins.shape[1] == 1 and count == 2:
            return [self.classes[int(margin > 0)].item() for margin in margins[:, 0]]
        if self.kind == "lr" and margins.shape[1] == count:
            return [self.classes[place].item() for place in np.argmax(margins, axis=1)]
        if self.kind != "linear_svm" or margins.shape[1] != count * (count - 1) // 2:
            raise ValueError(
                f"{margins.shape[1]} rows of weights do not fit {count} classes of a probe of kind {self.kind}"
            )
        pairs = [(one, other) for one in range(count) for other in range(one + 1, count)]
        votes = np.zeros((len(features), count), dtype=int)
        for column, (one, other) in enumerate(pairs):
            won = margins[:, column] > 0
            votes[:, one] += won
            votes[:, other] += ~won
        return [self.classes[place].item() for place in np.argmax(votes, axis=1)]

    def probabilities(self, features: NDArray[np.float64]) -> list[dict[str, float]]:
        """Return the probability of each class by its name, rounded to six digits, for each row of features.

        Logistic regression alone gives probabilities; for a support vector machine the dictionaries are empty.
        """
        import numpy as np

        if self.kind != "lr":
            return [{} for _ in features]
        margins = self._margins(features)
        if margins.shape[1] == 1:
            margins = np.hstack([np.zeros_like(margins), margins])
        odds = np.exp(margins - margins.max(axis=1, keepdims=True))
        shares = odds / odds.sum(axis=1, keepdims=True)
        names = [str(name) for name in self.classes.tolist()]
        return [{name: round(float(one), 6) for name, one in zip(names, row, strict=True)} for row in shares]

    def _margins(self, features: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the margins (n × rows of weights).

        Raises:
            ValueError: The number of features is not the probe's.
        """
        if features.ndim != 2 or features.shape[1] != len(self.mean):
            raise ValueError(f"the probe takes rows of {len(self.mean)} features, not an array of {features.shape}")
        found: NDArray[np.float64] = (features - self.mean) / self.scale @ self.coef.T + self.intercept
        return found
