SLACK_TOKEN = 'xoxb-this-must-not-leave-the-machine'
COMMAND_PREFIX = '!'
GREETING = 'hello'
