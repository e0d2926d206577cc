"""Rule-based checks: judge methods that ask nobody."""

from judgebench.judges.rules.accepted import AcceptedForms, ExactMatch
from judgebench.judges.rules.choices import ChoiceEqual
from judgebench.judges.rules.final_answer import FinalAnswerEqual
from judgebench.judges.rules.math_equal import MathEqual
from judgebench.judges.rules.numbers import NumberEqual

__all__ = ["AcceptedForms", "ChoiceEqual", "ExactMatch", "FinalAnswerEqual", "MathEqual", "NumberEqual"]
