// Everything that the plugin says in answers, in Korean and English.

const TEXTS = {
  added: ["🔔 {name}: {at}에 이 대화방에 알립니다. 다음은 {next}.", "🔔 {name}: I will say it here at {at}, next on {next}."],
  taken: ["`{name}` 알림은 이미 있습니다. `!알림 삭제 {name}` 후 다시 만들거나 다른 이름을 쓰세요.", "There is a notice `{name}` already. Delete it first (`!notify delete {name}`), or take another name."],
  when: ["`{at}`은(는) 시각으로 읽을 수 없습니다. `\"평일 09:50\"`, `\"매일 19:05\"`, `\"5 19 * * *\"`처럼 적어 주세요.", "`{at}` is no time. Write it like `\"weekdays 09:50\"`, `\"daily 19:05\"` or `\"5 19 * * *\"`."],
  nameless: ["알림에는 이름이 있어야 합니다.", "A notice needs a name."],
  often: ["대화방에서 만드는 알림은 1분에 한 번까지입니다. 초 없이 `5 19 * * *`처럼 적어 주세요.", "A notice that is made in chat comes once a minute at most: write `5 19 * * *`, without seconds."],
  color: ["`{color}`은(는) 색이 아닙니다. `#00FFFF`이나 good, warning, danger라고 적어 주세요.", "`{color}` is no colour; write `#00FFFF`, good, warning or danger."],
  none: ["아직 알림이 없습니다. `!알림 추가 이름 \"평일 09:50\" 내용`처럼 만듭니다.", "There is no notice yet. `!notify add NAME \"weekdays 09:50\" TEXT` makes one."],
  unknown: ["`{name}` 알림은 없습니다. `!알림 목록`에서 이름을 확인하세요.", "There is no notice `{name}`; `!notify list` has the names."],
  kept: ["`{name}` 알림은 운영자의 설정에 있어 여기서 바꿀 수 없습니다. 멈출 수는 있습니다.", "The notice `{name}` stands in the operator's configuration, so it cannot be changed here. It can be paused."],
  deleted: ["🗑️ `{name}` 알림을 지웠습니다.", "🗑️ The notice `{name}` is gone."],
  paused: ["⏸️ `{name}` 알림을 멈췄습니다. `!알림 다시 {name}` 하면 이어 갑니다.", "⏸️ The notice `{name}` rests; `!notify resume {name}` goes on."],
  resumed: ["▶️ `{name}` 알림을 다시 합니다.", "▶️ The notice `{name}` goes on."],
  card: ["🎨 `{name}` 알림을 꾸몄습니다. `!알림 시험 {name}` 명령으로 보세요.", "🎨 The notice `{name}` is a card now; `!notify test {name}` shows it."],
  key: ["`{key}`은(는) 없습니다. 쓸 수 있는 것: {keys}. 다른 이름은 `제목: 값`처럼 적으면 칸이 됩니다.", "There is no `{key}`; those are {keys}. `Title: value` makes a field."],
  value: ["`{{value.{name}}}` = {text}", "`{{value.{name}}}` = {text}"],
  columns: ["이름\t시각\t곳\t내용\t", "name\ttime\twhere\ttext\t"],
  resting: ["⏸️ 멈춤", "⏸️ paused"],
  configured: ["설정", "configured"],
} satisfies Record<string, [ko: string, en: string]>;

/** A text in the reader's language. */
export function say(language: string, name: keyof typeof TEXTS, values: Record<string, string> = {}): string {
  const text = TEXTS[name][language === "ko" ? 0 : 1];
  return text.replace(/\{\{|\}\}|\{(\w+)\}/g, (whole, key?: string) => (key === undefined ? whole[0] : (values[key] ?? "")));
}
