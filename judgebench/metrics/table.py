"""The shipped metrics and scores by name; see ``plugins.rooms``."""

from __future__ import annotations

METRICS = {
    "accuracy": "judgebench.metrics.accuracy:accuracy",
    "invalid_rate": "judgebench.metrics.accuracy:invalid_rate",
    "unscored_rate": "judgebench.metrics.accuracy:unscored_rate",
    "weighted_accuracy": "judgebench.metrics.accuracy:weighted_accuracy",
    "mean_score": "judgebench.metrics.accuracy:mean_score",
    "agreement": "judgebench.metrics.agreement:agreement",
    "kappa": "judgebench.metrics.agreement:kappa",
    "false_positive_rate": "judgebench.metrics.agreement:false_positive_rate",
    "false_negative_rate": "judgebench.metrics.agreement:false_negative_rate",
    "score_shift": "judgebench.metrics.agreement:score_shift",
    "pessimistic_at_k": "judgebench.metrics.chosen:pessimistic_at_k",
    "best_mean_at_k": "judgebench.metrics.chosen:best_mean_at_k",
    "weighted_majority_at_k": "judgebench.metrics.chosen:weighted_majority_at_k",
    "accuracy_ppi": "judgebench.metrics.correction:accuracy_ppi",
    "accuracy_rogan_gladen": "judgebench.metrics.correction:accuracy_rogan_gladen",
    "win_rate": "judgebench.metrics.preferences:win_rate",
    "tie_rate": "judgebench.metrics.preferences:tie_rate",
    "accuracy_n_runs_average": "judgebench.metrics.repeats:accuracy_n_runs_average",
    "avg_at_n": "judgebench.metrics.repeats:avg_at_n",
    "pass_at_k": "judgebench.metrics.repeats:pass_at_k",
    "pass_all_at_k": "judgebench.metrics.repeats:pass_all_at_k",
    "maj_correct_at_k": "judgebench.metrics.repeats:maj_correct_at_k",
    "cons_at_k": "judgebench.metrics.repeats:cons_at_k",
}
"""Functions of the tally of outcomes. A config writes ``pass_at_k`` as ``pass@k``; see ``metrics.named``."""

SCORES = {
    "BiasScore": "judgebench.metrics.bias_score:BiasScore",
    "EvidenceScore": "judgebench.metrics.evidence_score:EvidenceScore",
    "ListScore": "judgebench.metrics.list_score:ListScore",
    "MatchScore": "judgebench.metrics.match_score:MatchScore",
    "PairScore": "judgebench.metrics.pair_score:PairScore",
    "PointScore": "judgebench.metrics.point_score:PointScore",
    "PreferenceScore": "judgebench.metrics.preference_score:PreferenceScore",
    "StepScore": "judgebench.metrics.step_score:StepScore",
    "TiesScore": "judgebench.metrics.ties_score:TiesScore",
    "VerifierScore": "judgebench.metrics.verifier_score:VerifierScore",
    "WinScore": "judgebench.metrics.win_score:WinScore",
}
"""Figures of benchmarks of judges: ``score=dict(type=...)``."""
