"""Data sets that are first of all on the Hugging Face hub."""

from __future__ import annotations

from judgebench.datasets.jsonl import JsonlDataset


class HubDataset(JsonlDataset):
    """A data set of the hub; a local copy (JSONL) at ``path`` goes before it.

    A ``JsonlDataset`` reads the same two places; this name says in a config where the rows are meant to come from.
    """
