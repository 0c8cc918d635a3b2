# -*- coding: utf-8 -*-
import random

from .decorators import on_command


@on_command(['ㅈㅅㅌ', '점심팀', 'lunch'])
def run(robot, channel, tokens):
    '''오늘의 점심 팀을 알려드립니다. 예) !ㅈㅅㅌ 3 로지,샐리'''
    if len(tokens) < 2:
        return '예) !ㅈㅅㅌ 3 로지,샐리'
    size = int(tokens[0])
    people = [name.strip() for name in ' '.join(tokens[1:]).split(',') if name.strip()]
    random.shuffle(people)
    teams = [people[begin:begin + size] for begin in range(0, len(people), size)]
    return '\n'.join('%d: %s' % (number, ', '.join(sorted(team))) for number, team in enumerate(teams, 1))
