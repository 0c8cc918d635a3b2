// The page's own texts, in Korean and English.

export const TEXTS = {
  ko: {
    channels: '채널', directs: '다이렉트 메시지', speakAs: '말하는 사람', simulated: '모의 Slack 워크스페이스입니다', thread: '스레드',
    keys: 'Enter 보내기 · Shift+Enter 줄 바꿈 · / 로 시작하면 슬래시 명령', app: '앱', edited: '(편집됨)',
    onlyYou: '나에게만 보입니다', broadcast: '스레드에서 채널에도 보낸 답글', send: '보내기', close: '스레드 닫기', menu: '메뉴',
    language: 'English', today: '오늘', replyInThread: '스레드로 답하기',
    connected: (bot, n) => `${bot} 연결됨 (소켓 ${n}개)`, away: (bot) => `${bot} 연결을 기다리는 중`,
    offline: '플레이그라운드가 꺼져 있습니다', replies: (n) => `답글 ${n}개`, reactWith: (e) => `${e} 반응 남기기`,
    write: (place, who) => `${place}에 ${who} 이름으로 쓰기`, writeThread: (who) => `${who} 이름으로 답글 쓰기`,
    directTopic: '둘만의 대화에서는 ! 없이 명령해도 됩니다',
    unread: (n) => `읽지 않은 메시지 ${n}개`, introTitle: (place) => `${place}에 오신 것을 환영합니다 👋`,
    intro: (bot) => `${bot}에게 말을 걸어 보세요. 먼저 !help부터 쳐 보세요.`,
    introAway: (bot) => `이 채널에는 ${bot} 봇이 없어서 여기서 하는 말은 듣지 못합니다.`,
  },
  en: {
    channels: 'Channels', directs: 'Direct messages', speakAs: 'Speak as', simulated: 'A simulated Slack workspace', thread: 'Thread',
    keys: 'Enter sends · Shift+Enter for a new line · start with / for a slash command', app: 'APP', edited: '(edited)',
    onlyYou: 'Only visible to you', broadcast: 'A reply in a thread, also sent to the channel', send: 'Send', close: 'Close thread', menu: 'Menu',
    language: '한국어', today: 'Today', replyInThread: 'Reply in thread',
    connected: (bot, n) => `${bot} is connected (${n} socket${n === 1 ? '' : 's'})`, away: (bot) => `waiting for ${bot} to connect`,
    offline: 'the playground is gone', replies: (n) => (n === 1 ? '1 reply' : `${n} replies`), reactWith: (e) => `React with ${e}`,
    write: (place, who) => `Message ${place} as ${who}`, writeThread: (who) => `Reply as ${who}`,
    directTopic: 'Here commands need no !',
    unread: (n) => `${n} unread`, introTitle: (place) => `Welcome to ${place} 👋`,
    intro: (bot) => `Say something to ${bot}. Try !help first.`,
    introAway: (bot) => `${bot} isn't in this channel: it doesn't hear what is said here.`,
  },
};
