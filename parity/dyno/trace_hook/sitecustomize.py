"""Runs before the app in every Python process of a traced dyno (see parity/dyno/trace.py)."""

import json
import os
import sys

_REPORT = os.environ.get("PARITY_TRACE", "")
_DEEPEST = 100
_EVERY = 1.0


def _tell(event):
    line = (json.dumps(event) + "\n").encode("utf-8", "backslashreplace")
    fd = os.open(_REPORT, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        os.write(fd, line)
    finally:
        os.close(fd)


def _column(frame):
    if not hasattr(frame.f_code, "co_positions"):
        return None
    for number, position in enumerate(frame.f_code.co_positions()):
        if number * 2 == frame.f_lasti:
            return None if position[2] is None else position[2] + 1
    return None


def _frames(frame):
    frames = []
    while frame is not None and len(frames) < _DEEPEST:
        code = frame.f_code
        if frame.f_lineno is not None and not code.co_filename.startswith("<"):
            file = os.path.abspath(code.co_filename)
            frames.append([file, frame.f_lineno, _column(frame), code.co_name])
        frame = frame.f_back
    return frames


def _audit(event, arguments):
    if event != "socket.bind":
        return
    address = arguments[1]
    if isinstance(address, tuple) and len(address) >= 2 and isinstance(address[1], int):
        host, port = str(address[0]), address[1]
        _tell({"kind": "bind", "host": host, "port": port, "frames": _frames(sys._getframe(1))})


def _watch_logging():
    import logging
    import traceback

    handled = logging.Logger.callHandlers

    def call_handlers(self, record):
        if record.exc_info and record.exc_info[0]:
            text = "".join(traceback.format_exception(*record.exc_info))
            _tell({"kind": "exception", "text": text})
        elif record.name.startswith("django.security."):
            _tell({"kind": "refusal", "text": record.getMessage()})
        return handled(self, record)

    logging.Logger.callHandlers = call_handlers


def _watch_stacks():
    """Write all threads' stacks every second; the dump needs neither the GIL nor Python threads."""
    import faulthandler

    file = open(_REPORT + ".stacks", "ab", buffering=0)  # noqa: SIM115 - open until the exit

    def arm():
        faulthandler.dump_traceback_later(_EVERY, repeat=True, file=file)

    arm()
    os.register_at_fork(  # a child would wait forever for the dumping thread, which it lacks
        before=faulthandler.cancel_dump_traceback_later, after_in_parent=arm, after_in_child=arm
    )


def _next():
    """Run the sitecustomize that this one hides, if there is one."""
    import importlib.machinery

    here = os.path.dirname(os.path.abspath(__file__))
    rest = [path for path in sys.path if os.path.abspath(path or ".") != here]
    spec = importlib.machinery.PathFinder.find_spec("sitecustomize", rest)
    if spec and spec.loader:
        module = type(sys)("sitecustomize")
        module.__file__ = spec.origin
        spec.loader.exec_module(module)


if _REPORT:
    sys.addaudithook(_audit)
    _watch_logging()
    _watch_stacks()
_next()
