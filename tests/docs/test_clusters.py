"""The page about clusters: its faults name tests that there are, its template takes the shards that it is made for."""

from __future__ import annotations

import ast
import re
import shlex
from pathlib import Path

import pytest

from judgebench.cli.arguments import build_parser, to_request
from judgebench.cli.shard import shard_in
from tests.docs.pages import ROOT, page

TESTS = ROOT / "tests" / "e2e"


def test_each_fault_names_a_test() -> None:
    table = page("clusters.md").partition("| what happens |")[2].partition("\n\n")[0]
    rows = [line.split(" | ")[-1].strip(" |") for line in table.splitlines() if line.startswith("| ")]
    assert len(rows) > 10
    functions = {
        node.name: path.name
        for path in sorted(TESTS.glob("test_slurm*.py"))
        for node in ast.parse(path.read_text()).body
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
    }
    for row in rows[1:]:
        (name,) = re.findall(r"`([\w.]+)`", row)
        found = [test for test in functions if test.startswith(f"test_{name}")]
        assert len(found) == 1 or (TESTS / name).exists(), f"{row}: {found}"


def test_the_template_for_kubernetes_makes_each_shard_once(monkeypatch: pytest.MonkeyPatch) -> None:
    yaml = pytest.importorskip("yaml")
    (text,) = re.findall(r"^```yaml\n(.*?)^```$", page("clusters.md"), re.MULTILINE | re.DOTALL)
    job = yaml.safe_load(text)["spec"]
    assert job["completionMode"] == "Indexed"  # else nobody says JOB_COMPLETION_INDEX
    pod = job["template"]["spec"]
    assert pod["restartPolicy"] == "Never"
    (container,) = pod["containers"]
    script = container["args"][0]
    command = next(line for line in script.splitlines() if "--shard" in line)
    flags = shlex.split(command)[2:]
    shards = []
    for index in range(job["completions"]):
        environ = {"JOB_COMPLETION_INDEX": str(index)}
        monkeypatch.setenv("JOB_COMPLETION_INDEX", str(index))
        request = to_request(build_parser().parse_all(flags))
        assert request.options.shard == str(shard_in(f"auto/{job['completions']}", environ))
        shards.append(request.options.shard)
    assert len(set(shards)) == job["completions"] == job["parallelism"]
    (volume,) = container["volumeMounts"]
    assert Path(container["workingDir"]).is_relative_to(volume["mountPath"])
    assert volume["name"] in {one["name"] for one in pod["volumes"]}
    codes = [rule["onExitCodes"]["values"] for rule in job["podFailurePolicy"]["rules"] if "onExitCodes" in rule]
    assert codes == [[2]]
