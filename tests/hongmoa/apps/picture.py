# -*- coding: utf-8 -*-
from . import build_message, on_command


@on_command(['짤', 'pic'])
def run(robot, channel, user, tokens):
    '''그림을 보여 줍니다'''
    attachments = [{'fallback': 'a cat', 'title': '<cat>', 'image_url': 'https://example.com/cat.png', 'color': '#1DDB16'}]
    return channel, build_message('골라 봤어요', attachments=attachments)
