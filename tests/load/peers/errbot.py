"""Errbot with its Slack backend, and another address of the Web API: the backend itself has no setting for it."""

import functools
import logging
import os

from slack_sdk import WebClient

WebClient.__init__ = functools.partialmethod(WebClient.__init__, base_url=os.environ["SLACK_API_URL"])

BACKEND = "SlackV3"
BOT_DATA_DIR = os.environ["ERRBOT_DATA"]
CORE_PLUGINS = ()
BOT_LOG_FILE = None
BOT_LOG_LEVEL = logging.INFO
BOT_ADMINS = ("@ben",)
BOT_PREFIX = "!"
BOT_IDENTITY = {"token": os.environ["SLACK_BOT_TOKEN"], "app_token": os.environ["SLACK_APP_TOKEN"]}
