# -*- coding: utf-8 -*-
import requests

from . import on_command

FEED = 'https://weather.example.com/feed.json'


@on_command(['비', 'rain'])
def run(robot, channel, user, tokens):
    '''비가 오는지 알려 줍니다'''
    try:
        answer = requests.get(FEED, params={'city': tokens[0] if tokens else '서울'}, timeout=3)
        answer.raise_for_status()
        return channel, answer.json()['rain']
    except requests.exceptions.ConnectionError as error:
        return channel, '날씨를 물어볼 수 없어요'
