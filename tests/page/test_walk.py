"""A newcomer's walk: from the page to a service that answers, by what the page says alone."""

from __future__ import annotations

import shutil
import subprocess
import time
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests.page.links import answer_with
from tests.proofs.test_fresh_machine import bare, start_and_read_readiness
from tests.template import MANIFEST

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Page

ASK_VERSION = ("python3", "-c", "import sys; print('%d.%d' % sys.version_info[:2])")


@pytest.mark.skipif(not shutil.which("unzip"), reason="NOT PROVEN: no unzip here")
def test_the_archive_and_the_commands_beside_it_give_a_service_that_answers(
    page: Page, built: Path, tmp_path: Path
) -> None:
    environment = bare(tmp_path / "home")
    version = subprocess.check_output(ASK_VERSION, env=environment, text=True).strip()
    answer_with(page, built, {"project_name": "Order desk", "python_version": version})
    commands = page.locator("#take p code").all_text_contents()[:2]
    assert commands == ["cd order-desk", "make run"]
    with page.expect_download() as taken:
        page.get_by_role("button", name="Download ZIP").click()
    began = time.monotonic()
    taken.value.save_as(tmp_path / "order-desk.zip")
    subprocess.run(["unzip", "-q", "order-desk.zip"], cwd=tmp_path, check=True)
    shell = ["bash", "-c", " && ".join(commands)]
    assert "pass" in start_and_read_readiness(tmp_path, shell, environment)
    seconds = time.monotonic() - began
    print(f"W2: from the ZIP to a service that answers: {seconds:.0f} s")  # noqa: T201 - the figure


def test_who_leaves_the_address_of_the_owner_is_told_that_it_reaches_nobody(page: Page) -> None:
    note = page.locator("#nobody")
    expect(note).to_contain_text(f"{MANIFEST['email']} reaches nobody, and SECURITY.md names it.")
    page.get_by_role("textbox", name="email").fill("order-desk@shop.test")
    expect(note).to_be_hidden()


def test_a_page_that_knows_no_host_of_the_template_says_what_owner_is(page: Page) -> None:
    expect(page.locator("#owner")).to_contain_text("OWNER is whoever hosts the template")
