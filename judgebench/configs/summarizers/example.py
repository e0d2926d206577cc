"""The default table, under the name that AISBench users know."""

from mmengine.config import read_base

with read_base():
    from judgebench.configs.summarizers.default import summarizer
