"""Bolt for Python, as its guide begins: Socket Mode, one listener. `!echo X` is answered with X, in the thread where it was
asked."""

import os
import re

from slack_bolt import App
from slack_bolt.adapter.socket_mode import SocketModeHandler
from slack_sdk import WebClient

client = WebClient(token=os.environ["SLACK_BOT_TOKEN"], base_url=os.environ["SLACK_API_URL"])
app = App(client=client)


@app.message(re.compile(r"^!echo (.*)", re.DOTALL))
def echo(message, context, say):
    say(text=context["matches"][0], thread_ts=message.get("thread_ts"))


SocketModeHandler(app, os.environ["SLACK_APP_TOKEN"], web_client=client).start()
