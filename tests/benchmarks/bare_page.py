"""The peer of the desk's pages: the query of the first page and nothing else, served by the same server."""

import sys

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from steps.office import Office
from steps.preparation import everybody
from views.agenda import agenda


def main(port: int) -> None:
    office = Office.open()
    person = next(it for it in everybody(office) if it.id == "sato")

    def page(_request: Request) -> PlainTextResponse:
        with office.look_around() as looks:
            return PlainTextResponse(str(len(agenda(looks, person).mine)))

    app = Starlette(routes=[Route("/", page)])
    uvicorn.run(app, host="127.0.0.1", port=port, log_config=None, access_log=False, lifespan="off")


if __name__ == "__main__":
    main(int(sys.argv[1]))
