"""Loaders: from a file or the hub to ``Sample`` records, one at a time."""

from judgebench.datasets.csv_file import CsvDataset
from judgebench.datasets.hub_dataset import HubDataset
from judgebench.datasets.jsonl import JsonlDataset

__all__ = ["CsvDataset", "HubDataset", "JsonlDataset"]
