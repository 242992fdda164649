"""The way from the desk to the dashboard: in the name of who is logged in, and by nothing that anybody types."""

from collections.abc import Callable

from browsing import Browser

from flows import access
from steps.office import Office


def test_the_dashboard_opens_in_ones_own_name(browser: Callable[[], Browser], keyed: Office) -> None:
    """The desk leads there by a link that is used up once, and that remembers for whom it was made."""
    folder = access.folder_of(keyed.home)
    access.say_where(folder, "http://127.0.0.1:4200")
    person = browser()
    person.log_in("sato")
    address = person.client.get("/dashboard").headers["location"]
    assert address.startswith("http://127.0.0.1:4200/enter?token=")
    token = address.partition("token=")[2]
    link = access.redeem(folder, token)
    assert link is not None
    assert link[0] == "sato"
    assert access.redeem(folder, token) is None


def test_the_dashboard_closes_with_the_desk(browser: Callable[[], Browser], keyed: Office) -> None:
    """Whoever logs out at the desk is out of the dashboard too; another session of that person's goes on."""
    folder = access.folder_of(keyed.home)
    access.say_where(folder, "http://127.0.0.1:4200")
    sessions = access.Sessions("tsudoi:abcdefghijklmnopqrstuvwxyz", folder)
    people, cookies = [browser(), browser()], list[str]()
    for person in people:
        person.log_in("sato")
        link = access.redeem(folder, person.client.get("/dashboard").headers["location"].partition("token=")[2])
        assert link is not None
        cookies.append(sessions.begin(*link))
    assert [sessions.holder(cookie) for cookie in cookies] == ["sato", "sato"]
    people[0].send("/logout")
    assert [sessions.holder(cookie) for cookie in cookies] == [None, "sato"]


def test_without_a_dashboard_it_is_told_so(browser: Callable[[], Browser]) -> None:
    """Where none is served from this machine the page says whom to ask."""
    person = browser()
    person.log_in("sato")
    assert "管理画面" in person.open("/dashboard", 404)
