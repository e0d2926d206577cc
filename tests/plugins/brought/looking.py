"""A judge of one's own that looks at the image of the question."""

from __future__ import annotations

import msgspec

from judgebench.content.parts import typed
from judgebench.judges.core.contract import JudgeMethod
from judgebench.records.flow import Verdict


class Looking(JudgeMethod):
    """Shows the judge the image and the answer, and asks for yes or no."""

    class Config(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
        """``picture`` is the field of the image."""

        picture: str = "picture"

    def __init__(self, config):
        self.config = config

    def identity(self):
        return {"method": "looking", "version": 1, "picture": self.config.picture}

    async def judge(self, case, ask):
        shown = typed(case.fields[self.config.picture])
        text = {"type": "text", "text": f"{case.fields['question']} {case.answer} YES or NO?"}
        reply = await ask([{"role": "user", "content": [shown, text]}])
        found = {"YES": "correct", "NO": "incorrect"}.get(reply.text.strip())
        if found is None:
            return Verdict(status="unparsed", reason="neither YES nor NO")
        return Verdict(status="ok", decision=found)
