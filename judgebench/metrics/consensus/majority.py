"""Consensus by majority: each judge has one vote, and decisions with as many votes share the item."""

from __future__ import annotations

import numpy as np

from judgebench.metrics.consensus.votes import Consensus, Votes, consensus_of


def majority(votes: Votes) -> Consensus:
    """Return the consensus of most judges; an item without a vote is shared by all decisions.

    Source: N. de Condorcet (1785), Essai sur l'application de l'analyse.
    """
    counts = np.stack([(votes.table == at).sum(axis=1) for at in range(len(votes.decisions))], axis=1)
    most = counts == counts.max(axis=1, keepdims=True)
    return consensus_of(votes, most / most.sum(axis=1, keepdims=True))
