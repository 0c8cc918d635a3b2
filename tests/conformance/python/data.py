"""What SDKs have for what was found: rows as people see them, the thread of a day, a server outside."""

from datetime import date
from typing import Literal

import moa
from moa import Context, Place, chat

import memory


@moa.command
def rows(ctx: Context, how: Literal["table", "csv"]) -> str:
    try:
        found = moa.sql.query("main", "SELECT name AS 이름, data, price, sold FROM dishes ORDER BY id")
        if how == "table":
            return found.table()
        file = found.send_csv(ctx.place, "dishes.csv", "a *file*")
        return f"{len(chat.download(file))} bytes"
    except moa.HostError as refused:
        return memory.case(refused)


@moa.command
def daily(ctx: Context, day: date) -> str:
    thread = chat.daily_thread(Place.of(ctx.place.conversation), day, f"*Feed {day}*", "Reports come here.")
    chat.send(thread, "news")
    return "done"


@moa.command
def web(address: str) -> str:
    try:
        response = moa.http.post(address, headers={"x-moa": "soup"}, body="안녕")
    except moa.HostError as refused:
        return memory.case(refused)
    return f"{response.status} {response.header('x-there') or '-'} {response.text}"
