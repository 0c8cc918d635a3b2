# -*- coding: utf-8 -*-
from . import on_command


@on_command(['줄', 'queue'])
def run(robot, channel, user, tokens):
    '''줄을 섭니다'''
    if not tokens:
        first = robot.brain.lpop('queue')
        return channel, first or '아무도 없어요'
    return channel, '%d' % robot.brain.lpush('queue', tokens[0])
