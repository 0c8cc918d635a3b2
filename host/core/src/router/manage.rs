//! The host's own commands for those who look after the bot.
//!
//! A new one is a [`AdminWord`], a variant of [`Manage`] and a line in [`WORDS`] and [`AdminWord::forms`]; the host carries it out
//! in `invocation/manage.rs`.

use crate::access::role_name;
use crate::command::values::mentioned;
use crate::command::{Token, Tokens};
use crate::locale::Locale;
use crate::text::{fold, printable_line};

/// What stands before an announcement that is made.
const NOW: &str = "--now";

/// The longest reason for a pause, in characters.
const REASON: usize = 300;

/// The words, those in Korean too. Those for admins are found by their exact spelling only.
pub(super) const WORDS: [(&str, AdminWord); 16] = [
    ("role", AdminWord::Role),
    ("역할", AdminWord::Role),
    ("pause", AdminWord::Pause),
    ("점검", AdminWord::Pause),
    ("resume", AdminWord::Resume),
    ("재개", AdminWord::Resume),
    ("mute", AdminWord::Mute),
    ("음소거", AdminWord::Mute),
    ("unmute", AdminWord::Unmute),
    ("음소거해제", AdminWord::Unmute),
    ("why", AdminWord::Why),
    ("이유", AdminWord::Why),
    ("schedules", AdminWord::Schedules),
    ("스케줄", AdminWord::Schedules),
    ("announce", AdminWord::Announce),
    ("전체공지", AdminWord::Announce),
];

/// What somebody who looks after the bot wants of the host itself. Whether they may is for the host to find out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Manage {
    /// Something about roles.
    Role(RoleOrder),
    /// No plugin is to be called until further notice.
    Pause {
        /// Why, in the admin's words; empty where they say nothing.
        reason: String,
    },
    /// That is over.
    Resume,
    /// The bot is to be silent in a conversation.
    Mute {
        /// The conversation's id.
        conversation: String,
    },
    /// That is over.
    Unmute {
        /// The conversation's id.
        conversation: String,
    },
    /// Why somebody may run a command, or may not.
    Why {
        /// About whom, by id; nothing for whoever asks.
        user: Option<String>,
        /// The command, as it would be typed; not empty.
        command: String,
    },
    /// Which jobs there are, and when they are due.
    Schedules,
    /// Something is to be said wherever the bot is.
    Announce {
        /// What, as typed.
        text: String,
        /// Whether it is said at once; otherwise only where it would be said is told.
        now: bool,
    },
    /// What stands behind the word makes no sense.
    Misused(AdminWord),
}

/// What is wanted of a role.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RoleOrder {
    /// Somebody shall have it.
    Grant {
        /// The role's name, as [`role_name`] gives it.
        role: String,
        /// The person's id.
        user: String,
    },
    /// Somebody shall not have it any more.
    Revoke {
        /// The role's name, as [`role_name`] gives it.
        role: String,
        /// The person's id.
        user: String,
    },
    /// Who has which.
    List(Listed),
}

/// Which roles are listed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Listed {
    /// All.
    All,
    /// Those who have this one.
    Role(String),
    /// Those of this person, by id.
    Person(String),
}

/// The first word of a command for admins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AdminWord {
    /// `role`
    Role,
    /// `pause`
    Pause,
    /// `resume`
    Resume,
    /// `mute`
    Mute,
    /// `unmute`
    Unmute,
    /// `why`, which everybody may ask about themselves.
    Why,
    /// `schedules`, which everybody may ask.
    Schedules,
    /// `announce`
    Announce,
}

impl AdminWord {
    /// All, in the order in which help shows them.
    pub const ALL: [Self; 8] = [
        Self::Role,
        Self::Pause,
        Self::Resume,
        Self::Mute,
        Self::Unmute,
        Self::Why,
        Self::Schedules,
        Self::Announce,
    ];

    /// The word itself.
    pub fn name(self) -> &'static str {
        match self {
            Self::Role => "role",
            Self::Pause => "pause",
            Self::Resume => "resume",
            Self::Mute => "mute",
            Self::Unmute => "unmute",
            Self::Why => "why",
            Self::Schedules => "schedules",
            Self::Announce => "announce",
        }
    }

    /// Whether everybody may use it.
    pub(super) fn is_for_all(self) -> bool {
        matches!(self, Self::Why | Self::Schedules)
    }

    /// How it is written, without the prefix, each with what it is good for.
    pub fn forms(self, locale: Locale) -> &'static [(&'static str, &'static str)] {
        match self {
            Self::Role => locale.pick(
                &[
                    ("역할 부여 역할이름 @사람", "역할을 줍니다"),
                    ("역할 회수 역할이름 @사람", "역할을 거둡니다"),
                    ("역할 목록 [역할이름|@사람]", "누가 어떤 역할을 가졌는지 보여 줍니다"),
                ],
                &[
                    ("role grant ROLE @person", "gives somebody a role"),
                    ("role revoke ROLE @person", "takes a role back"),
                    ("role list [ROLE|@person]", "shows who has which role"),
                ],
            ),
            Self::Pause => locale.pick(
                &[("점검 [이유]", "다시 시작할 때까지 모든 플러그인을 멈춥니다")],
                &[("pause [REASON]", "stops all plugins until you resume")],
            ),
            Self::Resume => locale.pick(&[("재개", "점검을 끝냅니다")], &[("resume", "ends the pause")]),
            Self::Mute => locale.pick(
                &[("음소거 #대화방", "그 대화방에서 봇이 조용히 있게 합니다")],
                &[("mute #conversation", "makes the bot silent there")],
            ),
            Self::Unmute => locale.pick(
                &[("음소거해제 #대화방", "그 대화방에서 봇이 다시 말하게 합니다")],
                &[("unmute #conversation", "lets the bot speak there again")],
            ),
            Self::Why => locale.pick(
                &[
                    ("이유 명령", "명령을 쓸 수 있는지, 무엇이 그것을 정하는지 알려 줍니다"),
                    ("이유 @사람 명령", "다른 사람에 대해 알려 줍니다"),
                ],
                &[
                    ("why COMMAND", "tells whether you may run it, and what decides that"),
                    ("why @person COMMAND", "tells it about somebody else"),
                ],
            ),
            Self::Schedules => locale.pick(
                &[("스케줄", "플러그인이 정해진 때에 하는 일을 보여 줍니다")],
                &[("schedules", "shows what plugins do at set times")],
            ),
            Self::Announce => locale.pick(
                &[
                    ("전체공지 글", "글이 올라갈 대화방이 몇 곳인지 알려 줍니다"),
                    ("전체공지 --now 글", "봇이 있는 모든 대화방에 글을 올립니다"),
                ],
                &[
                    ("announce TEXT", "tells how many conversations it would go to"),
                    ("announce --now TEXT", "says it in all conversations where the bot is"),
                ],
            ),
        }
    }

    /// What the words behind it mean.
    pub(super) fn read(self, rest: &str) -> Manage {
        let tokens = Tokens::new(rest);
        let read = match self {
            Self::Role => role(&tokens).map(Manage::Role),
            Self::Pause => Some(Manage::Pause {
                reason: printable_line(rest, REASON),
            }),
            Self::Resume => tokens.get(0).is_none().then_some(Manage::Resume),
            Self::Mute => conversation(&tokens).map(|conversation| Manage::Mute { conversation }),
            Self::Unmute => conversation(&tokens).map(|conversation| Manage::Unmute { conversation }),
            Self::Why => why(&tokens),
            Self::Schedules => tokens.get(0).is_none().then_some(Manage::Schedules),
            Self::Announce => announcement(rest),
        };
        read.unwrap_or(Manage::Misused(self))
    }
}

fn role(tokens: &Tokens<'_>) -> Option<RoleOrder> {
    let word = |at: usize| tokens.get(at).map(|token| fold(&token.text).into_owned());
    let both = || match (tokens.get(1), tokens.get(2), tokens.get(3)) {
        (Some(role), Some(person), None) => Some((role_name(&role.text)?, person_in(person)?)),
        _ => None,
    };
    match word(0).as_deref()? {
        "grant" | "부여" => both().map(|(role, user)| RoleOrder::Grant { role, user }),
        "revoke" | "회수" => both().map(|(role, user)| RoleOrder::Revoke { role, user }),
        "list" | "목록" => match (tokens.get(1), tokens.get(2)) {
            (None, _) => Some(RoleOrder::List(Listed::All)),
            (Some(one), None) => match person_in(one) {
                Some(user) => Some(RoleOrder::List(Listed::Person(user))),
                None => Some(RoleOrder::List(Listed::Role(role_name(&one.text)?))),
            },
            _ => None,
        },
        _ => None,
    }
}

/// What is to be announced: all that is typed, its lines included.
fn announcement(rest: &str) -> Option<Manage> {
    let rest = rest.trim();
    let (now, text) = match rest.strip_prefix(NOW) {
        Some(text) if text.is_empty() || text.starts_with(char::is_whitespace) => (true, text.trim()),
        _ => (false, rest),
    };
    let text = text.to_owned();
    (!text.is_empty()).then_some(Manage::Announce { text, now })
}

/// The one conversation that the words mention. A name in letters is none: names can be taken over.
fn conversation(tokens: &Tokens<'_>) -> Option<String> {
    match (tokens.get(0), tokens.get(1)) {
        (Some(token), None) => mentioned(&token.text, '#').map(Into::into),
        _ => None,
    }
}

fn why(tokens: &Tokens<'_>) -> Option<Manage> {
    let user = tokens.get(0).and_then(person_in);
    let command = tokens.rest_after(usize::from(user.is_some())).to_owned();
    (!command.is_empty()).then_some(Manage::Why { user, command })
}

/// The person whom a word mentions. A name in letters is nobody: everybody can call themselves so.
fn person_in(token: &Token<'_>) -> Option<String> {
    mentioned(&token.text, '@').map(Into::into)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_asked_about_whom() {
        let why = |user: Option<&str>, command: &str| Manage::Why {
            user: user.map(Into::into),
            command: command.into(),
        };
        for (rest, expected) in [
            ("deploy \"a b\"", why(None, "deploy \"a b\"")),
            ("{@U2} !deploy prod", why(Some("U2"), "!deploy prod")),
            ("deploy {@U2}", why(None, "deploy {@U2}")),
            ("{@U2}", Manage::Misused(AdminWord::Why)),
            ("", Manage::Misused(AdminWord::Why)),
        ] {
            assert_eq!(AdminWord::Why.read(rest), expected, "{rest}");
        }
    }

    #[test]
    fn what_is_wanted_of_roles() {
        let grant = |role: &str| {
            Manage::Role(RoleOrder::Grant {
                role: role.into(),
                user: "U2".into(),
            })
        };
        let list = |what| Manage::Role(RoleOrder::List(what));
        for (rest, expected) in [
            ("grant Deployer {@U2}", grant("deployer")),
            ("부여 배포자 {@U2}", grant("배포자")),
            (
                "회수 배포자 {@U2}",
                Manage::Role(RoleOrder::Revoke {
                    role: "배포자".into(),
                    user: "U2".into(),
                }),
            ),
            ("list", list(Listed::All)),
            ("목록 {@U2}", list(Listed::Person("U2".into()))),
            ("list Admin", list(Listed::Role("admin".into()))),
        ] {
            assert_eq!(AdminWord::Role.read(rest), expected, "{rest}");
        }
        for rest in [
            "",
            "grant",
            "grant deployer",
            "grant deployer sally",
            "grant deployer U2",
            "grant {@U2} deployer",
            "grant deployer {@U2} {@U3}",
            "grant deployer {#C1}",
            "list a b",
            "take deployer {@U2}",
        ] {
            assert_eq!(AdminWord::Role.read(rest), Manage::Misused(AdminWord::Role), "{rest}");
        }
    }

    #[test]
    fn what_is_wanted_of_the_bots_voice() {
        let muted = |id: &str| Manage::Mute {
            conversation: id.into(),
        };
        assert_eq!(AdminWord::Mute.read("{#C1}"), muted("C1"));
        assert_eq!(
            AdminWord::Unmute.read(" {#C1} "),
            Manage::Unmute {
                conversation: "C1".into()
            }
        );
        for rest in ["", "general", "#general", "C1", "{@U1}", "{#C1} {#C2}", "{#C1} now"] {
            assert_eq!(AdminWord::Mute.read(rest), Manage::Misused(AdminWord::Mute), "{rest}");
            assert_eq!(
                AdminWord::Unmute.read(rest),
                Manage::Misused(AdminWord::Unmute),
                "{rest}"
            );
        }
        let announce = |text: &str, now| Manage::Announce { text: text.into(), now };
        assert_eq!(AdminWord::Announce.read(" a\n b "), announce("a\n b", false));
        assert_eq!(AdminWord::Announce.read("--now a\n b"), announce("a\n b", true));
        assert_eq!(AdminWord::Announce.read("--nowhere"), announce("--nowhere", false));
        for rest in ["", "  ", "--now", "--now  "] {
            assert_eq!(
                AdminWord::Announce.read(rest),
                Manage::Misused(AdminWord::Announce),
                "{rest:?}"
            );
        }
        let paused = |reason: &str| Manage::Pause { reason: reason.into() };
        assert_eq!(AdminWord::Pause.read(""), paused(""));
        assert_eq!(
            AdminWord::Pause.read("the database\nmoves"),
            paused("the database moves")
        );
        assert_eq!(AdminWord::Resume.read(""), Manage::Resume);
        // Whoever writes more than that means something else.
        assert_eq!(AdminWord::Resume.read("of the day"), Manage::Misused(AdminWord::Resume));
    }
}
