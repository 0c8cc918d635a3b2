# -*- coding: utf-8 -*-
from . import on_command
from settings import GREETING


@on_command(['ㅎㅇ', '하이', 'hi'])
def run(robot, channel, user, tokens):
    '''인사를 합니다'''
    return channel, GREETING + ' <@' + user + '>'
