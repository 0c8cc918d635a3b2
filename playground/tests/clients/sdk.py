"""A bot on slack_sdk, with one of its four Socket Mode clients: sdk.py builtin|websocket_client|aiohttp|websockets"""

import asyncio
import importlib
import os
import sys
import threading
import urllib.request

from slack_sdk import WebClient
from slack_sdk.socket_mode.response import SocketModeResponse
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.webhook import WebhookClient

API = os.environ["MOA_API"]
APP_TOKEN = os.environ["MOA_APP_TOKEN"]
BOT_TOKEN = os.environ["MOA_BOT_TOKEN"]


def check(web, channel, user):
    """Web API calls as a bot makes them; raises where an answer isn't as with Slack."""
    me = web.auth_test()
    people = [person["id"] for page in web.users_list(limit=2) for person in page["members"]]
    assert user in people and me["user_id"] in people, people
    channels = [c["name"] for page in web.conversations_list(limit=1) for c in page["channels"]]
    assert "general" in channels and len(channels) == 4, channels
    assert web.users_info(user=user)["user"]["profile"]["display_name"]
    assert web.conversations_info(channel=channel)["channel"]["is_member"]
    assert user in web.conversations_members(channel=channel)["members"]
    metadata = {"event_type": "moa", "event_payload": {"id": "1"}}
    blocks = [{"type": "section", "text": {"type": "mrkdwn", "text": "*x*"}}]
    posted = web.chat_postMessage(channel=channel, text="draft", metadata=metadata, blocks=blocks)
    assert posted["message"]["bot_id"] == me["bot_id"]
    web.chat_update(channel=channel, ts=posted["ts"], text="final")
    web.reactions_add(channel=channel, timestamp=posted["ts"], name="eyes")
    history = web.conversations_history(channel=channel, limit=1, include_all_metadata=True)
    message = history["messages"][0]
    assert message["text"] == "final" and message["metadata"]["event_payload"]["id"] == "1", message
    assert message["reactions"][0]["name"] == "eyes" and "blocks" not in message, message
    reply = web.chat_postMessage(channel=channel, text="below", thread_ts=posted["ts"])
    thread = web.conversations_replies(channel=channel, ts=posted["ts"])["messages"]
    assert [m["ts"] for m in thread] == [posted["ts"], reply["ts"]], thread
    assert web.chat_getPermalink(channel=channel, message_ts=reply["ts"])["permalink"].startswith("http")
    web.chat_postEphemeral(channel=channel, user=user, text="only you")
    direct = web.conversations_open(users=user)["channel"]["id"]
    web.chat_postMessage(channel=direct, text="psst")
    uploaded = web.files_upload_v2(channel=channel, content="a,b", filename="a.csv", title="A")
    assert uploaded["file"]["title"] == "A", uploaded
    files(web, channel, posted["ts"])
    pages(web, channel, user)
    web.chat_delete(channel=channel, ts=reply["ts"])
    try:
        web.chat_postMessage(channel="C000RANDOM0", text="x")
        raise AssertionError("posted where it is no member")
    except web_error() as error:
        assert error.response["error"] == "not_in_channel", error


def files(web, channel, thread):
    """Several at once into a thread; read back with the token; deleted."""
    several = [{"filename": "b.txt", "content": "bee"}, {"filename": "c.bin", "content": b"\x00\x01", "alt_txt": "bytes"}]
    uploaded = web.files_upload_v2(channel=channel, thread_ts=thread, initial_comment="two", file_uploads=several)
    ids = [file["id"] for file in uploaded["files"]]
    shown = web.conversations_replies(channel=channel, ts=thread)["messages"][-1]
    assert [file["id"] for file in shown["files"]] == ids and shown["text"] == "two", shown
    info = web.files_info(file=ids[0])["file"]
    assert info["mimetype"] == "text/plain" and info["size"] == 3 and channel in info["channels"], info
    ask = urllib.request.Request(info["url_private"], headers={"Authorization": f"Bearer {BOT_TOKEN}"})
    with urllib.request.urlopen(ask) as answer:
        assert answer.read() == b"bee", info
    web.files_delete(file=ids[0])
    try:
        web.files_info(file=ids[0])
        raise AssertionError("it is deleted")
    except web_error() as error:
        assert error.response["error"] == "file_not_found", error


def pages(web, channel, user):
    """Cursors lead through everything, once."""
    whole = [m["ts"] for m in web.conversations_history(channel=channel, limit=100)["messages"]]
    paged = [m["ts"] for page in web.conversations_history(channel=channel, limit=2) for m in page["messages"]]
    assert paged == whole and len(whole) == len(set(whole)), (paged, whole)
    members = [m for page in web.conversations_members(channel=channel, limit=2) for m in page["members"]]
    assert user in members and len(members) == len(set(members)), members
    mine = [c["name"] for page in web.users_conversations(types="public_channel,private_channel", limit=1) for c in page["channels"]]
    assert "secret" in mine and "random" not in mine, mine
    modal = {"type": "modal", "title": {"type": "plain_text", "text": "x" * 25}, "blocks": []}
    try:
        web.views_open(trigger_id="1.2.3", view=modal)
        raise AssertionError("the title is too long")
    except web_error() as error:
        assert "/view/title" in error.response["response_metadata"]["messages"][0], error


def web_error():
    from slack_sdk.errors import SlackApiError

    return SlackApiError


def answer(request):
    """What to acknowledge with, and what to say: (payload, (channel, text, thread))."""
    payload = request.payload
    if request.type == "slash_commands":
        if payload["text"] == "later":
            return None, None
        return {"text": f"slash {payload['text']}"}, None
    event = payload.get("event", {})
    if event.get("bot_id") or event.get("subtype"):
        return None, None
    text = event.get("text", "")
    if event["type"] == "app_mention":
        return None, (event["channel"], "mentioned", event.get("thread_ts"))
    if event["type"] == "message" and text.startswith("ping "):
        return None, (event["channel"], text.replace("ping", "pong"), event.get("thread_ts"))
    return None, None


def wants_check(request):
    event = request.payload.get("event", {})
    return event.get("type") == "message" and event.get("text") == "check" and not event.get("bot_id")


def run_check(request):
    event = request.payload["event"]
    web = WebClient(token=BOT_TOKEN, base_url=API)
    try:
        check(web, event["channel"], event["user"])
        text = "check ok"
    except Exception as error:  # the test shows it
        text = f"check failed: {error!r}"
    web.chat_postMessage(channel=event["channel"], text=text)


def run_sync(module):
    client = module.SocketModeClient(app_token=APP_TOKEN, web_client=WebClient(token=BOT_TOKEN, base_url=API))

    def listen(client, request):
        payload, say = answer(request)
        client.send_socket_mode_response(SocketModeResponse(envelope_id=request.envelope_id, payload=payload))
        if say:
            client.web_client.chat_postMessage(channel=say[0], text=say[1], thread_ts=say[2])
        if request.type == "slash_commands" and payload is None:
            WebhookClient(request.payload["response_url"]).send(text="slash later", response_type="in_channel")
        if wants_check(request):
            run_check(request)

    client.socket_mode_request_listeners.append(listen)
    client.connect()
    threading.Event().wait()


async def run_async(module):
    client = module.SocketModeClient(app_token=APP_TOKEN, web_client=AsyncWebClient(token=BOT_TOKEN, base_url=API))

    async def listen(client, request):
        payload, say = answer(request)
        await client.send_socket_mode_response(SocketModeResponse(envelope_id=request.envelope_id, payload=payload))
        if say:
            await client.web_client.chat_postMessage(channel=say[0], text=say[1], thread_ts=say[2])
        if request.type == "slash_commands" and payload is None:
            webhook = WebhookClient(request.payload["response_url"])
            await asyncio.to_thread(webhook.send, text="slash later", response_type="in_channel")
        if wants_check(request):
            await asyncio.to_thread(run_check, request)

    client.socket_mode_request_listeners.append(listen)
    await client.connect()
    await asyncio.Event().wait()


if __name__ == "__main__":
    module = importlib.import_module(f"slack_sdk.socket_mode.{sys.argv[1]}")
    if sys.argv[1] in ("aiohttp", "websockets"):
        asyncio.run(run_async(module))
    else:
        run_sync(module)
