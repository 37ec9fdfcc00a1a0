"""Compares the requests that a canary needs with those that the service has."""

from __future__ import annotations

from time import monotonic, sleep
from typing import TYPE_CHECKING

from chassis.rollout.gates import PATIENCE
from chassis.rollout.scraper import Scraper

if TYPE_CHECKING:
    from chassis.rollout.configuration import Configuration
    from chassis.rollout.fleet import Fleet
    from chassis.rollout.host import Host

INTERVALS = 3
"""Intervals of the gates over which the requests of the service are counted."""


def needed_rate(configuration: Configuration) -> float:
    """Return the lowest rate, in requests a second, at which every stage gets enough."""
    requests = configuration.gates.needed_requests
    stages = ((it.share / 100) * it.seconds * PATIENCE for it in configuration.canary)
    return max(requests / max(stage, 0.01) for stage in stages)


def describe_demand(host: Host, fleet: Fleet) -> str:
    """Describe whether a canary will get enough requests, from the current rate of the fleet."""
    configuration = host.configuration
    needed = needed_rate(configuration)
    text = f"the canary needs {needed:.1f} requests a second"
    scraper = Scraper(fleet.instances, host.containers, configuration.gates)
    failure = scraper.scrape_all()
    began = monotonic()
    sleep(INTERVALS * configuration.gates.interval_seconds)
    failure = scraper.scrape_all() or failure
    if failure:
        return f"{text}; how many this service has is unknown: {failure}"
    rate = scraper.total(fleet.instances).requests / (monotonic() - began)
    text += f"; this service has {rate:.1f}"
    if rate >= needed:
        return text
    return f"{text}: too few, unless there will be more. Lengthen its stages, or use blue-green"
