"""How the tools of a build say that the network did not answer (observed).

pip, uv, Poetry, git, curl, cargo and Python's own libraries; npm, Yarn and pnpm have other words.
"""

NETWORK = (
    r"NewConnectionError|NameResolutionError|name resolution|ReadTimeout|ConnectTimeout|timed out"
    r"|ProxyError|SSLError|CERTIFICATE_VERIFY_FAILED|SSL certificate problem|5\d\d Server Error"
    r"|HTTP error 5\d\d|HTTP error 429|429 Client Error|ConnectionResetError|RemoteDisconnected"
    r"|ProtocolError|IncompleteRead|Network is unreachable|Could not resolve (?:host|proxy)"
    r"|Failed to connect to|Connection refused|from proxy after CONNECT|unable to resolve host"
    r"|returned error: 5\d\d|<urlopen error|Temporary failure in name|unable to look up"
    r"|error sending request|client error \(Connect\)|dns error|tcp connect error"
    r"|operation timed out|error decoding response body|All attempts to connect"
    r"|Max retries exceeded|etwork connectivity is disabled|server error \(5\d\d"
)
