"""`python -m page`: writes the page, and serves it on this machine."""

from __future__ import annotations

import gzip
import shutil
import sys
from argparse import ArgumentParser
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from page.build import build
from page.tools import MissingError, run
from post_gen_project import source


def main() -> None:
    """Write the page; serve it until Ctrl-C, unless --no-serve is given."""
    whole = ArgumentParser("page", description=__doc__)
    whole.add_argument("--output", type=Path, default=Path("build/page"), metavar="FOLDER")
    origin = "where others get the template; the default is the origin of this clone"
    whole.add_argument("--source", metavar="ADDRESS", help=origin)
    whole.add_argument("--checkout", metavar="TAG", help="the version that commands name")
    whole.add_argument("--port", type=int, default=0, help="0, the default, takes a free one")
    whole.add_argument("--no-serve", action="store_true", help="only write the page")
    given = whole.parse_args()
    page = build(given.output, given.source or find_origin(), given.checkout)
    content = page.read_bytes()
    kilobytes, packed = (len(it) // 1000 for it in (content, gzip.compress(content)))
    print(f"{page}: {kilobytes} kB, {packed} kB compressed")  # noqa: T201 - its job
    if given.no_serve:
        return
    handler = partial(SimpleHTTPRequestHandler, directory=given.output)
    with ThreadingHTTPServer(("127.0.0.1", given.port), handler) as server:
        print(f"http://127.0.0.1:{server.server_port}/  Ctrl-C ends it", flush=True)  # noqa: T201 - the same
        server.serve_forever()


def find_origin() -> str | None:
    """Return where this clone is from, without a password; a path of this machine is nowhere."""
    if shutil.which("git") is None:
        return None
    return source(run("git", "config", "--get", "remote.origin.url").stdout.strip()).get("source")


if __name__ == "__main__":
    try:
        main()
    except MissingError as missing:
        sys.exit(f"page: {missing}")
    except KeyboardInterrupt:
        sys.exit(0)
