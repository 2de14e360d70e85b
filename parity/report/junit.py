"""JUnit XML, with a test case for every stage of the rehearsal.

The dialect of Jenkins' xUnit plugin, which GitLab, Azure and CircleCI read, too:
https://github.com/jenkinsci/xunit-plugin (junit-10.xsd, observed).
"""

from xml.etree import ElementTree
from xml.etree.ElementTree import Element, SubElement

from parity.records.verdict import StageResult, Verdict
from parity.report.frame import place
from parity.report.results import Result, decides, results
from parity.report.summary import headline
from parity.system.text import safe


def document(verdict: Verdict) -> str:
    """Return one suite with a case per stage."""
    cases = [_case(stage, verdict) for stage in verdict.stages if _expected(stage, verdict)]
    counts = {
        "tests": len(cases),
        "failures": sum(case.find("failure") is not None for case in cases),
        "errors": sum(case.find("error") is not None for case in cases),
        "skipped": sum(case.find("skipped") is not None for case in cases),
    }
    seconds = f"{sum(stage.seconds for stage in verdict.stages):.3f}"
    numbers = {key: str(number) for key, number in counts.items()} | {"time": seconds}
    suite = Element("testsuite", {"name": f"parity {verdict.command}", **numbers})
    suite.extend(cases)
    if verdict.log:
        SubElement(suite, "system-out").text = _log(verdict)
    root = Element("testsuites")
    root.append(suite)
    ElementTree.indent(root)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{ElementTree.tostring(root, "unicode")}\n'


def _expected(stage: StageResult, verdict: Verdict) -> bool:
    return verdict.command == "run" or stage.name in ("source", "detect")


def _case(stage: StageResult, verdict: Verdict) -> Element:
    names = {"classname": f"parity.{verdict.command}", "name": stage.name}
    case = Element("testcase", {**names, "time": f"{stage.seconds:.3f}"})
    of_stage = [r for r in results(verdict) if r.finding.stage == stage.name]
    failing = [r for r in of_stage if decides(r.finding, verdict)]
    unsure = [r for r in of_stage if r.finding.effect == "unknown" and r not in failing]
    if failing:
        _problem(case, "failure", failing)
    elif unsure:
        _problem(case, "error", unsure)
    elif stage.status == "not-reached":
        SubElement(case, "skipped", {"message": safe(f"not reached: {headline(verdict)}")})
    others = [r for r in of_stage if r not in failing and r not in unsure]
    if others:
        SubElement(case, "system-out").text = "\n\n".join(map(_described, others))
    return case


def _problem(case: Element, kind: str, problems: list[Result]) -> None:
    first = problems[0]
    code = first.symptom.id if first.symptom else first.finding.id
    problem = SubElement(case, kind, {"type": code, "message": safe(first.title)})
    problem.text = "\n\n".join(map(_described, problems))


def _described(result: Result) -> str:
    finding = result.finding
    where = [f"at: {place(evidence)}" for evidence in result.places]
    evidence = map(": ".join, zip(result.labels, result.seen, strict=True))
    rows = (f"{finding.effect}[{finding.id}] {result.title}", *where, *evidence)
    advice = (f"why: {finding.cause}", f"fix: {finding.fix}", f"docs: {finding.docs}")
    return safe("\n".join((*rows, *advice)))


def _log(verdict: Verdict) -> str:
    return "\n".join(safe(f"{line.source}: {line.text}") for line in verdict.log)
