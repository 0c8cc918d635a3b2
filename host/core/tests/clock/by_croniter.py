"""When cron expressions are due, as PyPI's croniter reads them: the same in and out as walk.py, without exceptions."""

import json
import sys
from datetime import datetime
from zoneinfo import ZoneInfo

from croniter import croniter


def due(begin, end, zone, text):
    # croniter has the seconds last.
    fields = text.split()
    if len(fields) == 6:
        text = " ".join(fields[1:] + fields[:1])
    # One second before, as croniter looks behind its start.
    runs = croniter(text, datetime.fromtimestamp(begin - 1, ZoneInfo(zone)))
    found = []
    while True:
        instant = int(runs.get_next(float))
        if instant >= end or len(found) == 200:
            return found
        found.append(instant)


asked = json.load(sys.stdin)
json.dump([due(asked["from"], asked["to"], one["zone"], one["text"]) for one in asked["cases"]], sys.stdout)
