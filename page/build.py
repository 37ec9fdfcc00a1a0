"""Writes the page: one HTML file with the template, the program and the style."""

from __future__ import annotations

from base64 import b64encode
from hashlib import sha256
from typing import TYPE_CHECKING

from page.data import as_json, read_template
from page.tools import FOLDER, PACKAGES, prepare, run

if TYPE_CHECKING:
    from pathlib import Path

UNKNOWN = "gh:OWNER/cookiecutter-python-service"
"""Placeholder in commands if the address of the template is unknown."""
INSIDE = ("@noble/hashes", "fflate")
POLICY = (
    "default-src 'none'; script-src '{script}'; style-src '{style}'; img-src data:; "
    "base-uri 'none'; form-action 'none'; require-trusted-types-for 'script'"
)


def build(output: Path, source: str | None = None, checkout: str | None = None) -> Path:
    """Write `index.html` and the licences of its packages; return the path of the page.

    Raises:
        MissingError: Node, npm or the npm registry is not available.

    """
    prepare()
    template = read_template(source)
    address = source or UNKNOWN
    repository = template["source"].get("source") or f"https://github.com/{UNKNOWN[3:]}"
    template["origin"] = {"address": address, "repository": repository, "checkout": checkout}
    script, style = bundle(), (FOLDER / "style.css").read_text("utf-8")
    policy = POLICY.format(script=digest(script), style=digest(style))
    parts = {
        "policy": f'<meta http-equiv="Content-Security-Policy" content="{policy}">',
        "style": f"<style>{style}</style>",
        "template": f'<script type="application/json" id="template">{as_json(template)}</script>',
        "script": f'<script type="module">{script}</script>',
    }
    whole = (FOLDER / "index.html").read_text("utf-8")
    for name, part in parts.items():
        whole = whole.replace(f"<!-- page: {name} -->", part)
    output.mkdir(parents=True, exist_ok=True)
    page = output / "index.html"
    page.write_bytes(whole.encode())
    texts = [f"{it}\n\n{(PACKAGES / it / 'LICENSE').read_text('utf-8')}" for it in INSIDE]
    (output / "licences.txt").write_bytes("\n\n".join(texts).encode())
    return page


def bundle() -> str:
    """Bundle the modules of the page and their imports into one."""
    esbuild = PACKAGES / ".bin" / "esbuild"
    options = ("--bundle", "--minify", "--format=esm", "--log-level=error")
    ended = run(str(esbuild), "main.mjs", *options)
    if ended.returncode:
        raise SystemExit(f"page: esbuild could not join page/*.mjs.\n{ended.stderr}")
    return ended.stdout.replace("</script", "<\\/script")


def digest(text: str) -> str:
    """Return the hash by which a policy allows an inline element."""
    return f"sha256-{b64encode(sha256(text.encode()).digest()).decode()}"
