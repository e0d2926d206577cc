"""Questions about a run: which of its verdicts are wrong, unread or doubtful, and all that is known about one.

One layer for every door: ``jb items``, ``jb view``, ``jb export`` and Python::

    run = open_query(Path("outputs/default/20260101_120000"))
    chosen = Filter(judge="judge", wrong=True, where="category == 'algebra' and length > 500")
    run.counts(chosen)                     # {"all": 12, "wrong": 12, "unread": 0, ...}
    page = run.page(chosen, 0, 50)         # page.rows, page.total, page.exact
    one = run.item(page.rows[0].row, page.rows[0].id, model=page.rows[0].model)
    one.calls[0].reply, one.calls[0].span  # what the judge wrote, and where the verdict was read

A line of a page is one verdict: of a result row, a tested model, a sample and a repeat. What filters and sorts comes
from an index beside the run that can be removed at any time (``index.py``); texts are read from the run's own files
where they stand (``texts.py``). Nothing of the run is changed, and what cannot be read is told in ``problems``.
"""

from judgebench.query.filters import CHIPS, Filter
from judgebench.query.neighbours import Neighbours
from judgebench.query.opened import EXCERPT
from judgebench.query.run_query import RunQuery, SearchPart, index_large_run, open_query, to_be_indexed
from judgebench.query.shapes import Alternative, Item, ItemKey, ItemLine, Opinion, Page, ShownCall
from judgebench.query.traits import Trait

__all__ = [
    "CHIPS",
    "EXCERPT",
    "Alternative",
    "Filter",
    "Item",
    "ItemKey",
    "ItemLine",
    "Neighbours",
    "Opinion",
    "Page",
    "RunQuery",
    "SearchPart",
    "ShownCall",
    "Trait",
    "index_large_run",
    "open_query",
    "to_be_indexed",
]
