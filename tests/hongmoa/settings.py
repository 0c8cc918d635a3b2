SLACK_TOKEN: str = 'xoxb-this-must-not-leave-the-machine'
COMMAND_PREFIX = '!'
# the old one: xoxb-this-must-not-leave-the-machine-2
if COMMAND_PREFIX:
    API_TOKEN = 'this-must-not-leave-the-machine-3'
RETRIES, MY_SECRET = 1, 'this-must-not-leave-the-machine-4'
CONF = {
    'name': 'team',
    'token': 'this-must-not-leave-the-machine-5',
}
ALERTS = 'https://hooks.slack.com/services/this-must-not-leave-the-machine-6'
'''
this-must-not-leave-the-machine-7
'''
GREETING = 'hello'
