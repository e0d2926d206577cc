"""How likely each decision is as the first generated token."""

from __future__ import annotations

import math
from typing import ClassVar

import msgspec

from judgebench.errors import ConfigError
from judgebench.judges.parsers.reading import ConfiguredParser, Reading, unparsed
from judgebench.records.flow import Reply, TokenLogprob


class LogprobOfDecision(ConfiguredParser):
    r"""Reads the log-probabilities of the decisions' tokens at one generated position.

    ``p(decision) = sum over its tokens exp(l_t) / sum over all decisions' tokens exp(l_t)``; a token that is not among
    the reported ones counts as probability 0 (AlpacaEval 2's weighted annotator, Dubois et al. 2024). With two
    decisions the score is p of the first, and it is the decision where its p is at least ``threshold``. With more, the
    decision is the likeliest one. With ``points``, the score is ``sum p(decision) * points[decision]`` (G-Eval, Liu et
    al. 2023, eq. 1).
    """

    class Config(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
        """Keys of ``parser=dict(type="logprob_of_decision", ...)``.

        Attributes:
            decisions: By decision, the token or tokens that stand for it, spaces included (``" same"``).
            threshold: Least p of the first of two decisions for which it is given.
            points: Number by decision, for a weighted score; empty gives p of the first decision.
            position: Which generated token, from 0.
            least_mass: Least probability of all decisions' tokens together; below it the reply is unparsed.
        """

        decisions: dict[str, str | list[str]]
        threshold: float = 0.5
        points: dict[str, float] = {}
        position: int = 0
        least_mass: float = 0.0

    needs_logprobs: ClassVar[bool] = True
    config: Config

    def __init__(self, config: Config) -> None:
        self._tokens = {
            decision: [tokens] if isinstance(tokens, str) else tokens for decision, tokens in config.decisions.items()
        }
        every = [token for tokens in self._tokens.values() for token in tokens]
        if len(self._tokens) < 2 or not all(self._tokens.values()) or len(set(every)) != len(every):
            raise ConfigError(
                "parser logprob_of_decision: decisions must name two or more decisions, each with its own tokens."
            )
        if config.points and set(config.points) != set(self._tokens):
            raise ConfigError("parser logprob_of_decision: points must give a number for every decision and no other.")
        super().__init__(config)

    def decisions(self) -> list[str]:
        """Return the decisions in the order of the config."""
        return list(self._tokens)

    def read(self, reply: Reply) -> Reading:
        """Read the decisions' probabilities; ``probabilities`` holds them, ``values["mass"]`` what they share."""
        if not reply.logprobs:
            return unparsed("the service gave no log-probs")
        if len(reply.logprobs) <= self.config.position:
            return unparsed(f"the reply has no token {self.config.position}")
        mass = self._mass(reply.logprobs[self.config.position])
        total = sum(mass.values())
        if not math.isfinite(total) or total <= 0:
            return unparsed("no decision is among the likeliest tokens")
        if total < self.config.least_mass:
            return unparsed(f"the decisions' tokens have only {total:.3g} of the probability")
        shares = {decision: part / total for decision, part in mass.items()}
        decision = self._decision(shares)
        if decision is None:
            return unparsed("two decisions are equally likely")
        first = shares[next(iter(shares))]
        score = (
            sum(shares[name] * points for name, points in self.config.points.items()) if self.config.points else first
        )
        return Reading(
            status="ok", decision=decision, score=score, probabilities=shares, values={"mass": min(total, 1.0)}
        )

    def _mass(self, token: TokenLogprob) -> dict[str, float]:
        known = {token.token: token.logprob, **token.top}
        return {
            decision: sum(
                math.exp(min(known[one], 0.0)) for one in tokens if one in known and not math.isnan(known[one])
            )
            for decision, tokens in self._tokens.items()
        }

    def _decision(self, shares: dict[str, float]) -> str | None:
        names = list(shares)
        if len(names) == 2:
            return names[0] if shares[names[0]] >= self.config.threshold else names[1]
        best = max(shares.values())
        likeliest = [name for name in names if shares[name] == best]
        return likeliest[0] if len(likeliest) == 1 else None
