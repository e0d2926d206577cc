"""``LoadedRun.items``: the items of a run as records and as data frames."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from judgebench.query import Filter, ItemLine, RunQuery

if TYPE_CHECKING:
    import pandas as pd
    import polars as pl
    import pyarrow as pa


class Items:
    """The chosen items of a run, in order; each time it is iterated they are read anew.

    Args:
        query: The run.
        chosen: Which items.
    """

    def __init__(self, query: RunQuery, chosen: Filter) -> None:
        self._query = query
        self._chosen = chosen
        query.counts(chosen)  # refuses at once what the run does not hold

    def __repr__(self) -> str:
        return f"Items({str(self._query.path)!r}, {self._chosen!r})"

    def __iter__(self) -> Iterator[ItemLine]:
        return self._query.lines(self._chosen, texts=True)

    def __len__(self) -> int:
        return self._query.count(self._chosen)

    def to_arrow(self) -> pa.Table:
        """Return them as an Arrow table: the columns of ``jb export``, texts in full.

        Raises:
            MissingExtraError: ``pyarrow`` is not installed.
        """
        from judgebench.query.frame import columns_of, rows_of
        from judgebench.session.tables import table_of

        return table_of(columns_of(self._query), rows_of(self._query, self._chosen))

    def to_pandas(self) -> pd.DataFrame:
        """Return them as a data frame; as ``to_arrow``.

        Raises:
            MissingExtraError: ``pyarrow`` or ``pandas`` is not installed.
        """
        from judgebench.session.tables import data_frame

        return data_frame(self.to_arrow())

    def to_polars(self) -> pl.DataFrame:
        """Return them as a data frame of polars; as ``to_arrow``.

        Raises:
            MissingExtraError: ``pyarrow`` or ``polars`` is not installed.
        """
        from judgebench.session.tables import polars_frame

        return polars_frame(self.to_arrow())
