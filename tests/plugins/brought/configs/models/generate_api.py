"""A service of another protocol."""

from generate_api import GenerateAPI

models = [dict(type=GenerateAPI, abbr="generating", model="g", url="${GENERATE_URL}", mood="calm", batch_size=2)]
