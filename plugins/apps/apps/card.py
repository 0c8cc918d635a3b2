# -*- coding: utf-8 -*-
from settings import CARD_COLOR

from . import build_message, on_command


@on_command(['카드', 'ㅋㄷ', 'card'])
def run(robot, channel, user, tokens):
    '''제목과 글을 카드로 보여 줍니다. 예) !카드 "오늘의 메뉴" 김밥, 라면'''
    if len(tokens) < 2:
        return channel, '제목과 글을 적어 주세요.'
    title, text = tokens[0], ' '.join(tokens[1:])
    card = {'fallback': title, 'title': title, 'text': text, 'color': CARD_COLOR}
    return channel, build_message(title, attachments=[card])
