# -*- coding: utf-8 -*-
from decorators import on_command


@on_command(['ㅁㅁ', '메모', 'memo'])
def run(robot, channel, user, tokens):
    '''기억합니다

    !메모 (목록), !메모 이름 (보기), !메모 이름 내용 (저장)
    '''
    if not tokens:
        keys = robot.brain.get('memo-keys').decode('utf-8')
        return channel, keys or '아직 메모가 없어요'
    if len(tokens) == 1:
        return channel, robot.brain.get('memo-' + tokens[0]) or '그런 메모는 없어요'
    robot.brain.set('memo-' + tokens[0], ' '.join(tokens[1:]))
    keys = robot.brain.get('memo-keys').split()
    if tokens[0] not in keys:
        robot.brain.set('memo-keys', ' '.join(sorted(keys + [tokens[0]])))
    return channel, '저장했어요: ' + tokens[0]
