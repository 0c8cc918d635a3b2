# -*- coding: utf-8 -*-
from . import on_command


@on_command(['ㄷㅇ', '도움', 'help'])
def run(robot, channel, user, tokens):
    '''도움말을 보여 줍니다'''
    return channel, '\n'.join(robot.docs)
