"""A tiny plug-in package with a dataset, a judge, a verdict parser, a metric and a config, and how it is installed."""

from __future__ import annotations

from pathlib import Path

TYPES = '''
import msgspec

from judgebench.datasets.columns import uid_of
from judgebench.judges.core.contract import JudgeMethod
from judgebench.judges.parsers.reading import ConfiguredParser, Reading, unparsed
from judgebench.judges.parsers.reading import parser_of
from judgebench.metrics.rates.accuracy import accuracy
from judgebench.records.flow import Metric, Sample, Verdict


class Doubles:
    """Asks for doubles."""

    class Config(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
        upto: int = 4

    def __init__(self, config):
        self.config = config

    def count(self, data_dir=None):
        return self.config.upto

    def samples(self, data_dir=None):
        for at in range(self.config.upto):
            fields, answer = {"question": f"What is twice {at}?"}, str(2 * at)
            yield Sample(id=at, uid=uid_of(fields, answer, []), fields=fields, reference=answer)


class Shouted(ConfiguredParser):
    """Reads YES or NO in capitals."""

    class Config(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
        yes: str = "correct"
        no: str = "incorrect"

    def read(self, reply):
        found = {"YES": self.config.yes, "NO": self.config.no}
        return Reading(status="ok", decision=found[reply.text]) if reply.text in found else unparsed("nothing shouted")


class Shouting(JudgeMethod):
    """Asks once, and reads with the parser that the same package brings."""

    class Config(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
        pass

    def __init__(self, config):
        self.parser = parser_of("shouted")

    def identity(self):
        return {"method": "shouting", "version": 1, "parser": self.parser.identity()}

    async def judge(self, item, ask):
        text = f"Is {item.answer} right for {item.fields['question']}? Shout YES or NO."
        reading = self.parser.read(await ask([{"role": "user", "content": text}]))
        return Verdict(status=reading.status, decision=reading.decision, reason=reading.reason)


def error_rate(tally):
    right = accuracy(tally)
    return Metric(value=100 - right.value, n=right.n)
'''

PLUGIN = """
from judgebench.plugins import Plugin

PLUGIN = Plugin(
    datasets={{"Doubles": "{module}.types_:Doubles"}},
    judges={{"Shouting": "{module}.types_:Shouting"}},
    parsers={{"shouted": "{module}.types_:Shouted"}},
    metrics={{"error_rate": "{module}.types_:error_rate"}},
    configs="configs",
)
"""

CONFIG = '''"""Doubles, judged by shouting."""

doubles_datasets = [dict(
    abbr="doubles",
    type="Doubles",
    upto=6,
    prompt="{{question}}",
    judge_infer_cfg=dict(
        judge_model=dict(type="VLLMCustomAPIChat", abbr="judge", model="j", url="{url}"),
        method=dict(type="Shouting"),
    ),
    metrics=["accuracy", "error_rate"],
)]
'''


def install(
    site: Path, package: str, *, plugin: str = PLUGIN, configs: dict[str, str] | None = None, version: str = "1.2"
) -> None:
    """Put a package into a folder of packages, as an installer would: its modules, and its metadata beside them."""
    module = package.replace("-", "_")
    files = {
        f"{module}/__init__.py": "",
        f"{module}/types_.py": TYPES,
        f"{module}/plugin.py": plugin.format(module=module),
        f"{module}-{version}.dist-info/METADATA": f"Metadata-Version: 2.1\nName: {package}\nVersion: {version}\n",
        f"{module}-{version}.dist-info/entry_points.txt": f"[judgebench.plugins]\n{module} = {module}.plugin:PLUGIN\n",
        **{f"{module}/configs/{name}": text for name, text in (configs or {"models/none.py": "models = []\n"}).items()},
    }
    for name, text in files.items():
        path = site / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
