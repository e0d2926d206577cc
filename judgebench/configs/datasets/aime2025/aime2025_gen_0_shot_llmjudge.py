"""AIME 2025 with a judge model, under the long name that AISBench gives it."""

from mmengine.config import read_base

with read_base():
    from .aime2025_llmjudge import aime2025_datasets
