"""The decision about the API shows changes with the verdict that the tests of the chassis hold."""

from __future__ import annotations

import json
import re
import sys

from tests.template import RAW, ROOT, run, succeeded

PAGE = ROOT / "docs" / "decisions" / "0028-api-contract.md"
ROW = re.compile(r"^\| ([a-z].*?) \| (.*) \|$", re.MULTILINE)
LIST = """
import json
from chassis.api_diff.tests import changed_operations, changed_requests, changed_responses
lists = (changed_operations, changed_requests, changed_responses)
print(json.dumps({name: said for it in lists for name, _, _, *said in it.CHANGES}))
"""


def test_the_table_of_changes_has_twenty_of_those_that_are_tested() -> None:
    known = json.loads(succeeded(run(sys.executable, "-B", "-c", LIST, cwd=RAW)))
    shown = {name: said.split("<br>") for name, said in ROW.findall(PAGE.read_text("utf-8"))}
    assert shown == {name: [f"`{it}`" for it in known[name]] for name in shown}
    verdicts = [said.strip("`").partition(":")[0] for those in shown.values() for said in those]
    assert len(shown) == 20
    assert {"BREAKING", "ok"} == set(verdicts)
