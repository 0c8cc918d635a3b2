# -*- coding: utf-8 -*-
import requests
from requests.auth import HTTPBasicAuth

from . import on_command

API = 'http://api.example.com'


@on_command(['웹', 'web'])
def run(robot, channel, user, tokens):
    '''웹에 물어봅니다'''
    what = tokens[0] if tokens else ''
    try:
        return channel, ASKED[what]()
    except requests.exceptions.Timeout:
        return channel, 'timeout'
    except requests.exceptions.ConnectionError as error:
        return channel, 'no connection: %s' % error


def get():
    params = {'q': '점심 팀', 'tag': ['a', 'b'], 'none': None}
    answer = requests.get(API + '/echo', params=params, headers={'X-Team': 'moa'}, timeout=30)
    told = answer.json()
    kind = answer.headers['Content-Type']
    return ' '.join([str(answer.status_code), str(answer.ok), told['method'], told['query'], told['team'], kind])


def post():
    answer = requests.post(API + '/echo', json={'이름': '로지', 'n': [1, None, True]}, auth=HTTPBasicAuth('u', 'p'))
    told = answer.json()
    return ' '.join([str(answer.status_code), told['method'], told['kind'], told['auth'], told['body']])


def form():
    told = requests.post(API + '/echo', data={'a': '1 2', 'b': ['x', 'y']}).json()
    return ' '.join([told['kind'], told['body']])


def session():
    with requests.Session() as asking:
        asking.headers.update({'X-Team': 'both'})
        asking.params = {'page': 1}
        told = [asking.put(API + '/echo', data=b'raw').json(), asking.delete(API + '/echo').json()]
    return ' '.join('%(method)s %(query)s %(team)s' % one for one in told)


def text():
    answer = requests.get(API + '/text')
    return '%s %s %d' % (answer.text, [line for line in answer.iter_lines(decode_unicode=True)], len(answer.content))


def missing():
    answer = requests.get(API + '/missing')
    if answer:
        return 'there'
    try:
        answer.raise_for_status()
    except requests.HTTPError as error:
        return '%s: %d %s' % (error, error.response.status_code, error.response.text)


def created():
    answer = requests.get(API + '/moved')
    answer.raise_for_status()
    return '%d %s' % (answer.status_code, answer.status_code == requests.codes.ok)


def rubbish():
    try:
        return str(requests.get(API + '/text').json())
    except ValueError as error:
        return type(error).__name__


def slow():
    return str(requests.get(API + '/slow', timeout=(0.3, 0.5)).status_code)


def broken():
    return str(requests.post(API + '/broken', json={}).status_code)


def elsewhere():
    return str(requests.get('http://' + 'elsewhere.example.com/').status_code)


ASKED = {
    'get': get,
    'post': post,
    'form': form,
    'session': session,
    'text': text,
    'missing': missing,
    'moved': created,
    'rubbish': rubbish,
    'slow': slow,
    'broken': broken,
    'elsewhere': elsewhere,
}
