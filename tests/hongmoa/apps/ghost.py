# -*- coding: utf-8 -*-
from apps.decorators import on_command


@on_command(['ㄱㅅ', '유령', 'ghost'])
def run(robot, channel, user, tokens):
    '''다른 채널에 대신 씁니다. 예) !유령 #random 안녕'''
    return tokens[0], ' '.join(tokens[1:])
