"""Where a page says that an attempt stands among the recorded ones, it does."""

import re

from reprolib import paths
from reprolib.evidence import records

SENTENCE = re.compile(r"(?<=[.:;])\s+|\n\n")
AMONG = re.compile(r"among\s+the\s+attempts|\[attempts\]\(attempts\)")
SETTING = re.compile(r"`((?:data|model|train)\.\w+)(?:=([^`]+))?`")


def named():
    """(page, setting, value or nothing) of every sentence that speaks of the recorded attempts."""
    for path in sorted((paths.ROOT / "book").glob("**/*.md")):
        for sentence in SENTENCE.split(path.read_text()):
            if AMONG.search(sentence):
                yield from ((path.name, *found) for found in SETTING.findall(sentence))


def test_every_attempt_that_a_page_names_has_its_record():
    recorded = {
        found
        for _, record in records.read_all(paths.ROOT / "results", attempts=True)
        for setting, value in record.changes.items()
        for found in ((setting, str(value)), (setting, ""))
    }
    mentioned = list(named())
    assert len(mentioned) > 3
    assert [each for each in mentioned if each[1:] not in recorded] == []
