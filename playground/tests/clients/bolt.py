"""The same bot on slack_bolt: bolt.py sync|async"""

import asyncio
import os
import re
import sys

API = os.environ["MOA_API"]
APP_TOKEN = os.environ["MOA_APP_TOKEN"]
BOT_TOKEN = os.environ["MOA_BOT_TOKEN"]


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

    @app.event("message")
    async def other():
        pass

    await AsyncSocketModeHandler(app, APP_TOKEN).start_async()


if __name__ == "__main__":
    if sys.argv[1] == "async":
        asyncio.run(run_async())
    else:
        run_sync()
