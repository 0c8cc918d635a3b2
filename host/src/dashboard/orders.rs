//! What is changed from the dashboard: each change by a form of its own session, done by the handler that the command line
//! asks, and told on the page that it leads back to.

use super::ask::{Asks, Problem};
use super::form::Form;
use super::pages::brain::At;
use super::pages::enter;
use super::session::{Look, Notice, Session, Theme};
use super::{Dashboard, go, guard, keep, text};
use crate::admin::Asked;
use crate::control::http::path;
use crate::control::{Changed, GrantRequest, JobDid, PluginDid, Retried};
use crate::grants::Status;
use axum::extract::Request;
use axum::http::{Method, StatusCode};
use axum::response::Response;
use moa_core::locale::Locale;
use moa_core::manifest::is_plain_name;
use std::sync::Arc;

/// Which entry of the brain an address or a form is about.
pub fn entry_of(form: &Form) -> At {
    At {
        plugin: form.get("plugin").to_owned(),
        scope: form.get("scope").to_owned(),
        key: form.get("key").to_owned(),
    }
}

/// What was done, and where it leads.
struct Done {
    text: String,
    /// Elsewhere than back.
    to: Option<&'static str>,
}

impl From<String> for Done {
    fn from(text: String) -> Self {
        Self { text, to: None }
    }
}

/// An order, as its form asks for it.
struct Order<'a> {
    asks: &'a Asks,
    who: &'a str,
    look: Look,
    query: &'a Form,
    form: &'a Form,
    writes: bool,
}

impl Dashboard {
    /// Does what a form asks for.
    pub(super) async fn order(&self, request: Request, asked: &Asked, look: Look, session: Arc<Session>) -> Response {
        let (head, body) = request.into_parts();
        let Ok(form) = Form::read(body).await else {
            return text(StatusCode::BAD_REQUEST, enter::foreign(look));
        };
        if !session.is_own(form.get("csrf")) {
            return text(StatusCode::FORBIDDEN, enter::foreign(look));
        }
        let back = Some(form.get("back"))
            .filter(|back| guard::is_own_path(back))
            .unwrap_or("/");
        let path = head.uri.path();
        match path {
            "/sign-out" => {
                self.sessions.leave(&session);
                self.control
                    .at_the_door("sign-out", &session.name, &asked.source.to_string());
                let mut response = go("/");
                keep(&mut response, &guard::keep(asked, None));
                return response;
            }
            "/look" => return looks(asked, &form, back),
            _ => {}
        }
        let order = Order {
            asks: &self.asks,
            who: &session.name,
            look,
            query: &Form::of_query(&head.uri),
            form: &form,
            writes: self.settings.writes,
        };
        let pieces: Vec<&str> = path.split('/').skip(1).collect();
        let done = match pieces.as_slice() {
            ["plugins", plugin, verb] if is_plain_name(plugin) => order.plugin(plugin, verb).await,
            ["schedule", verb] => order.job(verb).await,
            ["journal", seq, verb] if let Ok(seq) = seq.parse() => order.record(seq, verb).await,
            ["brain", "entry", verb] => order.entry(verb).await,
            _ => return text(StatusCode::NOT_FOUND, enter::nothing(look)),
        };
        let (notice, to) = match done {
            Ok(Some(Done { text, to })) => {
                let (done, why) = (true, None);
                (Notice { done, text, why }, to.unwrap_or(back))
            }
            Ok(None) => return text(StatusCode::NOT_FOUND, enter::nothing(look)),
            Err(refused) => (refused.notice(look), back),
        };
        session.note(notice);
        go(to)
    }
}

/// How the page is to look from now on.
fn looks(asked: &Asked, form: &Form, back: &str) -> Response {
    let mut response = go(back);
    if let Some(theme) = Theme::of(form.get("theme")) {
        keep(&mut response, &guard::keep_look(asked, guard::THEME, theme.name()));
    }
    let locale = match form.get("language") {
        "ko" => Some(Locale::Ko),
        "en" => Some(Locale::En),
        _ => None,
    };
    if let Some(locale) = locale {
        keep(&mut response, &guard::keep_look(asked, guard::LANGUAGE, locale.tag()));
    }
    response
}

/// What came of an order: nothing where there is no such order.
type Came = Result<Option<Done>, Refused>;

/// Why an order was not carried out.
enum Refused {
    /// The dashboard says so, in the reader's language.
    Here(String),
    /// The host does.
    Host(Problem),
}

impl From<Problem> for Refused {
    fn from(problem: Problem) -> Self {
        Self::Host(problem)
    }
}

impl Refused {
    fn notice(self, look: Look) -> Notice {
        let (text, why) = match self {
            Self::Here(text) => (text, None),
            Self::Host(Problem(why)) => {
                let text = look.locale.pick(
                    "하지 못했습니다. 호스트가 말한 이유:",
                    "This was not done. The host says why:",
                );
                (text.to_owned(), Some(why))
            }
        };
        Notice { done: false, text, why }
    }
}

impl Order<'_> {
    fn t(&self, ko: &'static str, en: &'static str) -> &'static str {
        self.look.locale.pick(ko, en)
    }

    fn said(&self, what: impl std::fmt::Display, ko: &'static str, en: &'static str) -> Came {
        Ok(Some(format!("{what}: {}", self.t(ko, en)).into()))
    }

    async fn plugin(&self, plugin: &str, verb: &str) -> Came {
        let at = format!("/v1/plugins/{plugin}/{verb}");
        let (ko, en) = match verb {
            "stop" => ("멈췄습니다", "stopped"),
            "start" => ("시작했습니다", "started"),
            "restart" => ("다시 시작했습니다", "restarted"),
            "rollback" => ("이전 버전으로 되돌렸습니다", "rolled back to the version before"),
            "unpin" => ("고정을 풀었습니다", "unpinned"),
            "grant" => return self.grant(plugin).await,
            "withdraw" => {
                let grants = format!("/v1/plugins/{plugin}/grants");
                let _: Status = self.asks.order(self.who, Method::DELETE, &grants).await?;
                return self.said(plugin, "허락을 거두었습니다", "what was approved is taken back");
            }
            _ => return Ok(None),
        };
        let did: PluginDid = self.asks.order(self.who, Method::POST, &at).await?;
        match did.problem {
            Some(problem) => Err(Problem(format!("{plugin}: {problem}")).into()),
            None => self.said(plugin, ko, en),
        }
    }

    /// Approves what was shown, as far as the plugin still asks for it.
    async fn grant(&self, plugin: &str) -> Came {
        let grants = format!("/v1/plugins/{plugin}/grants");
        let now: Status = self.asks.get(&grants).await?;
        let lines: Vec<String> = self.form.all("line").into_iter().map(str::to_owned).collect();
        if lines.is_empty() || lines.iter().any(|line| !now.missing.contains(line)) {
            let why = self.t(
                "그사이 요청이 바뀌었습니다. 다시 보고 허락하세요",
                "it asks for something else now; look again, and approve that",
            );
            return Err(Refused::Here(format!("{plugin}: {why}")));
        }
        let wanted = GrantRequest { lines: Some(lines) };
        let _: Status = self.asks.order_with(self.who, Method::POST, &grants, &wanted).await?;
        self.said(plugin, "허락했습니다", "approved")
    }

    async fn job(&self, verb: &str) -> Came {
        let (ko, en) = match verb {
            "run" => ("실행을 시작했습니다", "a run was begun"),
            "pause" => ("쉬게 했습니다", "paused"),
            "resume" => ("다시 실행합니다", "resumed"),
            _ => return Ok(None),
        };
        let (plugin, name) = (self.query.get("plugin"), self.query.get("name"));
        let at = path(&format!("/v1/schedule/{verb}"), &[("plugin", plugin), ("name", name)]);
        let did: JobDid = self.asks.order(self.who, Method::POST, &at).await?;
        self.said(format_args!("{}/{}", did.plugin, did.name), ko, en)
    }

    async fn record(&self, seq: u64, verb: &str) -> Came {
        let at = format!("/v1/journal/{seq}");
        match verb {
            "retry" => {
                let fresh = if self.query.get("fresh") == "true" {
                    "?fresh=true"
                } else {
                    ""
                };
                let at = format!("{at}/retry{fresh}");
                let did: Retried = self.asks.order(self.who, Method::POST, &at).await?;
                match did.running {
                    true => self.said(seq, "다시 처리합니다", "it runs again"),
                    false => self.said(seq, "다음에 시작할 때 처리합니다", "it runs with the next start"),
                }
            }
            "drop" => {
                let () = self.asks.order(self.who, Method::DELETE, &at).await?;
                self.said(seq, "버렸습니다", "dropped")
            }
            _ => Ok(None),
        }
    }

    async fn entry(&self, verb: &str) -> Came {
        let at = entry_of(self.query);
        if !self.writes {
            let why = self.t(
                "여기서는 브레인을 볼 수만 있습니다. 바꾸려면 `moa brain`을 쓰거나 admin.write-brain을 true로 두세요",
                "the brain is only shown here: entries can be changed with `moa brain`, or where admin.write-brain is true",
            );
            return Err(Refused::Here(why.to_owned()));
        }
        if !at.is_plugins() {
            let why = self.t(
                "호스트가 스스로 쓰는 것은 여기서 바꾸지 않습니다. 아무도 모르는 명령이 되기 때문입니다",
                "what the host keeps for itself is not changed here: a change would be an order that nobody sees",
            );
            return Err(Refused::Here(why.to_owned()));
        }
        match verb {
            "set" => {
                // Browsers send line ends as two characters.
                let value = self.form.get("value").replace("\r\n", "\n");
                let version = self.form.get("version");
                let request = format!(
                    "{}&{}",
                    at.request(),
                    path("", &[("expected", version)]).trim_start_matches('?')
                );
                let _: Changed = self.asks.put(self.who, &request, value).await?;
                self.said(&at.key, "저장했습니다", "saved")
            }
            "delete" => {
                let _: Changed = self.asks.order(self.who, Method::DELETE, &at.request()).await?;
                let text = format!("{}: {}", at.key, self.t("지웠습니다", "deleted"));
                Ok(Some(Done {
                    text,
                    to: Some("/brain"),
                }))
            }
            _ => Ok(None),
        }
    }
}
