"""The same bot on slack_bolt: bolt.py sync|async"""

import asyncio
import os
import re
import sys

API = os.environ["MOA_API"]
APP_TOKEN = os.environ["MOA_APP_TOKEN"]
BOT_TOKEN = os.environ["MOA_BOT_TOKEN"]


def text(words):
    return {"type": "plain_text", "text": words}


BUTTON = {"type": "button", "action_id": "order", "text": text("Order"), "value": "lunch"}
OFFER = [{"type": "actions", "block_id": "offer", "elements": [BUTTON]}]


def form(message):
    """A modal that asks how many; it remembers which message it is about."""
    count = {"type": "plain_text_input", "action_id": "n"}
    return {
        "type": "modal",
        "callback_id": "order",
        "title": text("Order"),
        "submit": text("Send"),
        "private_metadata": f"{message['channel']} {message['ts']}",
        "blocks": [{"type": "input", "block_id": "count", "label": text("How many"), "element": count}],
    }


def ordered(view):
    """What was entered: (number or None, channel, ts)."""
    entered = view["state"]["values"]["count"]["n"]["value"]
    return (entered if entered.isdigit() else None, *view["private_metadata"].split())


WRONG = {"count": "a number, please"}


def run_sync():
    from slack_bolt import App
    from slack_bolt.adapter.socket_mode import SocketModeHandler
    from slack_sdk import WebClient

    app = App(client=WebClient(token=BOT_TOKEN, base_url=API))

    @app.message(re.compile("^ping "))
    def ping(message, say):
        say(text=message["text"].replace("ping", "pong"), thread_ts=message.get("thread_ts"))

    @app.event("app_mention")
    def mentioned(say):
        say("mentioned")

    @app.command("/moa")
    def command(ack, respond, command):
        if command["text"] == "later":
            ack()
            respond(text="slash later", response_type="in_channel")
        else:
            ack(text=f"slash {command['text']}")

    @app.message(re.compile("^form$"))
    def offer(say):
        say(text="Lunch?", blocks=OFFER)

    @app.action("order")
    def order(ack, body, client):
        ack()
        message = {"channel": body["channel"]["id"], "ts": body["message"]["ts"]}
        client.views_open(trigger_id=body["trigger_id"], view=form(message))

    @app.view("order")
    def submitted(ack, view, client):
        number, channel, ts = ordered(view)
        if number is None:
            return ack(response_action="errors", errors=WRONG)
        ack()
        return client.chat_update(channel=channel, ts=ts, text=f"ordered {number}", blocks=[])

    @app.shortcut("todo")
    def todo(ack, shortcut, client):
        ack()
        client.chat_postMessage(channel=shortcut["channel"]["id"], text=f"todo: {shortcut['message']['text']}")

    @app.event("message")
    def other():
        pass

    SocketModeHandler(app, APP_TOKEN).start()


async def run_async():
    from slack_bolt.adapter.socket_mode.async_handler import AsyncSocketModeHandler
    from slack_bolt.async_app import AsyncApp
    from slack_sdk.web.async_client import AsyncWebClient

    app = AsyncApp(client=AsyncWebClient(token=BOT_TOKEN, base_url=API))

    @app.message(re.compile("^ping "))
    async def ping(message, say):
        await say(text=message["text"].replace("ping", "pong"), thread_ts=message.get("thread_ts"))

    @app.event("app_mention")
    async def mentioned(say):
        await say("mentioned")

    @app.command("/moa")
    async def command(ack, respond, command):
        if command["text"] == "later":
            await ack()
            await respond(text="slash later", response_type="in_channel")
        else:
            await ack(text=f"slash {command['text']}")

    @app.message(re.compile("^form$"))
    async def offer(say):
        await say(text="Lunch?", blocks=OFFER)

    @app.action("order")
    async def order(ack, body, client):
        await ack()
        message = {"channel": body["channel"]["id"], "ts": body["message"]["ts"]}
        await client.views_open(trigger_id=body["trigger_id"], view=form(message))

    @app.view("order")
    async def submitted(ack, view, client):
        number, channel, ts = ordered(view)
        if number is None:
            return await ack(response_action="errors", errors=WRONG)
        await ack()
        return await client.chat_update(channel=channel, ts=ts, text=f"ordered {number}", blocks=[])

    @app.shortcut("todo")
    async def todo(ack, shortcut, client):
        await ack()
        await client.chat_postMessage(channel=shortcut["channel"]["id"], text=f"todo: {shortcut['message']['text']}")

    @app.event("message")
    async def other():
        pass

    await AsyncSocketModeHandler(app, APP_TOKEN).start_async()


if __name__ == "__main__":
    if sys.argv[1] == "async":
        asyncio.run(run_async())
    else:
        run_sync()
