"""Finding a host: its addresses within a bounded time, and whether one of them is meant for the public."""

import ipaddress
import socket
import threading
from collections.abc import Iterable
from concurrent.futures import Future

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


def addresses_of(host: str, port: int, *, seconds: float) -> list[str]:
    """Return the addresses of a host, asked for once; a resolver that hangs is left behind.

    Raises:
        OSError: there is no such host, or nobody said so in time.

    """
    answer: Future[list[str]] = Future()

    def ask() -> None:
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
            answer.set_result(list(dict.fromkeys(str(entry[4][0]) for entry in found)))
        except OSError as error:
            answer.set_exception(error)
        except UnicodeError:  # a label that no name may have
            answer.set_exception(socket.gaierror(socket.EAI_NONAME, ""))

    threading.Thread(target=ask, daemon=True).start()
    return answer.result(timeout=seconds)


def is_loopback(host: str) -> bool:
    """Tell whether a host is this machine by its very name, without asking anybody."""
    return host == "localhost" or ((address := _address(host)) is not None and address.is_loopback)


def may_be_reached(address: str, *, host: str, allowed: Iterable[str]) -> bool:
    """Tell whether a request for the host may go to an address that its name stands for today.

    A public one may; a private one, or this machine, only where the address or its network is on the allow-list, so
    that a name which begins to point into the house reaches nobody.
    """
    found = _address(address)
    if found is None:
        return False
    if found.is_global and not found.is_multicast:
        return True
    if host == "localhost" and found.is_loopback:
        return True
    return any(found in network for network in map(_network, allowed) if network is not None)


def _address(text: str) -> Address | None:
    try:
        address = ipaddress.ip_address(text.strip("[]"))
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address


def _network(text: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network | None:
    try:
        return ipaddress.ip_network(text.strip("[]"), strict=False)
    except ValueError:
        return None
