"""Models and judges that look at pictures: QR codes are drawn, decoded pixel by pixel, and answered from.

What such a service says proves that the right picture arrived, whole and in its place: the question stands in the
pixels and nowhere else, and so do the answers of a model that draws.
"""

from __future__ import annotations

import base64
import io
import re
from typing import Any

import numpy as np
import zxingcpp
from PIL import Image

from judgebench.testing.faultservice import Answer


def drawn(text: str, *, pixels: int = 0, kind: str = "PNG") -> bytes:
    """Return a picture of a text: a QR code, in grey, as large as asked (0 takes about 130 pixels)."""
    code = zxingcpp.create_barcode(text, zxingcpp.BarcodeFormat.QRCode)
    picture = Image.fromarray(np.array(zxingcpp.write_barcode_to_image(code, scale=4)))
    if pixels:
        picture = picture.resize((pixels, pixels), Image.Resampling.NEAREST)
    out = io.BytesIO()
    picture.save(out, kind)
    return out.getvalue()


def read(data: bytes) -> str:
    """Return the text that a picture shows; empty where nobody can read it."""
    with Image.open(io.BytesIO(data)) as picture:
        found = zxingcpp.read_barcodes(np.array(picture.convert("L")))
    return found[0].text if found else ""


def pictures(body: dict[str, Any]) -> list[bytes]:
    """Return the pictures of a request in the order in which they are shown."""
    contents = [message["content"] for message in body["messages"] if isinstance(message["content"], list)]
    urls = [part["image_url"]["url"] for content in contents for part in content if part["type"] == "image_url"]
    return [base64.b64decode(url.partition("base64,")[2], validate=True) for url in urls]


def seen(body: dict[str, Any]) -> list[str]:
    """Return what the pictures of a request say."""
    return [read(data) for data in pictures(body)]


def gold(question: str) -> str:
    """Return the right answer to a drawn question: ``3 + 4 (no. 12)``."""
    first, second = re.findall(r"\d+", question)[:2]
    return str(int(first) + int(second))


def beside(data: bytes) -> dict[str, Any]:
    """Return the keys of a message that carries a picture."""
    uri = f"data:image/png;base64,{base64.b64encode(data).decode()}"
    return {"images": [{"type": "image_url", "image_url": {"url": uri}}]}


def draws(wrong: int = 0) -> Any:
    """A model that reads the question's pixels and draws its answer; wrong in one of so many, 0 for never."""

    def answer(body: dict[str, Any]) -> Answer | str:
        questions = seen(body)
        if not questions:
            return "OK"
        number = int(questions[0].partition("no. ")[2].rstrip(")"))
        slip = 1 if wrong and number % wrong == 0 else 0
        return Answer("", beside=beside(drawn(str(int(gold(questions[0])) + slip))))

    return answer


def judges(body: dict[str, Any]) -> str:
    """A judge that reads the question's pixels and those of one answer, or of two, and says which is right."""
    shown = seen(body)
    if len(shown) < 2 or "no. " not in shown[0]:
        return "VERDICT: A"
    right = [text == gold(shown[0]) for text in shown[1:]]
    if len(right) == 1:
        return "VERDICT: A" if right[0] else "VERDICT: B"
    return "VERDICT: C" if right[0] == right[1] else "VERDICT: A" if right[0] else "VERDICT: B"
