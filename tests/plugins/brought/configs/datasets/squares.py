"""Doubles of square numbers."""

from squares import Squares

from judgebench.judges import NumberEqual

squares_datasets = [dict(abbr="squares", type=Squares, upto=4, prompt="{question}", evaluator=dict(type=NumberEqual))]
