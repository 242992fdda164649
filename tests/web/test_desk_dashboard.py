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
    assert (access.redeem(folder, token), access.redeem(folder, token)) == ("sato", None)


def test_without_a_dashboard_it_is_told_so(browser: Callable[[], Browser]) -> None:
    """Where none is served from this machine the page says whom to ask."""
    person = browser()
    person.log_in("sato")
    assert "管理画面" in person.open("/dashboard", 404)
