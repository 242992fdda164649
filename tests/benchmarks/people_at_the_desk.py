"""Twenty people at the desk, three seconds between clicks; and the same query as a bare page. Locust's file."""

import re
from itertools import cycle

from locust import HttpUser, constant, task

PEOPLE = cycle(("sato", "suzuki", "watanabe", "nakamura", "okada"))
PASSPHRASE = "swallow pencil blue desk"
TOKEN = re.compile(r'name="token" value="([0-9a-f]+)"')


class Person(HttpUser):
    """Logs in once, and then goes from page to page as a working day goes."""

    wait_time = constant(3)

    def on_start(self) -> None:
        found = TOKEN.search(self.client.get("/login", name="login").text)
        assert found
        form = {"token": found[1], "person": next(PEOPLE), "passphrase": PASSPHRASE}
        self.client.post("/login", data=form, name="login", allow_redirects=False)

    @task(4)
    def work(self) -> None:
        self.client.get("/", name="page")

    @task(2)
    def form(self) -> None:
        self.client.get("/hatachi-2026/acts/record_deviation", name="page")

    @task(1)
    def another_form(self) -> None:
        self.client.get("/hatachi-2026/acts/report_incident", name="page")


class Bare(HttpUser):
    """Asks for the same query as a bare page: no session, no template, no checks."""

    wait_time = constant(3)

    @task
    def look(self) -> None:
        self.client.get("/", name="page")
