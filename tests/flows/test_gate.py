"""The gate before Prefect's server: every door is tried as people come, and closed but for those listed."""

import asyncio
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from figures import Figures

from flows import access
from flows.gate import COOKIE, READING, RUN, Gate

SECRET, HOST = "tsudoi:" + "s3cret-of-the-inner-side-" * 2, "127.0.0.1:4200"
CANCEL = "/flow_runs/{id}/set_state"
SOME_ID = "0190a0c0-0000-7000-8000-000000000001"
WRITES_ALL_THE_SAME = {"create_csrf_token"}  # the token without which a browser may do nothing


class Inner:
    """What stands behind the gate: it says yes, and remembers what reached it."""

    def __init__(self) -> None:
        self.scope: dict[str, Any] = {}
        self.body = b""
        self.calls = 0
        self.says: dict[str, Any] = {}

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        self.scope, self.calls = scope, self.calls + 1
        if scope["type"] == "websocket":
            self.body = (await receive()).get("text", "").encode()
            await send({"type": "websocket.accept"})
            return
        self.body = (await receive()).get("body", b"")
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": json.dumps(self.says).encode()})


class Visitor:
    """A browser with a session, at the gate."""

    def __init__(self, folder: Path, host: str = "127.0.0.1", name: str = "") -> None:
        self.inner, self.folder = Inner(), folder
        self.gate = Gate(inner=self.inner, secret=SECRET, folder=folder, host=host, name=name)
        self.headers = {"host": HOST, "cookie": f"{COOKIE}={access.Sessions(SECRET, folder).begin()}"}

    def ask(
        self, method: str, path: str, body: Any = None, query: str = "", **headers: str
    ) -> tuple[int, dict[str, str]]:
        """Return status and headers of the answer; a websocket is 101 where it is accepted."""
        given = {**self.headers, **{name.replace("_", "-"): value for name, value in headers.items()}}
        scope = {
            "type": "websocket" if method == "WEBSOCKET" else "http", "method": method, "path": path, "scheme": "http",
            "query_string": query.encode(), "headers": [(k.encode(), v.encode()) for k, v in given.items() if v],
        }  # fmt: skip
        sent: list[Mapping[str, Any]] = []

        async def receive() -> Mapping[str, Any]:
            if method == "WEBSOCKET":
                return {"type": "websocket.receive", "text": json.dumps({"type": "auth", "token": "typed"})}
            return {
                "type": "http.request",
                "body": body if isinstance(body, bytes) else json.dumps(body or {}).encode(),
            }

        async def send(message: Mapping[str, Any]) -> None:
            sent.append(message)

        asyncio.run(self.gate(scope, receive, send))  # type: ignore[arg-type]
        first = sent[0]
        if method == "WEBSOCKET":
            return (101 if first["type"] == "websocket.accept" else 403), {}
        return first["status"], {key.decode(): value.decode() for key, value in first["headers"]}

    def reached(self) -> Any:
        return json.loads(self.inner.body)


@pytest.fixture
def visitor(tmp_path: Path) -> Visitor:
    """Give a coordinator's browser, which has opened its link."""
    return Visitor(tmp_path)


def test_every_door_that_is_not_listed_is_closed(
    visitor: Visitor, doors: list[tuple[str, str, str, bool]], figures: Figures
) -> None:
    """Whatever method and path Prefect's server has, now or in its next version, is refused where no line lists it."""
    listed = {(method, path) for method, paths in READING.items() for path in paths} | {("POST", RUN), ("POST", CANCEL)}
    opened = {("POST", "/block_documents/filter")}  # answered by the gate itself
    closed, wrong = 0, list[tuple[str, str, int]]()
    for method, path, _behind, _writes in doors:
        body = {"state": {"type": "CANCELLED"}} if path == CANCEL else {}
        asked = path.replace("{id}", SOME_ID).replace("{key}", "some-name")
        status, _headers = visitor.ask(method, f"/api{asked}", body)
        closed += (method, path) not in listed | opened
        if (status in {101, 200}) != ((method, path) in listed | opened):
            wrong.append((method, path, status))
    figures.tell("requests refused", where="doors of Prefect's server", tried=closed, held=closed - len(wrong))
    assert wrong == []
    assert listed <= {(method, path) for method, path, *_more in doors} | {("GET", "/health"), ("GET", "/version")}


def test_what_is_listed_as_reading_writes_nothing(doors: list[tuple[str, str, str, bool]]) -> None:
    """No door that people may read through begins a transaction of writing, in Prefect's own source."""
    read = {behind: writes for method, path, behind, writes in doors if path in READING.get(method, ())}
    assert {behind for behind, writes in read.items() if writes} == WRITES_ALL_THE_SAME


@pytest.mark.parametrize("method", ["PATCH", "PUT", "DELETE", "OPTIONS", "TRACE", "CONNECT", "HEAD", "get", "Post"])
def test_no_other_method_reaches_the_server(visitor: Visitor, method: str) -> None:
    """A method that no line names is closed under every path, also one that is spelled otherwise."""
    for path in ("/api/deployments/filter", f"/api/deployments/{SOME_ID}", "/api/variables/", "/API/variables/"):
        if (method, path) != ("HEAD", "/API/variables/"):  # a page of the dashboard, which there is not
            assert visitor.ask(method, path)[0] == 403, path
    assert visitor.inner.calls <= 0


@pytest.mark.parametrize(
    "path",
    [
        "//api/variables/", "/api//variables/", "/api/flows/filter/../../variables/", "/api/variables/%2e", "/api",
        "/api/flows/filter/", "/api/deployments/filter\n", f"/api/deployments/{SOME_ID}/create_flow_run/bulk",
        "/docs", "/redoc", "/openapi.json",
    ],
)  # fmt: skip
def test_no_spelling_of_a_path_gets_round_the_list(visitor: Visitor, path: str, figures: Figures) -> None:
    """Doubled slashes, dots, ends and pages of the server's own description are refused."""
    status = visitor.ask("POST", path)[0]
    figures.tell("requests refused", where="spellings of a path", tried=1, held=int(status == 403))
    assert status == 403
    assert visitor.inner.calls == 0


@pytest.mark.parametrize(
    "asked",
    [
        {"parameters": {"act": "approve_posting", "year": 2026, "by": "sato"}},
        {"parameters": {"by": {"__prefect_kind": "jinja", "template": "{{ 1 }}"}}},
        {"parameters": {"__prefect_kind": "json", "value": "{}"}},
        {"enforce_parameter_schema": False},
        {"job_variables": {"env": {"PYTHONPATH": "/tmp"}}},
        {"work_queue_name": "mine"},
        {"state": {"type": "COMPLETED"}},
    ],
)  # fmt: skip
def test_a_run_is_started_as_it_is_or_refused(visitor: Visitor, asked: dict[str, Any], figures: Figures) -> None:
    """Parameters, templates, variables of the process, another state or a schema not enforced do not pass."""
    status = visitor.ask("POST", f"/api/deployments/{SOME_ID}/create_flow_run", asked)[0]
    figures.tell("requests refused", where="runs started otherwise than as they are", tried=1, held=int(status == 403))
    assert status == 403
    assert visitor.inner.calls == 0


def test_a_run_is_asked_for_anew(visitor: Visitor) -> None:
    """What reaches Prefect is made anew: time and a slug as its name, the schema enforced, and no free text."""
    typed = {
        "name": "Sleek-Poodle", "tags": ["山田 太郎"], "labels": {"x": "山田"}, "context": {"x": "山田"},
        "state": {"type": "SCHEDULED", "message": "山田", "name": "山田", "state_details": {"scheduled_time": None}},
        "parameters": {}, "infrastructure_document_id": SOME_ID, "parent_task_run_id": SOME_ID,
    }  # fmt: skip
    assert visitor.ask("POST", f"/api/deployments/{SOME_ID}/create_flow_run", typed)[0] == 200
    assert visitor.reached() == {
        "enforce_parameter_schema": True, "state": {"type": "SCHEDULED"}, "name": "Sleek-Poodle",
    }  # fmt: skip
    sent = dict(visitor.inner.scope["headers"])
    assert int(sent[b"content-length"]) == len(visitor.inner.body)
    visitor.ask("POST", f"/api/deployments/{SOME_ID}/create_flow_run", {"name": "山田 太郎", "parameters": None})
    assert "name" not in visitor.reached()


def test_a_run_bears_the_name_of_whom_the_desk_let_in(visitor: Visitor) -> None:
    """Who came by the desk's link starts runs under that id, whatever tags are sent, until the desk ends it."""
    access.say_where(visitor.folder, "http://127.0.0.1:4200")
    token = access.new_link(visitor.folder, "sato", "a session of the desk").partition("token=")[2]
    status, headers = visitor.ask("GET", "/enter", query=f"token={token}", cookie="")
    assert status == 303
    session = headers["set-cookie"].partition(";")[0]
    typed = {"parameters": {}, "tags": ["開始:suzuki"]}
    path = f"/api/deployments/{SOME_ID}/create_flow_run"
    assert visitor.ask("POST", path, typed, cookie=session)[0] == 200
    assert visitor.reached()["tags"] == ["開始:sato"]
    access.end(visitor.folder, "another session of the desk")
    assert visitor.ask("GET", "/api/version", cookie=session)[0] == 200
    access.end(visitor.folder, "a session of the desk")
    assert visitor.ask("GET", "/api/version", cookie=session)[0] == 401


@pytest.mark.parametrize("kind", ["COMPLETED", "RUNNING", "SCHEDULED", "FAILED", "CRASHED", "PENDING", "PAUSED", ""])
def test_a_run_is_only_cancelled(visitor: Visitor, kind: str) -> None:
    """No other state is set than that of the cancelled, and that never by force, whatever is asked."""
    path = f"/api/flow_runs/{SOME_ID}/set_state"
    assert visitor.ask("POST", path, {"state": {"type": kind}, "force": True})[0] == 403
    assert visitor.inner.calls == 0
    asked = {"state": {"type": "cancelling", "name": "山田", "data": {"x": 1}}, "force": True}
    assert visitor.ask("POST", path, asked)[0] == 200
    assert visitor.reached() == {"state": {"type": "CANCELLING", "name": "Cancelling"}, "force": False}


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"1", b"{", b'{"state": 1}', b'{"parameters": [1]}', b"[" * 60_000, b'{"a":"' + b"x" * 70_000]
)
def test_what_is_no_request_is_refused(visitor: Visitor, body: bytes, figures: Figures) -> None:
    """What cannot be read, or is larger than any request, is refused in words and reaches nobody."""
    status = visitor.ask("POST", f"/api/deployments/{SOME_ID}/create_flow_run", body)[0]
    figures.tell("requests refused", where="bodies that are no request", tried=1, held=int(status in {413, 422}))
    assert status in {413, 422}
    assert visitor.inner.calls == 0


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("127.0.0.1:4200", 200), ("localhost:8080", 200), ("[::1]:4200", 200), ("127.0.0.1", 200),
        ("evil.example:4200", 421), ("", 421), ("192.0.2.1:4200", 421), ("127.0.0.1.evil.example", 421),
        ("localhost.evil.example", 421), ("[::1", 421), ("evil.example@127.0.0.1.example", 421), ("tsudoi.city", 200),
    ],
)  # fmt: skip
def test_only_our_own_address_is_served(tmp_path: Path, host: str, status: int, figures: Figures) -> None:
    """A name that somebody made to lead here (DNS rebinding) is refused; loopback and the configured name are not."""
    visitor = Visitor(tmp_path, name="tsudoi.city")
    answered, strange = visitor.ask("GET", "/api/version", host=host)[0], status == 421
    figures.tell("requests refused", where="other hosts", tried=int(strange), held=int(strange and answered == status))
    assert answered == status


@pytest.mark.parametrize("method", ["GET", "POST", "WEBSOCKET"])
@pytest.mark.parametrize(
    "sent",
    [
        {"origin": "http://evil.example:9998"}, {"origin": "http://127.0.0.1:9998"}, {"origin": "null"},
        {"origin": "file://"}, {"origin": "http://[::1"}, {"origin": "http://127.0.0.1:4200.evil.example"},
        {"sec_fetch_site": "cross-site"}, {"sec_fetch_site": "same-site"},
    ],
)  # fmt: skip
def test_another_page_is_refused(visitor: Visitor, method: str, sent: dict[str, str], figures: Figures) -> None:
    """What a page of another origin makes a browser send is refused, the session notwithstanding; also a websocket."""
    path = {"GET": "/api/version", "POST": "/api/deployments/filter", "WEBSOCKET": "/api/events/out"}[method]
    status = visitor.ask(method, path, **sent)[0]
    figures.tell("requests refused", where="other origins", tried=1, held=int(status == 403))
    assert status == 403
    assert visitor.inner.calls == 0
    assert visitor.ask(method, path, origin=f"http://{HOST}", sec_fetch_site="same-origin")[0] in {101, 200}


def test_a_link_from_elsewhere_leads_here(visitor: Visitor) -> None:
    """Whoever follows a link from a letter comes to a page; that alone is no request of another page."""
    assert visitor.ask("GET", "/runs", sec_fetch_site="cross-site", sec_fetch_mode="navigate")[0] == 200
    assert visitor.ask("POST", "/runs", sec_fetch_site="cross-site", sec_fetch_mode="navigate")[0] == 403


def test_without_a_session_nothing_is_read(visitor: Visitor) -> None:
    """Nobody without a session sees a page, a file or an answer of the server, but that it is well."""
    for cookie in ("", "tsudoi_session=", f"{COOKIE}=9999999999.x.{'0' * 64}", f"{COOKIE}=é", "=;;==", COOKIE):
        for path in ("/", "/runs", "/ui-settings", "/api/version", "/api/admin/settings"):
            assert visitor.ask("GET", path, cookie=cookie)[0] == 401, (cookie, path)
        assert visitor.ask("WEBSOCKET", "/api/events/out", cookie=cookie or "x=y")[0] == 403
    assert visitor.inner.calls == 0
    assert visitor.ask("GET", "/api/health", cookie="")[0] == 200


def test_a_session_of_another_server_or_of_yesterday_is_none(visitor: Visitor, monkeypatch: pytest.MonkeyPatch) -> None:
    """A session ends after a day of work, and one that another credential has sealed never began."""
    other = access.Sessions("tsudoi:another", visitor.folder).begin()
    assert visitor.ask("GET", "/api/version", cookie=f"{COOKIE}={other}")[0] == 401
    monkeypatch.setattr(access, "SESSION_LASTS", -1)
    over = access.Sessions(SECRET, visitor.folder).begin()
    assert visitor.ask("GET", "/api/version", cookie=f"{COOKIE}={over}")[0] == 401


def test_a_link_opens_once(visitor: Visitor) -> None:
    """The token of a link becomes a cookie that scripts and other sites do not get; it is refused a second time."""
    access.say_where(visitor.folder, "http://127.0.0.1:4200")
    link = access.new_link(visitor.folder)
    token = link.partition("?")[2]
    kept = [path.name + path.read_text() for path in visitor.folder.rglob("*") if path.is_file()]
    assert token.partition("=")[2] not in "".join(kept)
    status, headers = visitor.ask("GET", "/enter", query=token, cookie="")
    assert (status, headers["location"]) == (303, "/")
    assert {"HttpOnly", "SameSite=Strict", "Path=/"} <= set(headers["set-cookie"].split("; "))
    assert visitor.ask("GET", "/api/version", cookie=headers["set-cookie"].partition(";")[0])[0] == 200
    for again in (token, "token=", "", "token=../credential", "token=" + "x" * 43):
        assert visitor.ask("GET", "/enter", query=again, cookie="")[0] == 403, again


def test_a_link_grows_old(visitor: Visitor, monkeypatch: pytest.MonkeyPatch) -> None:
    """A link that nobody opened in ten minutes opens nothing, and is cleared away with the next."""
    access.say_where(visitor.folder, "http://127.0.0.1:4200")
    monkeypatch.setattr(access, "_LINK_LASTS", -1)
    link = access.new_link(visitor.folder)
    assert visitor.ask("GET", "/enter", query=link.partition("?")[2], cookie="")[0] == 403
    access.new_link(visitor.folder)
    assert len(list((visitor.folder / "links").iterdir())) == 1


def test_the_flows_have_all_of_it(visitor: Visitor) -> None:
    """Who has the credential reaches what the server has, unchanged; a wrong one is nobody's."""
    right = access.header_of(SECRET).decode()
    assert visitor.ask("PATCH", f"/api/deployments/{SOME_ID}", {"x": 1}, cookie="", authorization=right)[0] == 200
    assert visitor.reached() == {"x": 1}
    assert visitor.ask("PATCH", f"/api/deployments/{SOME_ID}", cookie="", authorization=right[:-2])[0] == 401


def test_a_browser_proves_itself_by_its_session_alone(visitor: Visitor) -> None:
    """Of the credential people's browsers get nothing: the gate puts it in on the way, over what they sent."""
    visitor.ask("GET", "/api/version", authorization="Basic dHlwZWQ=")
    assert dict(visitor.inner.scope["headers"])[b"authorization"] == access.header_of(SECRET)
    visitor.ask("WEBSOCKET", "/api/events/out", origin=f"http://{HOST}")
    assert visitor.reached() == {"type": "auth", "token": SECRET}
    assert visitor.ask("WEBSOCKET", "/api/events/in", origin=f"http://{HOST}")[0] == 403


def test_pages_load_nothing_from_elsewhere(visitor: Visitor) -> None:
    """Each answer to a browser forbids frames, and pictures, scripts and requests to other hosts (Law 9)."""
    _status, headers = visitor.ask("GET", "/runs")
    policy = headers["content-security-policy"]
    assert "connect-src 'self'" in policy
    assert "img-src 'self' data: blob:" in policy
    assert "frame-ancestors 'none'" in policy
    assert "http" not in policy


def test_the_credential_is_random_and_its_owners_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One is made where none is, readable by its account only; it stays, and another installation has another."""
    monkeypatch.delenv(access.VARIABLE, raising=False)
    one, again, other = (access.credential(tmp_path / name) for name in ("one", "one", "other"))
    assert one == again != other
    assert len(one) > 40
    assert (tmp_path / "one" / "credential").stat().st_mode & 0o777 == 0o600
