"""Which of Heroku's codes a failed exchange gets.

Conditions: https://devcenter.heroku.com/articles/error-codes (documented).
"""

from http.client import HTTPException, RemoteDisconnected
from typing import NamedTuple

import requests
import urllib3


class Fault(NamedTuple):
    """`code` is Heroku's; `detail` is what the socket said."""

    code: str
    detail: str


def before_answer(error: Exception) -> Fault:
    """The fault of an exchange that ended without a status line."""
    if isinstance(error, requests.ConnectTimeout):
        return Fault("H19", "no connection within the limit")
    if isinstance(error, requests.Timeout):
        return Fault("H12", "not one byte of an answer within the limit")
    reasons = list(_reasons(error))
    if any(isinstance(r, ConnectionRefusedError) for r in reasons):
        return Fault("H21", "connection refused")
    if any(isinstance(r, HTTPException) and not isinstance(r, RemoteDisconnected) for r in reasons):
        return Fault("H17", f"the answer does not start like HTTP: {reasons[-1]}")
    if any(isinstance(r, urllib3.exceptions.HeaderParsingError) for r in reasons):
        return Fault("H17", f"unreadable headers: {reasons[-1]}")
    return Fault("H13", "the connection was closed before the first byte of an answer")


def within_answer(error: Exception) -> Fault:
    """The fault of an exchange that broke off in the body."""
    if isinstance(error, urllib3.exceptions.ReadTimeoutError | TimeoutError):
        return Fault("H15", "silent in the middle of the answer")
    return Fault("H18", "the connection was closed in the middle of the answer")


def _reasons(error: BaseException) -> list[BaseException]:
    """`error` and everything it wraps: requests and urllib3 nest the socket's own error."""
    found: list[BaseException] = []
    todo: list[object] = [error]
    while todo:
        item = todo.pop()
        if isinstance(item, BaseException) and item not in found:
            found.append(item)
            todo += [*item.args, getattr(item, "reason", None), item.__cause__, item.__context__]
    return found
