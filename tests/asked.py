"""A receiver of what is asked of the dashboard: it answers as Prefect's API does and keeps what came."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from adapters import dashboard
from adapters.dashboard import Asking
from steps import asking

CREDENTIAL = "tsudoi:a-credential-of-tests"
IDS = {name: f"id-{number}" for number, name in enumerate((asking.YEAR, asking.ALL_YEARS, asking.OPENING))}


@dataclass
class Asked:
    """What came: the name of the deployment with the body, and the headers of each.

    `status` is what it answers; 0 is no answer before the end.
    """

    bodies: list[tuple[str, dict[str, Any]]] = field(default_factory=list[tuple[str, dict[str, Any]]])
    headers: list[dict[str, str]] = field(default_factory=list[dict[str, str]])
    status: int = 201
    ends: threading.Event = field(default_factory=threading.Event)
    port: int = 0

    def tell(self, home: Path) -> None:
        """Leave in a data directory that it is asked here."""
        at = f"http://127.0.0.1:{self.port}/api"
        dashboard.say_where(home, Asking(api=at, credential=CREDENTIAL, deployments=IDS))


@contextmanager
def receiving() -> Iterator[Asked]:
    """Receive on a free port as long as this lasts."""
    asked, names = Asked(), {place: name for name, place in IDS.items()}

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self.answer(200, {"token": "t"})

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            asked.bodies.append((names[self.path.split("/")[3]], body))
            asked.headers.append(dict(self.headers))
            if not asked.status:
                asked.ends.wait()
            self.answer(asked.status or 201, {})

        def answer(self, status: int, what: dict[str, str]) -> None:
            content = json.dumps(what).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_words: object) -> None:
            """Say nothing on the tests' screen."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    asked.port = server.server_port
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield asked
    asked.ends.set()
    server.shutdown()
    server.server_close()
