# -*- coding: utf-8 -*-
import random

from . import on_command


@on_command(['뽑기', 'ㅃㄱ', 'pick'])
def run(robot, channel, tokens):
    '''여럿 가운데 하나를 뽑습니다. 예) !뽑기 김밥 라면 "떡볶이와 순대"'''
    if len(tokens) < 2:
        return '둘 이상 적어 주세요. 예) !뽑기 김밥 라면'
    return '%s!' % random.choice(tokens)
