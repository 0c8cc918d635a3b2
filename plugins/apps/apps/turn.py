# -*- coding: utf-8 -*-
import json

from settings import LONGEST_LIST

from . import on_command


@on_command(['당번', 'ㄷㅂ', 'turn'])
def run(robot, channel, user, tokens):
    '''당번을 차례로 돌립니다. 예) !당번 로지 샐리 앨리'''
    key = 'turn_%s' % channel
    if tokens:
        people = tokens[:LONGEST_LIST]
        robot.brain.set(key, json.dumps(people))
        return '차례를 정했어요: %s' % ', '.join(people)
    kept = robot.brain.get(key)
    if not kept:
        return '차례를 먼저 정해 주세요. 예) !당번 로지 샐리 앨리'
    people = json.loads(kept.decode('utf-8'))
    robot.brain.set(key, json.dumps(people[1:] + people[:1]))
    return '오늘은 %s, 다음은 %s' % (people[0], people[1 % len(people)])
