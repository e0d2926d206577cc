"""The five aspects of a reasoned answer (ROSCOE; INSPECTOR), in our own words.

Sources: Golovneva et al., "ROSCOE: A Suite of Metrics for Scoring Step-by-Step Reasoning", ICLR 2023; Li et al.,
"Representation-as-a-Judge", ICLR 2026. The words are this project's; the prompts of either paper are not used.
"""

from __future__ import annotations

ASPECTS: dict[str, str] = {
    "semantic_consistency": "Semantic consistency: every step keeps to what the question says. Nothing is added that "
    "the question does not give, no number or name is changed, and the steps mean the same things by the same words.",
    "logicality": "Logicality: each step follows from the question and the steps before it. There is no gap, no step "
    "that contradicts another one, and the conclusion is what the steps lead to.",
    "informativeness": "Informativeness: the answer says all that is needed to follow it and to reach its conclusion, "
    "and nothing is only repeated or beside the point.",
    "fluency": "Fluency: the text is easy to read, its grammar is right and its sentences are complete.",
    "factuality": "Factuality: what the answer states and calculates is true, of the world and of the question.",
}
"""Name of each aspect to what it asks for; both the teacher's prompt and the probe's text show it."""
