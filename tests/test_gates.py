"""What the gates of a canary on Kubernetes make of figures, as Prometheus itself reckons them."""

from __future__ import annotations

import json
import re
import shutil
from typing import TYPE_CHECKING

import pytest
import yaml

from tests.template import RAW, run

if TYPE_CHECKING:
    from pathlib import Path

GATES = RAW / "deploy" / "kubernetes" / "overlays" / "argo-rollouts" / "rollout" / "gates.yaml"

NAMES = re.compile(r"\bhttp_request\w+")
TOLD = """\
import json
from dataclasses import asdict
from pathlib import Path
from chassis.rollout.configuration import load
print(json.dumps(asdict(load(Path("deploy/rollout.toml")).gates)))
"""


def test_gates_have_the_thresholds_that_one_host_has() -> None:
    ended = run("python", "-B", "-c", TOLD, cwd=RAW)
    assert ended.returncode == 0, ended.stderr
    host = json.loads(ended.stdout)
    spec = yaml.safe_load(GATES.read_text("utf-8"))["spec"]
    values = {it["name"]: it.get("value") for it in spec["args"]}
    assert int(values["requests"]) == host["minimum_requests"]
    assert values["probes"].split("|") == host["ignored_routes"]
    errors, p99 = spec["metrics"]
    assert errors["successCondition"].endswith(f"<= {host['error_ratio']}")
    assert p99["successCondition"].endswith(f"<= {host['p99_factor']}")
    floor = f"{host['p99_seconds']} / {host['p99_factor']}"
    assert re.search(
        rf"clamp_min\(.*, {re.escape(floor)}\)", p99["provider"]["prometheus"]["query"], re.DOTALL
    )
    counted = {
        name.removesuffix("_bucket")
        for it in spec["metrics"]
        for name in NAMES.findall(it["provider"]["prometheus"]["query"])
    }
    assert counted == set(
        NAMES.findall((RAW / "chassis" / "rollout" / "counts.py").read_text("utf-8"))
    )


@pytest.mark.skipif(shutil.which("promtool") is None, reason="promtool is not installed")
@pytest.mark.parametrize(
    ("case", "new", "old", "expected"),
    [
        ("both are well", (100, 0, 0), (100, 0, 0), (0.0, 0.297)),
        ("only the new one fails", (98, 2, 0), (100, 0, 0), (0.02, 0.297)),
        ("both fail alike", (98, 2, 0), (98, 2, 0), (0.0, 0.297)),
        ("only the new one is slow", (90, 0, 10), (100, 0, 0), (0.0, 13.8)),
        ("both are slow", (90, 0, 10), (90, 0, 10), (0.0, 1.0)),
        ("the new one has too few requests", (1, 0, 0), (100, 0, 0), None),
        ("the new one has none", (0, 0, 0), (100, 0, 0), None),
        ("the old one has none", (100, 0, 0), None, None),
    ],
)
def test_gates_see_what_they_shall(
    tmp_path: Path,
    case: str,
    new: tuple[int, int, int],
    old: tuple[int, int, int] | None,
    expected: tuple[float, float] | None,
) -> None:
    template = yaml.safe_load(GATES.read_text("utf-8"))
    arguments = {it["name"]: it.get("value", it["name"]) for it in template["spec"]["args"]}
    series = [*made("new", *new), *(made("old", *old) if old else [])]
    checks = []
    for place, metric in enumerate(template["spec"]["metrics"]):
        query = metric["provider"]["prometheus"]["query"]
        for name, value in arguments.items():
            query = query.replace(f"{{{{args.{name}}}}}", value)
        samples = [{"labels": "{}", "value": expected[place]}] if expected else []
        rounded = f"round({query.rstrip()}, 0.0001)"
        checks.append({"expr": rounded, "eval_time": "6m", "exp_samples": samples})
    test = {"interval": "15s", "input_series": series, "promql_expr_test": checks}
    (tmp_path / "test.yaml").write_text(yaml.safe_dump({"tests": [test]}))
    ended = run("promtool", "test", "rules", "test.yaml", cwd=tmp_path)
    assert ended.returncode == 0, f"{case}: {ended.stdout}{ended.stderr}"


def made(release: str, well: int, failed: int, slow: int) -> list[dict[str, str]]:
    """Series of a release that gets so many requests every 15 seconds, and as many probes."""
    labels = f'namespace="namespace", rollouts_pod_template_hash="{release}"'
    counts = {
        f'http_requests_total{{{labels}, route="/greetings", status="200"}}': well + slow,
        f'http_requests_total{{{labels}, route="/greetings", status="500"}}': failed,
        f'http_requests_total{{{labels}, route="/readyz", status="200"}}': 100,
    }
    for bound, count in {"0.1": well + failed, "5": well + failed + slow}.items():
        for le in (bound, "+Inf") if bound == "5" else (bound, "1"):
            name = "http_request_duration_seconds_bucket"
            counts[f'{name}{{{labels}, route="/greetings", le="{le}"}}'] = count
    # A service that never failed has no series of failures.
    there = {name: it for name, it in counts.items() if it or "500" not in name}
    return [{"series": name, "values": f"0+{count}x40"} for name, count in there.items()]
