"""A model that counts by itself."""

from counting import Counting

models = [dict(type=Counting, abbr="counting", wrong_from=4)]
