"""The report for programs: one document of schema `parity.report/1`. Every key is always there."""

import json
from datetime import UTC, datetime
from importlib.resources import files
from typing import Any

from parity.facts.buildpacks import NODE, PYTHON
from parity.records import Exchange, Line, Plan
from parity.records.verdict import Evidence, Finding, Repaired, Verdict
from parity.system.text import readable
from parity.version import __version__

MB = 1024 * 1024


def schema() -> str:
    """Return the JSON Schema of the document."""
    name = "parity.report-1.json"
    return (files("parity.report") / "schema" / name).read_text(encoding="utf-8")


def document(verdict: Verdict) -> str:
    """Return the document in ASCII, so that no byte of an app's output reaches a terminal raw."""
    text = json.dumps(report(verdict), indent=2, allow_nan=False)
    return text.replace("##", "#\\u0023") + "\n"


def report(verdict: Verdict) -> dict[str, Any]:
    """Return the document as an object."""
    return {
        "schema": "parity.report/1",
        "parity": __version__,
        "command": verdict.command,
        "verdict": verdict.verdict,
        "exit_code": verdict.exit_code,
        "symptom": verdict.symptom,
        "source": _source(verdict),
        "push": _push(verdict),
        "release": verdict.release.status if verdict.release else "not-reached",
        "process_types": _process_types(verdict),
        "boot": _boot(verdict),
        "formation": [
            {"name": b.name, "state": b.state, "exit": b.exit, "seconds": round(b.seconds, 3)}
            for b in verdict.formation
        ],
        "requests": [_request(e) for e in verdict.traffic.exchanges] if verdict.traffic else [],
        "shutdown": _shutdown(verdict),
        "memory": _memory(verdict),
        "plan": _plan(verdict),
        "stages": [
            {"name": s.name, "status": s.status, "seconds": round(s.seconds, 3)}
            for s in verdict.stages
        ],
        "findings": [_finding(f) for f in verdict.findings],
        "ignored": [{"id": f.id, "effect": f.effect} for f in verdict.silenced],
        "repaired": [_repaired(r) for r in verdict.repaired],
        "log": [_line(line) for line in verdict.log],
        "not_emulated": list(verdict.not_emulated),
    }


def _texts(values: Any) -> list[str]:
    return [readable(value) for value in values]


def _source(verdict: Verdict) -> dict[str, Any]:
    source = verdict.source
    return {
        "kind": source.kind if source else None,
        "commit": source.commit if source else None,
        "uncommitted": _texts(source.uncommitted) if source else [],
        "absent": _texts(source.absent) if source else [],
    }


def _push(verdict: Verdict) -> str:
    """Return Heroku's answer to the push: rejected if a finding says so."""
    if any(f.effect == "reject" and f.after is None for f in verdict.findings):
        return "rejected"
    slug = verdict.slug
    return "accepted" if slug and slug.refusal is None and slug.unknown is None else "unknown"


def _latest(verdict: Verdict) -> Plan | None:
    """Return the plan as the build has left it, if there was one."""
    return verdict.slug.plan if verdict.slug else verdict.plan


def _process_types(verdict: Verdict) -> dict[str, str]:
    plan = _latest(verdict)
    types = plan.processes.values() if plan else ()
    return {readable(process.name): readable(process.command) for process in types}


def _boot(verdict: Verdict) -> dict[str, Any]:
    boot = verdict.boot
    return {
        "state": boot.state if boot else "not-reached",
        "port": boot.port if boot else None,
        "exit": boot.exit if boot else None,
        "seconds": round(boot.seconds, 3) if boot else None,
        "isolation": boot.isolation if boot else None,
        "listeners": [
            {"host": socket.host, "port": socket.port, "pid": socket.pid}
            for socket in (boot.listeners if boot else ())
        ],
    }


def _request(exchange: Exchange) -> dict[str, Any]:
    return {
        "method": exchange.method,
        "path": readable(exchange.path),
        "status": exchange.status,
        "code": exchange.code,
        "service_ms": exchange.service_ms,
    }


def _shutdown(verdict: Verdict) -> dict[str, Any]:
    shutdown = verdict.shutdown
    return {
        "seconds": round(shutdown.seconds, 3) if shutdown else None,
        "exit": shutdown.exit if shutdown else None,
        "killed": shutdown.killed if shutdown else None,
    }


def _memory(verdict: Verdict) -> dict[str, Any]:
    shutdown = verdict.shutdown
    peak = shutdown.peak if shutdown else None
    memory = shutdown.memory if shutdown else None
    return {
        "peak_mb": None if peak is None else round(peak / MB),
        "quota_mb": round(shutdown.quota / MB) if shutdown else None,
        "over": memory.over if memory else None,
        "tasks": memory.tasks if memory else None,
        "processes": [
            {"pid": s.pid, "command": readable(s.command), "bytes": s.bytes, "grown": s.grown}
            for s in (memory.shares if memory else ())
        ],
        "samples": [
            {"seconds": round(seconds, 2), "bytes": used}
            for seconds, used in (shutdown.samples if shutdown else ())
        ],
    }


def _plan(verdict: Verdict) -> dict[str, Any]:
    plan = _latest(verdict)
    python = plan.runtime(PYTHON) if plan else None
    here = verdict.slug.interpreters.get(PYTHON) if verdict.slug else None
    chosen = python or next(iter(plan.runtimes if plan else ()), None)
    return {
        "buildpack": plan.buildpack if plan else None,
        "buildpacks": _texts(plan.runs) if plan else [],
        "package_manager": chosen.manager if chosen else None,
        "python": {
            "requested": readable(python.requested) if python and python.requested else None,
            "origin": python.origin if python else None,
            "version": python.version if python else None,
            "used": here.version if here else None,
        },
        "node": _node(verdict),
    }


def _node(verdict: Verdict) -> dict[str, Any]:
    plan = _latest(verdict)
    node = plan.runtime(NODE) if plan else None
    here = verdict.slug.interpreters.get(NODE) if verdict.slug else None
    return {
        "requested": readable(node.requested) if node and node.requested else None,
        "version": node.version or None if node else None,
        "used": here.version if here else None,
    }


def _finding(finding: Finding) -> dict[str, Any]:
    return {
        "id": finding.id,
        "kind": finding.kind,
        "symptom": finding.symptom,
        "effect": finding.effect,
        "stage": finding.stage,
        "heroku": finding.heroku,
        "title": readable(finding.title),
        "basis": finding.basis,
        "after": finding.after,
        "evidence": [_evidence(e) for e in finding.evidence],
        "cause": readable(finding.cause),
        "fix": readable(finding.fix),
        "diff": readable(finding.diff) if finding.diff is not None else None,
        "docs": finding.docs,
        "tried": readable(finding.tried) if finding.tried is not None else None,
    }


def _repaired(repaired: Repaired) -> dict[str, Any]:
    return {
        "finding": repaired.finding,
        "what": readable(repaired.what),
        "outcome": repaired.outcome,
        "answer": repaired.answer,
    }


def _evidence(evidence: Evidence) -> dict[str, Any]:
    return {
        "seen": readable(evidence.seen),
        "file": readable(evidence.file) if evidence.file is not None else None,
        "line": evidence.line,
        "column": evidence.column,
        "pid": evidence.pid,
    }


def _line(line: Line) -> str:
    """Return a line as in https://devcenter.heroku.com/articles/logging#log-format."""
    at = datetime.fromtimestamp(line.at, UTC).isoformat(timespec="microseconds")
    return readable(f"{at} {line.source}: {line.text}")
