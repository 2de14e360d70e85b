"""Analysis of a log that Heroku wrote: its codes, and the likely cause of each.

A log is the outside view of a deploy, so it is converted back into the records that a rehearsal
leaves, and judged by the same rules.
"""

from parity.logs.diagnosis import Cause, causes
from parity.logs.grammar import Form, LogEntry, form_of, lines
from parity.logs.life import Tally
from parity.logs.story import Story, read

__all__ = ["Cause", "Form", "LogEntry", "Story", "Tally", "causes", "form_of", "lines", "read"]
