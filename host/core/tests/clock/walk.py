"""When schedules are due, minute by minute.

Reads cases as JSON from standard input, {"from": EPOCH, "to": EPOCH, "cases": [{"zone", "text", "except"}]}, and writes
for each of them the instants at which it is due. It walks through every minute, looks at the clock on the wall, and
keeps to what docs/schedules.md says about changes of the clock:

* a schedule that names every hour runs whenever the clock shows a due time;
* any other runs once for a time that the clock shows twice, the first time, and once, at the moment of the jump, for all
  times that a jump of the clock leaves out.
"""

import json
import sys
from calendar import monthrange
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

MINUTE = timedelta(minutes=1)
NICKNAMES = {
    "@yearly": "0 0 1 1 *",
    "@monthly": "0 0 1 * *",
    "@weekly": "0 0 * * 0",
    "@daily": "0 0 * * *",
    "@hourly": "0 * * * *",
}
MONTHS = "jan feb mar apr may jun jul aug sep oct nov dec".split()
DAYS = "sun mon tue wed thu fri sat".split()


def value(text, names, first):
    text = text.lower()[:3]
    return names.index(text) + first if text in names else int(text)


def members(text, low, high, names=(), first=0):
    """The values of a field without L and #."""
    found = set()
    for part in text.split(","):
        span, _, step = part.partition("/")
        if span == "*":
            begin, end = low, high
        elif "-" in span:
            begin, end = (value(side, names, first) for side in span.split("-"))
        else:
            begin = value(span, names, first)
            end = high if step else begin
        ring = high - low + 1
        if names == DAYS:
            begin %= 7
        count = end - begin if end >= begin else end - begin + ring
        found |= {low + (begin - low + ahead) % ring for ahead in range(0, count + 1, int(step or 1))}
    return found


class Cron:
    def __init__(self, text):
        fields = NICKNAMES.get(text, text).split()
        if len(fields) == 5:
            fields.insert(0, "0")
        second, minute, hour, self.day, month, self.weekday = fields
        self.seconds = sorted(members(second, 0, 59))
        self.minutes = members(minute, 0, 59)
        self.hours = members(hour, 0, 23)
        self.months = members(month, 1, 12, MONTHS, 1)
        self.follows_clock = len(self.hours) == 24

    def on(self, day):
        if day.month not in self.months:
            return False
        said = [fits(day) for text, fits in ((self.day, self.in_month), (self.weekday, self.in_week)) if text not in "*?"]
        return any(said) if said else True

    def in_month(self, day):
        length = monthrange(day.year, day.month)[1]
        for part in self.day.split(","):
            if part == "L":
                if day.day == length:
                    return True
            elif part.startswith("L-"):
                if day.day == length - int(part[2:]):
                    return True
            elif day.day in members(part, 1, 31):
                return True
        return False

    def in_week(self, day):
        weekday = day.isoweekday() % 7
        length = monthrange(day.year, day.month)[1]
        for part in self.weekday.split(","):
            if part.endswith("L"):
                if weekday == value(part[:-1], DAYS, 0) % 7 and day.day > length - 7:
                    return True
            elif "#" in part:
                name, which = part.split("#")
                if weekday == value(name, DAYS, 0) % 7 and (day.day - 1) // 7 + 1 == int(which):
                    return True
            elif weekday in members(part, 0, 6, DAYS):
                return True
        return False

    def times(self, day):
        """Minutes of the day, each with its seconds."""
        return {hour * 60 + minute: self.seconds for hour in self.hours for minute in self.minutes}


class Rules:
    follows_clock = False

    def __init__(self, text):
        self.rules = []
        for rule in text.split(";"):
            days, times = rule.split()
            numbers = range(7) if days == "daily" else members(days, 0, 6, DAYS)
            self.rules.append((set(numbers), [tuple(map(int, time.split(":"))) for time in times.split(",")]))

    def on(self, day):
        return any(day.isoweekday() % 7 in days for days, _ in self.rules)

    def times(self, day):
        found = {}
        for days, times in self.rules:
            if day.isoweekday() % 7 in days:
                for hour, minute, *second in times:
                    found.setdefault(hour * 60 + minute, set()).add(second[0] if second else 0)
        return {minute: sorted(seconds) for minute, seconds in found.items()}


class Case:
    def __init__(self, text, left_out):
        self.pattern = Rules(text) if ":" in text else Cron(text)
        self.follows_clock = self.pattern.follows_clock
        self.left_out = left_out
        self.due = []

    def times(self, day):
        free = day.isoformat() in self.left_out or day.strftime("%m-%d") in self.left_out
        return self.pattern.times(day) if not free and self.pattern.on(day) else {}

    def add(self, instant):
        if not self.due or self.due[-1] != instant:
            self.due.append(instant)


class Days:
    """For a minute on the wall, which cases are due in it, and at which seconds."""

    def __init__(self, cases):
        self.cases = cases
        self.day, self.minutes = None, {}

    def due(self, wall):
        day = (wall.year, wall.month, wall.day)
        if day != self.day:
            self.day, self.minutes = day, {}
            for case in self.cases:
                for minute, seconds in case.times(date(*day)).items():
                    self.minutes.setdefault(minute, []).append((case, seconds))
        return self.minutes.get(wall.hour * 60 + wall.minute, ())


def walk(begin, end, zone, cases):
    days = Days(cases)
    before = datetime.fromtimestamp(begin - 60, zone).replace(tzinfo=None)
    for instant in range(begin, end, 60):
        shown = datetime.fromtimestamp(instant, zone)
        again, wall = shown.fold == 1, shown.replace(tzinfo=None, fold=0)
        missing = before + MINUTE
        while missing < wall:
            # The clock jumped over this minute.
            for case, _ in days.due(missing):
                if not case.follows_clock:
                    case.add(instant)
            missing += MINUTE
        for case, seconds in days.due(wall):
            if case.follows_clock or not again:
                for second in seconds:
                    case.add(instant + second)
        before = wall


def main():
    asked = json.load(sys.stdin)
    cases = [(one["zone"], Case(one["text"], set(one["except"]))) for one in asked["cases"]]
    for name in {name for name, _ in cases}:
        walk(asked["from"], asked["to"], ZoneInfo(name), [case for zone, case in cases if zone == name])
    json.dump([case.due for _, case in cases], sys.stdout)


main()
