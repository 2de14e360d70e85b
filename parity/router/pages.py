"""The HTML pages that a browser gets instead of the app's answer.

https://devcenter.heroku.com/articles/error-pages (documented). The page of 506 bytes is the one
that was served (observed, legacy); Router 2.0's page, and that of an app to which nothing was
pushed (H81), were never seen and are assumed to be the same.
"""

from collections.abc import Mapping

CDN = "//www.herokucdn.com/error-pages"

_PAGE = """\
<!DOCTYPE html>
\t<html>
\t  <head>
\t\t<meta name="viewport" content="width=device-width, initial-scale=1">
\t\t<meta charset="utf-8">
\t\t<title>{title}</title>
\t\t<style media="screen">
\t\t  html,body,iframe {{
\t\t\tmargin: 0;
\t\t\tpadding: 0;
\t\t  }}
\t\t  html,body {{
\t\t\theight: 100%;
\t\t\toverflow: hidden;
\t\t  }}
\t\t  iframe {{
\t\t\twidth: 100%;
\t\t\theight: 100%;
\t\t\tborder: 0;
\t\t  }}
\t\t</style>
\t  </head>
\t  <body>
\t\t<iframe src="{address}"></iframe>
\t  </body>
\t</html>"""


def page(code: str, _status: int, config: Mapping[str, str]) -> bytes:
    """Return the page for `code`, or the frame around the config vars' `…_PAGE_URL`."""
    if code == "H80":
        address = config.get("MAINTENANCE_PAGE_URL") or f"{CDN}/maintenance-mode.html"
        return _page("Offline for Maintenance", address)
    return _page(
        "Application Error", config.get("ERROR_PAGE_URL") or f"{CDN}/application-error.html"
    )


def no_such_app() -> bytes:
    """Return the page for a Host that belongs to no app."""
    return _page("Heroku | No such app", f"{CDN}/no-such-app.html")


def _page(title: str, address: str) -> bytes:
    from html import escape

    return _PAGE.format(title=title, address=escape(address)).encode()
