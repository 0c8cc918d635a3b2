# -*- coding: utf-8 -*-
import datetime
import time

from . import on_command

running = {}
count = 0


@on_command(['배포', 'deploy'])
def run(robot, channel, user, tokens):
    '''지켜보며 배포합니다'''
    global count
    count += 1
    running[tokens[0]] = datetime.datetime.now()
    sent = robot.client.api_call('chat.postMessage', channel=channel, text='배포 중: ' + tokens[0])
    robot.client.api_call('chat.update', channel=channel, ts=sent['ts'], text='배포 끝: ' + tokens[0])
    pinned = robot.client.api_call('pins.add', channel=channel, timestamp=sent['ts'])
    robot.logger.info('deployed %s (%d)', tokens[0], count)
    time.sleep(0)
    return channel, 'pin: %s, %d' % (pinned['error'], len(running))
