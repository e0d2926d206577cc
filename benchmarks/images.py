"""Whether memory stays flat while images are asked about and judged.

    python -m benchmarks.images [--sizes 1000 10000] [--bytes 6000] [--concurrency 32] [--form path]

Each sample has an image of its own, of noise, which no encoder makes smaller; the judge is shown it too. The services
answer at once and look at nothing. ``embedded`` writes the images as base64 text into the rows.
"""

from __future__ import annotations

import argparse
import base64
import json
import random
import struct
import tempfile
import zlib
from pathlib import Path

from benchmarks.runs import Service, jb, report

MORE_MB = 20.0
"""By how much the largest process may grow from the fewest images to the most."""


def noise(number: int, size: int) -> bytes:
    """Return a grey PNG of about so many bytes."""
    side = max(8, int(size**0.5))
    dice = random.Random(number)

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = chunk(b"IHDR", struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0))
    pixels = b"".join(b"\0" + dice.randbytes(side) for _ in range(side))
    return b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", zlib.compress(pixels, 1)) + chunk(b"IEND", b"")


def write(folder: Path, items: int, size: int, concurrency: int, form: str, services: list[Service]) -> None:
    """Write the images, their rows, and a config of each kind."""
    for kind in ("shots", "configs/models", "configs/datasets"):
        (folder / kind).mkdir(parents=True)
    with (folder / "data.jsonl").open("w") as file:
        for number in range(items):
            data = noise(number, size)
            shot = f"shots/{number}.png"
            if form == "path":
                (folder / shot).write_bytes(data)
            else:
                shot = base64.b64encode(data).decode()
            file.write(json.dumps({"question": f"What is no. {number}?", "shot": shot}) + "\n")
    model, judge = ({"url": one.url, "model": "instant", "batch_size": concurrency} for one in services)
    imports = "from judgebench.models import VLLMCustomAPIChat\n"
    (folder / "configs/models/instant.py").write_text(
        f"{imports}models = [dict(type=VLLMCustomAPIChat, abbr='instant', **{model!r})]\n"
    )
    (folder / "configs/datasets/sums.py").write_text(
        f"{imports}from judgebench.datasets import JsonlDataset\nfrom judgebench.judges import DeclaredJudge\n"
        "sums_datasets = [dict(abbr='sums', type=JsonlDataset, path='data.jsonl', input_columns=['question'],\n"
        "    image_columns=['shot'], prompt=[dict(role='user', content='{shot}{question}')],\n"
        f"    judge_infer_cfg=dict(judge_model=dict(type=VLLMCustomAPIChat, abbr='judge', **{judge!r}),\n"
        "        method=dict(type=DeclaredJudge,\n"
        "            presentations=[dict(prompt=[dict(role='user', content='{question_images}{answer}')])],\n"
        "            parser=dict(type='anchored', decisions=dict(A='correct', B='incorrect')),\n"
        "            aggregate=dict(type='first', unread='unparsed'))))]\n"
    )


def main() -> None:
    """Run each size once and say whether memory is flat."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", nargs="+", type=int, default=[1000, 10_000])
    parser.add_argument("--bytes", type=int, default=6000)
    parser.add_argument("--concurrency", type=int, default=32)
    parser.add_argument("--form", choices=["path", "embedded"], default="path")
    options = parser.parse_args()
    rows = []
    for items in options.sizes:
        with Service() as model, Service() as judge, tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            write(folder, items, options.bytes, options.concurrency, options.form, [model, judge])
            found = jb(folder)
            (run,) = (folder / "outputs/default").glob("2*")
            stored = sum(1 for path in (run / "attachments").rglob("*") if path.is_file())
        rows.append({"images": items, "bytes each": options.bytes, "form": options.form, **found, "stored": stored})
    report("images", rows)
    more = rows[-1]["process_rss_mb"] - rows[0]["process_rss_mb"]
    print(
        f"the largest process grew by {more:.1f} MB ({'flat' if more <= MORE_MB else 'NOT FLAT'}: limit {MORE_MB} MB)"
    )


if __name__ == "__main__":
    main()
