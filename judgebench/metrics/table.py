"""The shipped metrics and scores by name; see ``plugins.rooms``."""

from __future__ import annotations

METRICS = {
    "accuracy": "judgebench.metrics.rates.accuracy:accuracy",
    "invalid_rate": "judgebench.metrics.rates.accuracy:invalid_rate",
    "unscored_rate": "judgebench.metrics.rates.accuracy:unscored_rate",
    "weighted_accuracy": "judgebench.metrics.rates.accuracy:weighted_accuracy",
    "mean_score": "judgebench.metrics.rates.accuracy:mean_score",
    "agreement": "judgebench.metrics.rates.agreement:agreement",
    "kappa": "judgebench.metrics.rates.agreement:kappa",
    "false_positive_rate": "judgebench.metrics.rates.agreement:false_positive_rate",
    "false_negative_rate": "judgebench.metrics.rates.agreement:false_negative_rate",
    "score_shift": "judgebench.metrics.rates.agreement:score_shift",
    "pessimistic_at_k": "judgebench.metrics.rates.chosen:pessimistic_at_k",
    "best_mean_at_k": "judgebench.metrics.rates.chosen:best_mean_at_k",
    "weighted_majority_at_k": "judgebench.metrics.rates.chosen:weighted_majority_at_k",
    "accuracy_ppi": "judgebench.metrics.rates.correction:accuracy_ppi",
    "accuracy_rogan_gladen": "judgebench.metrics.rates.correction:accuracy_rogan_gladen",
    "win_rate": "judgebench.metrics.rates.preferences:win_rate",
    "tie_rate": "judgebench.metrics.rates.preferences:tie_rate",
    "accuracy_n_runs_average": "judgebench.metrics.rates.repeats:accuracy_n_runs_average",
    "avg_at_n": "judgebench.metrics.rates.repeats:avg_at_n",
    "pass_at_k": "judgebench.metrics.rates.repeats:pass_at_k",
    "pass_all_at_k": "judgebench.metrics.rates.repeats:pass_all_at_k",
    "maj_correct_at_k": "judgebench.metrics.rates.repeats:maj_correct_at_k",
    "cons_at_k": "judgebench.metrics.rates.repeats:cons_at_k",
}
"""Functions of the tally of outcomes. A config writes ``pass_at_k`` as ``pass@k``; see ``metrics.rates.named``."""

SCORES = {
    "AspectScore": "judgebench.metrics.scores.aspect_score:AspectScore",
    "AttemptScore": "judgebench.metrics.scores.attempt_score:AttemptScore",
    "BiasScore": "judgebench.metrics.scores.bias_score:BiasScore",
    "CalibrationScore": "judgebench.metrics.scores.calibration_score:CalibrationScore",
    "EvennessScore": "judgebench.metrics.scores.evenness_score:EvennessScore",
    "EvidenceScore": "judgebench.metrics.scores.evidence_score:EvidenceScore",
    "FilterScore": "judgebench.metrics.scores.filter_score:FilterScore",
    "GradedScore": "judgebench.metrics.scores.graded_score:GradedScore",
    "InstructionScore": "judgebench.metrics.scores.instruction_score:InstructionScore",
    "ListScore": "judgebench.metrics.scores.list_score:ListScore",
    "ComparisonScore": "judgebench.metrics.scores.comparison_score:ComparisonScore",
    "OrderScore": "judgebench.metrics.scores.order_score:OrderScore",
    "PairScore": "judgebench.metrics.scores.pair_score:PairScore",
    "PointScore": "judgebench.metrics.scores.point_score:PointScore",
    "PositionScore": "judgebench.metrics.scores.position_score:PositionScore",
    "PreferenceScore": "judgebench.metrics.scores.preference_score:PreferenceScore",
    "RaterPairsScore": "judgebench.metrics.scores.rater_pairs_score:RaterPairsScore",
    "RubricPointsScore": "judgebench.metrics.scores.rubric_points_score:RubricPointsScore",
    "ScaleScore": "judgebench.metrics.scores.scale_score:ScaleScore",
    "StepScore": "judgebench.metrics.scores.step_score:StepScore",
    "TiesScore": "judgebench.metrics.scores.ties_score:TiesScore",
    "TogetherScore": "judgebench.metrics.scores.together_score:TogetherScore",
    "TreeScore": "judgebench.metrics.scores.tree_score:TreeScore",
    "VerifierScore": "judgebench.metrics.scores.verifier_score:VerifierScore",
    "WinScore": "judgebench.metrics.scores.win_score:WinScore",
}
"""Figures of benchmarks of judges: ``score=dict(type=...)``."""
