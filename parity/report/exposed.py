"""Warning that others in the network can reach the app: it listens as it would on Heroku."""

from parity.records import Boot


def exposed(boot: Boot, network: str) -> str:
    """Return one line about a dyno that others can reach, past the router; empty if they cannot."""
    addresses = {_address(x.host, x.port) for x in boot.listeners if x.own and not x.loopback}
    if network != "host" or not addresses:
        return ""
    closes = "; `--network own` closes it" if boot.isolation == "pidns" else ""
    return f"a dyno listens on {', '.join(sorted(addresses))}, open to your network{closes}"


def _address(host: str, port: int) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
