"""Reading a log that Heroku wrote: which codes are in it, and what a rehearsal would say of it.

A log is what a deploy left behind, seen from outside. So it is turned back into the records that a
rehearsal leaves, and the same rules judge them.
"""

from parity.logs.grammar import Entry, Form, form_of, lines
from parity.logs.replay import Cause, causes
from parity.logs.story import Story, Tally, read

__all__ = ["Cause", "Entry", "Form", "Story", "Tally", "causes", "form_of", "lines", "read"]
