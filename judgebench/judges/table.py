"""The shipped judge methods and what they are made of, by the names that configs write; see ``plugins.rooms``."""

from __future__ import annotations

METHODS = {
    "AskedToGoOn": "judgebench.judges.asked_to_go_on:AskedToGoOn",
    "BiasChecked": "judgebench.judges.bias_checked:BiasChecked",
    "BiasTest": "judgebench.judges.bias_test:BiasTest",
    "Cascade": "judgebench.judges.cascade:Cascade",
    "Compound": "judgebench.judges.compound:Compound",
    "ContextualComparison": "judgebench.judges.contextual_comparison:ContextualComparison",
    "ConversationScore": "judgebench.judges.conversation:ConversationScore",
    "ConversationComparison": "judgebench.judges.conversation:ConversationComparison",
    "CriteriaPoints": "judgebench.judges.criteria_points:CriteriaPoints",
    "Debate": "judgebench.judges.debate:Debate",
    "Consultancy": "judgebench.judges.debate:Consultancy",
    "Deliberation": "judgebench.judges.deliberation:Deliberation",
    "Gated": "judgebench.judges.gated:Gated",
    "ManyScores": "judgebench.judges.many_scores:ManyScores",
    "PairComparison": "judgebench.judges.pair_comparison:PairComparison",
    "Panel": "judgebench.judges.panel:Panel",
    "PessimisticChoice": "judgebench.judges.pessimistic_choice:PessimisticChoice",
    "Prepared": "judgebench.judges.prepared:Prepared",
    "ReferenceVerifier": "judgebench.judges.reference_verifier:ReferenceVerifier",
    "Repeated": "judgebench.judges.repeated:Repeated",
    "RubricScore": "judgebench.judges.rubric_score:RubricScore",
    "SolutionVerifier": "judgebench.judges.solution_verifier:SolutionVerifier",
    "FirstWrongStep": "judgebench.judges.steps:FirstWrongStep",
    "EveryStep": "judgebench.judges.steps:EveryStep",
    "SwapResolved": "judgebench.judges.swap_resolved:SwapResolved",
    "ThinkLonger": "judgebench.judges.think_longer:ThinkLonger",
    "TwoScores": "judgebench.judges.two_scores:TwoScores",
    "VerifiedJudge": "judgebench.judges.verified:VerifiedJudge",
    "Viewed": "judgebench.judges.viewed:Viewed",
    "AcceptedForms": "judgebench.judges.rules.accepted:AcceptedForms",
    "ChoiceEqual": "judgebench.judges.rules.choices:ChoiceEqual",
    "ExactMatch": "judgebench.judges.rules.accepted:ExactMatch",
    "FinalAnswerEqual": "judgebench.judges.rules.final_answer:FinalAnswerEqual",
    "MathEqual": "judgebench.judges.rules.math_equal:MathEqual",
    "NumberEqual": "judgebench.judges.rules.numbers:NumberEqual",
}
"""How a judge decides: ``method=dict(type=...)``; ``evaluator=dict(type=...)`` is one that never asks."""

VERDICT_PARSERS = {
    "aisbench_last_char": "judgebench.judges.grammars.aisbench_last_char:AisbenchLastChar",
    "anchored": "judgebench.judges.grammars.anchored:Anchored",
    "boxed_last": "judgebench.judges.grammars.boxed_last:BoxedLast",
    "chosen_by": "judgebench.judges.grammars.chosen_by:ChosenBy",
    "first_line_numbers": "judgebench.judges.grammars.first_line_numbers:FirstLineNumbers",
    "first_line_two_numbers": "judgebench.judges.grammars.first_line_two_numbers:FirstLineTwoNumbers",
    "first_match": "judgebench.judges.grammars.first_match:FirstMatch",
    "first_readable": "judgebench.judges.grammars.first_readable:FirstReadable",
    "json_field": "judgebench.judges.grammars.json_field:JsonField",
    "last_lines_two_numbers": "judgebench.judges.grammars.last_lines_two_numbers:LastLinesTwoNumbers",
    "last_match": "judgebench.judges.grammars.last_match:LastMatch",
    "logprob_of_label": "judgebench.judges.grammars.logprob_of_label:LogprobOfLabel",
    "opencompass_first_ab": "judgebench.judges.grammars.opencompass_first_ab:OpencompassFirstAb",
    "regex_table": "judgebench.judges.grammars.regex_table:RegexTable",
    "score_line": "judgebench.judges.grammars.score_line:ScoreLine",
    "step_list": "judgebench.judges.grammars.step_list:StepList",
    "tagged": "judgebench.judges.grammars.tagged:Tagged",
    "trailing_int": "judgebench.judges.grammars.trailing_int:TrailingInt",
    "unique_label": "judgebench.judges.grammars.unique_label:UniqueLabel",
}
"""What reads the verdict in a reply: ``grammar="anchored"`` or ``grammar=dict(type=...)``."""

AGGREGATIONS = {
    "first": "judgebench.judges.folds:first",
    "counter": "judgebench.judges.folds:counter",
    "both_or_tie": "judgebench.judges.folds:both_or_tie",
    "both_required": "judgebench.judges.folds:both_required",
    "each_counts": "judgebench.judges.folds:each_counts",
    "weighted_pool": "judgebench.judges.folds:weighted_pool",
    "majority": "judgebench.judges.folds:majority",
    "unanimous": "judgebench.judges.folds:unanimous",
    "mean_score": "judgebench.judges.folds:mean_score",
    "median_score": "judgebench.judges.folds:median_score",
    "logprob_mean": "judgebench.judges.folds:logprob_mean",
    "min_score": "judgebench.judges.folds:min_score",
    "max_score": "judgebench.judges.folds:max_score",
    "higher_score": "judgebench.judges.score_folds:higher_score",
}
"""What makes one decision of several readings: ``fold=dict(type=...)``."""

EXTRACTORS = {
    "BoxedAnswer": "judgebench.judges.answers:BoxedAnswer",
    "LastNumber": "judgebench.judges.answers:LastNumber",
    "ChoiceLetter": "judgebench.judges.answers:ChoiceLetter",
    "FirstLine": "judgebench.judges.answers:FirstLine",
    "WholeText": "judgebench.judges.answers:WholeText",
}
"""What takes the final answer out of a text: ``extractor=dict(type=...)``."""

PERTURBATIONS = {
    "authority": "judgebench.judges.perturbations.authority:Authority",
    "bandwagon": "judgebench.judges.perturbations.bandwagon:Bandwagon",
    "cheerful_tone": "judgebench.judges.perturbations.cheerful_tone:CheerfulTone",
    "distraction": "judgebench.judges.perturbations.distraction:Distraction",
    "injection": "judgebench.judges.perturbations.injection:Injection",
    "markdown": "judgebench.judges.perturbations.markdown:Markdown",
    "name_swap": "judgebench.judges.perturbations.name_swap:NameSwap",
    "null_answer": "judgebench.judges.perturbations.null_answer:NullAnswer",
    "option_rename": "judgebench.judges.perturbations.option_rename:OptionRename",
    "position": "judgebench.judges.perturbations.position:Position",
    "refusal": "judgebench.judges.perturbations.refusal:Refusal",
    "self_enhancement": "judgebench.judges.perturbations.self_enhancement:SelfEnhancement",
    "superficial_reflection": "judgebench.judges.perturbations.superficial_reflection:SuperficialReflection",
    "verbosity": "judgebench.judges.perturbations.verbosity:Verbosity",
}
"""Changes of judged items that tell a bias: ``perturbations=["bandwagon"]`` of ``BiasTest``."""
