"""The shipped judge methods and what they are made of, by the names that configs write; see ``plugins.rooms``."""

from __future__ import annotations

METHODS = {
    "ContinuedJudge": "judgebench.judges.wrappers.continued:ContinuedJudge",
    "BiasChecked": "judgebench.judges.wrappers.bias_checked:BiasChecked",
    "BiasTest": "judgebench.judges.wrappers.bias_test:BiasTest",
    "Cascade": "judgebench.judges.wrappers.cascade:Cascade",
    "Compound": "judgebench.judges.wrappers.compound:Compound",
    "ContextualComparison": "judgebench.judges.methods.contextual_comparison:ContextualComparison",
    "ConversationScore": "judgebench.judges.methods.conversation:ConversationScore",
    "ConversationComparison": "judgebench.judges.methods.conversation:ConversationComparison",
    "CriteriaPoints": "judgebench.judges.methods.criteria_points:CriteriaPoints",
    "Debate": "judgebench.judges.methods.debate:Debate",
    "Consultancy": "judgebench.judges.methods.debate:Consultancy",
    "Deliberation": "judgebench.judges.methods.deliberation:Deliberation",
    "FiveAspects": "judgebench.judges.methods.five_aspects:FiveAspects",
    "Gated": "judgebench.judges.wrappers.gated:Gated",
    "ManyScores": "judgebench.judges.methods.many_scores:ManyScores",
    "PairComparison": "judgebench.judges.methods.pair_comparison:PairComparison",
    "Panel": "judgebench.judges.wrappers.panel:Panel",
    "PessimisticChoice": "judgebench.judges.methods.pessimistic_choice:PessimisticChoice",
    "Prepared": "judgebench.judges.methods.prepared:Prepared",
    "ReferenceVerifier": "judgebench.judges.methods.reference_verifier:ReferenceVerifier",
    "Probe": "judgebench.judges.methods.probe:Probe",
    "Repeated": "judgebench.judges.wrappers.repeated:Repeated",
    "RubricScore": "judgebench.judges.methods.rubric_score:RubricScore",
    "SolutionVerifier": "judgebench.judges.methods.solution_verifier:SolutionVerifier",
    "FirstWrongStep": "judgebench.judges.methods.steps:FirstWrongStep",
    "EveryStep": "judgebench.judges.methods.steps:EveryStep",
    "SwapResolved": "judgebench.judges.wrappers.swap_resolved:SwapResolved",
    "ThinkLonger": "judgebench.judges.wrappers.think_longer:ThinkLonger",
    "TwoScores": "judgebench.judges.methods.two_scores:TwoScores",
    "VerifiedJudge": "judgebench.judges.wrappers.verified:VerifiedJudge",
    "DeclaredJudge": "judgebench.judges.core.declared:DeclaredJudge",
    "AcceptedForms": "judgebench.judges.rules.accepted:AcceptedForms",
    "ChoiceEqual": "judgebench.judges.rules.choices:ChoiceEqual",
    "ExactMatch": "judgebench.judges.rules.accepted:ExactMatch",
    "FinalAnswerEqual": "judgebench.judges.rules.final_answer:FinalAnswerEqual",
    "MathEqual": "judgebench.judges.rules.math_equal:MathEqual",
    "NumberEqual": "judgebench.judges.rules.numbers:NumberEqual",
}
"""How a judge decides: ``method=dict(type=...)``; ``evaluator=dict(type=...)`` is one that never asks."""

VERDICT_PARSERS = {
    "aisbench_int_list": "judgebench.judges.parsers.aisbench_int_list:AisbenchIntList",
    "aisbench_last_char": "judgebench.judges.parsers.aisbench_last_char:AisbenchLastChar",
    "anchored": "judgebench.judges.parsers.anchored:Anchored",
    "boxed_last": "judgebench.judges.parsers.boxed_last:BoxedLast",
    "chosen_by": "judgebench.judges.parsers.chosen_by:ChosenBy",
    "first_line_numbers": "judgebench.judges.parsers.first_line_numbers:FirstLineNumbers",
    "first_line_two_numbers": "judgebench.judges.parsers.first_line_two_numbers:FirstLineTwoNumbers",
    "first_match": "judgebench.judges.parsers.first_match:FirstMatch",
    "first_readable": "judgebench.judges.parsers.first_readable:FirstReadable",
    "json_field": "judgebench.judges.parsers.json_field:JsonField",
    "last_lines_two_numbers": "judgebench.judges.parsers.last_lines_two_numbers:LastLinesTwoNumbers",
    "last_match": "judgebench.judges.parsers.last_match:LastMatch",
    "letter_order": "judgebench.judges.parsers.letter_order:LetterOrder",
    "logprob_of_decision": "judgebench.judges.parsers.logprob_of_decision:LogprobOfDecision",
    "opencompass_first_ab": "judgebench.judges.parsers.opencompass_first_ab:OpencompassFirstAb",
    "regex_table": "judgebench.judges.parsers.regex_table:RegexTable",
    "score_line": "judgebench.judges.parsers.score_line:ScoreLine",
    "score_list": "judgebench.judges.parsers.score_list:ScoreList",
    "step_list": "judgebench.judges.parsers.step_list:StepList",
    "tagged": "judgebench.judges.parsers.tagged:Tagged",
    "trailing_int": "judgebench.judges.parsers.trailing_int:TrailingInt",
    "unique_decision": "judgebench.judges.parsers.unique_decision:UniqueDecision",
    "word_scale": "judgebench.judges.parsers.word_scale:WordScale",
    "viescore_list": "judgebench.judges.parsers.viescore_list:ViescoreList",
}
"""What reads the verdict in a reply: ``parser="anchored"`` or ``parser=dict(type=...)``."""

AGGREGATIONS = {
    "first": "judgebench.judges.aggregations:first",
    "counter": "judgebench.judges.aggregations:counter",
    "both_or_tie": "judgebench.judges.aggregations:both_or_tie",
    "both_required": "judgebench.judges.aggregations:both_required",
    "each_counts": "judgebench.judges.aggregations:each_counts",
    "weighted_pool": "judgebench.judges.aggregations:weighted_pool",
    "majority": "judgebench.judges.aggregations:majority",
    "unanimous": "judgebench.judges.aggregations:unanimous",
    "mean_score": "judgebench.judges.aggregations:mean_score",
    "median_score": "judgebench.judges.aggregations:median_score",
    "logprob_mean": "judgebench.judges.aggregations:logprob_mean",
    "min_score": "judgebench.judges.aggregations:min_score",
    "max_score": "judgebench.judges.aggregations:max_score",
    "geometric_mean": "judgebench.judges.aggregations:geometric_mean",
    "higher_score": "judgebench.judges.aggregations:higher_score",
}
"""What makes one decision of several readings: ``aggregate=dict(type=...)``."""

EXTRACTORS = {
    "BoxedAnswer": "judgebench.judges.rules.answers:BoxedAnswer",
    "LastNumber": "judgebench.judges.rules.answers:LastNumber",
    "ChoiceLetter": "judgebench.judges.rules.answers:ChoiceLetter",
    "FirstLine": "judgebench.judges.rules.answers:FirstLine",
    "WholeText": "judgebench.judges.rules.answers:WholeText",
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
