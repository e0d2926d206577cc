"""``jb export --to site``: the viewer's pages of one run as files that open from disk, without a server.

The pages are those of the viewer. Their addresses are exchanged for names of files here: what is not in the bundle is
not linked. ``items.js`` holds what the list of items is searched by, as a script: from disk a page may fetch nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from judgebench.content.attachments import Attachments
from judgebench.content.image_files import image_type
from judgebench.errors import JudgebenchError, UsageError, how_many, visible
from judgebench.export.contract import Job
from judgebench.query import ItemKey, ItemLine
from judgebench.store.journal import make_folder, write_atomically
from judgebench.viewer import item_page, run_page
from judgebench.viewer.bundle_links import BundlePlace, relinked
from judgebench.viewer.chosen import ONLY, Chosen, item_address
from judgebench.viewer.figures import sign_of
from judgebench.viewer.guard import Guard
from judgebench.viewer.items_page import own_parts
from judgebench.viewer.library import KnownRun, Library
from judgebench.viewer.site import HERE, ViewerSite

MOST_ITEMS = 1_000
"""Items of a bundle."""
MOST_BYTES = 32 << 20
"""Bytes of all its files but the list; of an item that would go beyond them the page says so."""
_SEARCHED, _END = 1_200, 34
"""Characters of a question, and of an answer, in which the list is searched, and of an answer that it shows."""
_LEAST = 4_096
"""Bytes that are kept for every page."""
_FIRST: tuple[tuple[str, dict[str, Any]], ...] = (
    ("are wrong", {"wrong": True}),
    ("are unread", {"unread": True}),
    ("judges or the rule disagree about", {"disagree": "any"}),
    ("failed", {"failed": True}),
    ("others", {}),
)
"""Which items are taken first, and by which condition of the filter."""
_FILES = ("style.css", "viewer.js", "bundle.js", "icon.svg")


class _Bundle:
    """A folder that is filled, and how many bytes it may still hold."""

    def __init__(self, folder: Path, run: KnownRun) -> None:
        self.folder = folder
        self.run = run
        self.left = MOST_BYTES
        self.full = 0
        """Items for whose texts there was no room."""
        self.pages: dict[str, str] = {}
        """Address of an item in the viewer, and its file here."""
        self._attachments = Attachments(run.folder / "attachments")
        self._pictures: dict[str, str] = {}

    def write(self, name: str, data: bytes) -> None:
        """Write a file."""
        write_atomically(self.folder / name, data)
        self.left -= len(data)

    def page(self, text: str, above: str = "") -> bytes:
        """Return a page as it stands here.

        Args:
            text: As the viewer makes it.
            above: Way from its folder to that of the bundle.
        """
        place = BundlePlace(run=self.run.key, above=above, pages=self.pages, picture=self._picture)
        own = relinked(text, place)
        # sentences about files that cannot be read name them: where the run lies on this machine is nobody's business
        return own.replace(str(self.run.folder), self.run.name).encode("utf-8", "replace")

    def _picture(self, sha256: str) -> str:
        """Return the file of a picture; empty where there is none that may be shown, or no room for it."""
        if sha256 in self._pictures:
            return self._pictures[sha256]
        name = ""
        try:
            data = self._attachments.read(sha256)
        except JudgebenchError:
            data = b""
        kind = image_type(data)
        if kind and len(data) <= self.left // 2:
            make_folder(self.folder / "pictures")
            name = f"pictures/{sha256}.{kind.rpartition('/')[2]}"
            self.write(name, data)
        self._pictures[sha256] = name
        return name


def write_site(job: Job, folder: Path) -> int:
    """Write the bundle into an empty folder.

    Returns:
        How many items it lists.

    Raises:
        UsageError: The folder holds something.
    """
    if any(folder.iterdir()):
        raise UsageError(f"--out {folder} is not empty.", hint="Name a new folder, or remove what is in it.")
    site = ViewerSite(Library([job.query.path]), Guard(), bundled=True)
    try:
        return _write(site, job, folder)
    finally:
        site.close()


def _write(site: ViewerSite, job: Job, folder: Path) -> int:
    (run,) = site.library.runs()
    bundle = _Bundle(folder, run)
    for name in _FILES:
        bundle.write(name, (HERE / "static" / name).read_bytes())
    lines = list(_lines(job))
    shown = [line.name for line in lines if line.dataset not in job.withheld]
    for number, key in enumerate(shown, 1):
        bundle.pages[item_address(run.key, key)] = f"items/{number}.html"
    about = _about(job, job.query.count(job.chosen), len(lines))
    more = {"about": about, "keys": [("i", "items"), ("?", "keys")]}
    bundle.write("index.html", bundle.page(site.render("run.html", **run_page.values_of(run, job.withheld) | more)))
    make_folder(folder / "items")
    with_texts = []
    for number, key in enumerate(shown, 1):
        item = job.query.item(key.row, key.id, key.repeat, model=key.model)
        with_texts.append(item.line)
        more = _near(run, shown, number)
        text = site.render("item.html", **item_page.values_of(run, item, Chosen()) | more)
        data = bundle.page(text, "../")
        if len(data) + _LEAST * (len(shown) - number) > bundle.left:
            bundle.full += 1
            data = bundle.page(site.render("bundle_full.html", run=run, current="items", **more), "../")
        bundle.write(f"items/{number}.html", data)
    if bundle.full:
        about.append(f"Of {how_many(bundle.full, 'item')} the texts are left out: {MOST_BYTES >> 20} MB are full.")
    entries = [*_entries(run, with_texts, bundle), *(_entry(one) for one in lines if one.dataset in job.withheld)]
    bundle.write("items.js", b"const ITEMS = " + msgspec.json.encode(entries) + b";\n")
    keys = [("j k", "next, previous"), ("enter", "open"), ("/", "search"), ("esc", "run"), ("?", "keys")]
    listed = site.render(
        "bundle_items.html", current="items", run=run, about=about, only=ONLY, rows=_names(lines, "row"),
        models=_names(lines, "model"), keys=keys,
    )  # fmt: skip
    bundle.write("items.html", bundle.page(listed))
    job.notes.extend(about)
    return len(lines)


def _near(run: KnownRun, shown: list[ItemKey], number: int) -> dict[str, Any]:
    """Return where an item stands in the bundle."""

    def address(at: int) -> str:
        return item_address(run.key, shown[at]) if 0 <= at < len(shown) else ""

    keys = [("j k", "next, previous"), ("r", "reasoning"), ("p", "prompts"), ("esc", "list"), ("?", "keys")]
    return {
        "number": number, "total": len(shown), "before": address(number - 2), "after": address(number), "keys": keys,
        "up": f"/runs/{run.key}/items",
    }  # fmt: skip


def _names(lines: list[ItemLine], what: str) -> list[str]:
    return list(dict.fromkeys(getattr(line, what) for line in lines))


def _lines(job: Job) -> Iterator[ItemLine]:
    """Yield the lines of the bundle: what is wrong first, and of what is too much some all over the list."""
    known: set[ItemKey] = set()
    for _, condition in _FIRST:
        room = MOST_ITEMS - len(known)
        chosen = msgspec.structs.replace(job.chosen, **condition)
        if not room or not (number := job.query.count(chosen)):
            continue
        step, due, taken = max(1.0, number / room), 0.0, 0
        for at, line in enumerate(job.query.lines(chosen)):
            if at >= due and line.name not in known and taken < room:
                due += step
                taken += 1
                known.add(line.name)
                yield line


def _about(job: Job, total: int, held: int) -> list[str]:
    """Return sentences that say which items are here."""
    said = []
    if held < total:
        order = ", then those that ".join(name for name, _ in _FIRST[:-1])
        said.append(
            f"{held:,} of {total:,} items are here: first those that {order}, then others. Where there were too "
            "many of a kind, they are evenly spread over the list."
        )
    narrowed = {name: value for name in ("row", "judge", "model", "where") if (value := getattr(job.chosen, name))}
    if narrowed:
        said.append("Only items of " + ", ".join(f"{name} {value}" for name, value in narrowed.items()) + ".")
    withheld = sorted({source.dataset for source in job.query.rows}.intersection(job.withheld))
    if withheld:
        said.append(f"The texts of {', '.join(withheld)} may not be handed on; its items are listed without them.")
    return said


def _entries(run: KnownRun, lines: list[ItemLine], bundle: _Bundle) -> Iterator[dict[str, Any]]:
    """Yield what the list says of items with texts, and by what it is searched."""
    for line, question in zip(lines, own_parts(lines), strict=True):
        answer = " ".join(line.answer.split())
        searched = " ".join([line.question[-_SEARCHED:], line.answer[-_SEARCHED:], line.reason, line.key or ""])
        yield _entry(line) | {
            "page": bundle.pages[item_address(run.key, line.name)],
            "name": visible(line.key or str(line.id)),
            "question": visible(question),
            "answer": visible(answer if len(answer) <= _END else f"…{answer[-_END:]}"),
            "fields": [f"{name} {value}" for name, value in line.fields.items()],
            "reason": line.reason,
            "text": searched.lower(),
        }


def _entry(line: ItemLine) -> dict[str, Any]:
    """Return what the list says of an item whose texts are nobody's business."""
    disagrees = line.against_rule
    kinds = {
        "wrong": line.wrong,
        "unread": line.unread,
        "rule": line.against_rule,
        "judges": line.against_judges,
        "flipped": line.flipped,
        "truncated": line.truncated,
        "failed": line.failed,
        "not_judged": line.status == "not_judged",
        "labelled": line.label is not None,
        "accepted": disagrees and line.decision == "correct",
        "rejected": disagrees and line.decision == "incorrect",
        "unscored": line.status != "ok",
    }
    return {
        "name": str(line.id),
        "repeat": line.repeat,
        "row": line.row,
        "model": line.model,
        "sign": sign_of(line.status, line.decision, line.score),
        "rule": sign_of("ok", line.rule_decision) if line.rule_decision else None,
        "kinds": [name for name, holds in kinds.items() if holds],
    }
