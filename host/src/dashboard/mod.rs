//! The dashboard: how the host is and what can be ordered of it, in a browser, for the operator alone.
//!
//! Pages are made here, in the process, and work without script; a little script adds what cannot be had otherwise (the
//! live log, shortcuts). It hangs below the operator's listener ([`crate::admin`]) and asks the host what the command line
//! asks it, by the same handlers ([`crate::control`]): whatever is done here stands in the audit log with the session's
//! name.
//!
//! In reading order: [`html`] (markup that is escaped by type), [`session`] (links and sessions, in memory alone),
//! [`guard`] (cookies, where changes come from, headers), this file (who gets what), `orders` (changes), `pages`.

pub mod ask;
mod assets;
mod form;
mod frame;
pub mod guard;
pub mod html;
mod orders;
mod pages;
pub mod session;
mod spark;
mod stream;
mod view;

use crate::admin::Asked;
use crate::control::{Control, Door};
use crate::web::Pace;
use ask::{Asks, Problem};
use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::response::Response;
use axum::routing::any;
use form::Form;
use frame::Page;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use moa_core::config::Config;
use moa_core::rate::Rate;
use pages::enter;
use session::{Look, Session, Sessions};
use std::net::SocketAddr;
use std::sync::Arc;
use view::View;

/// How often somebody may try to come in, of one source.
const ATTEMPTS: &str = "10/1m";

/// What the dashboard needs of the configuration.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The bot's name.
    pub bot: String,
    /// The bot's time zone.
    pub zone: TimeZone,
    /// Whether entries of the brain may be changed.
    pub writes: bool,
}

impl Settings {
    /// As the configuration says.
    pub fn of(config: &Config) -> Self {
        Self {
            bot: config.bot.name.clone(),
            zone: TimeZone::get(&config.bot.timezone).unwrap_or(TimeZone::UTC),
            writes: config.admin.write_brain,
        }
    }
}

/// The dashboard of a host.
pub struct Dashboard {
    control: Arc<Control>,
    asks: Asks,
    sessions: Arc<Sessions>,
    attempts: Pace,
    settings: Settings,
}

impl Dashboard {
    /// Shows what this answers.
    pub fn new(control: &Arc<Control>, settings: Settings) -> Arc<Self> {
        Arc::new(Self {
            control: Arc::clone(control),
            asks: Asks::new(control),
            sessions: Arc::default(),
            attempts: Pace::new(Rate::parse(ATTEMPTS)),
            settings,
        })
    }

    /// All of its addresses.
    pub fn routes(self: &Arc<Self>) -> Router {
        let all =
            any(|State(dashboard): State<Arc<Self>>, request: Request| async move { dashboard.answer(request).await });
        Router::new()
            .route("/", all.clone())
            .route("/{*path}", all)
            .with_state(Arc::clone(self))
    }

    /// It is listened to here: from now on links lead to it.
    pub fn opened(&self, config: &Config, address: SocketAddr) {
        let mut origins = vec![format!("http://{}", near(address))];
        if !config.admin.proxies.is_empty() {
            origins.extend(config.admin.hosts.iter().map(|host| format!("https://{host}")));
        }
        self.control.open_door(Door {
            sessions: Arc::clone(&self.sessions),
            origins,
        });
    }

    /// Answers a request that has passed the listener's guard.
    async fn answer(self: &Arc<Self>, request: Request) -> Response {
        let Some(asked) = request.extensions().get::<Asked>().cloned() else {
            // The guard always says who asks.
            return text(StatusCode::INTERNAL_SERVER_ERROR, String::new());
        };
        let mut response = self.route(request, &asked).await;
        guard::harden(response.headers_mut());
        response
    }

    async fn route(self: &Arc<Self>, request: Request, asked: &Asked) -> Response {
        let look = guard::look(request.headers());
        let path = request.uri().path().to_owned();
        if let Some(piece) = path.strip_prefix("/assets/") {
            return asset(piece, look);
        }
        let is_read = matches!(*request.method(), Method::GET | Method::HEAD);
        if !is_read && *request.method() != Method::POST {
            return text(StatusCode::METHOD_NOT_ALLOWED, enter::nothing(look));
        }
        if !is_read && !guard::is_from_here(request.headers(), asked) {
            return text(StatusCode::FORBIDDEN, enter::foreign(look));
        }
        let own = guard::cookie(request.headers(), &guard::session_cookie(asked));
        // What a page does by itself is no sign that somebody is there.
        let is_used = !request.headers().contains_key("x-moa-refresh") && path != "/log/stream";
        let session = own.and_then(|cookie| self.sessions.find(cookie, is_used));
        match (is_read, path.as_str(), session) {
            (true, "/sign-in", _) => {
                let query = Form::of_query(request.uri());
                text(StatusCode::OK, enter::ask(look, query.get("token")))
            }
            (false, "/sign-in", _) => self.enter(request, asked, look).await,
            (true, _, Some(session)) => self.show(request, look, session).await,
            (false, _, Some(session)) => self.order(request, asked, look, session).await,
            (_, _, None) => text(StatusCode::UNAUTHORIZED, enter::locked(look)),
        }
    }

    /// Somebody comes with a link.
    async fn enter(&self, request: Request, asked: &Asked, look: Look) -> Response {
        if self.attempts.admit(asked.source).is_err() {
            return text(StatusCode::TOO_MANY_REQUESTS, enter::wait(look));
        }
        let Ok(form) = Form::read(request.into_body()).await else {
            return text(StatusCode::BAD_REQUEST, enter::void(look));
        };
        let from = asked.source.to_string();
        match self.sessions.enter(form.get("token")) {
            Ok(Some(begun)) => {
                self.control.at_the_door("sign-in", &begun.session.name, &from);
                tracing::info!(session = %begun.session.name, from, "somebody signed in to the dashboard");
                let mut response = go("/");
                keep(&mut response, &guard::keep(asked, Some(&begun.cookie)));
                response
            }
            Ok(None) => {
                tracing::warn!(
                    from,
                    "somebody tried to sign in to the dashboard with a link that is void"
                );
                text(StatusCode::FORBIDDEN, enter::void(look))
            }
            Err(error) => text(StatusCode::SERVICE_UNAVAILABLE, enter::failed(look, &error.to_string())),
        }
    }

    async fn show(&self, request: Request, look: Look, session: Arc<Session>) -> Response {
        let uri = request.uri();
        let query = Form::of_query(uri);
        if uri.path() == "/log/stream" {
            return match stream::stream(&self.asks, &log_wanted(&query), session, &self.sessions).await {
                Ok(body) => events(body),
                Err(Problem(why)) => text(StatusCode::SERVICE_UNAVAILABLE, enter::failed(look, &why)),
            };
        }
        let here = uri.path_and_query().map_or("/", |here| here.as_str());
        let is_refresh = request.headers().contains_key("x-moa-refresh");
        let view = View {
            look,
            notice: if is_refresh { None } else { session.take_notice() },
            session,
            zone: self.settings.zone.clone(),
            here: if guard::is_own_path(here) { here } else { "/" }.to_owned(),
            now: Timestamp::now(),
            writes: self.settings.writes,
            bot: self.settings.bot.clone(),
        };
        match self.page(uri.path(), &query, &view).await {
            Ok(Some(page)) => text(StatusCode::OK, page.into_html(&view)),
            Ok(None) => text(StatusCode::NOT_FOUND, enter::nothing(look)),
            Err(Problem(why)) => text(StatusCode::SERVICE_UNAVAILABLE, enter::failed(look, &why)),
        }
    }

    /// The page of an address; nothing where there is none.
    async fn page(&self, path: &str, query: &Form, view: &View) -> Result<Option<Page>, Problem> {
        let asks = &self.asks;
        let pieces: Vec<&str> = path.split('/').skip(1).collect();
        let number = |name: &str| query.get(name).parse().unwrap_or(0);
        let page = match pieces.as_slice() {
            [""] => pages::overview::page(asks, view).await?,
            ["plugins"] => {
                let wanted = pages::plugins::Wanted {
                    text: query.get("text").to_owned(),
                    page: number("page"),
                };
                pages::plugins::page(asks, view, &wanted).await?
            }
            ["plugins", name] if moa_core::manifest::is_plain_name(name) => {
                return pages::plugin::page(asks, view, name).await;
            }
            ["log"] => pages::log::page(asks, view, &log_wanted(query)).await?,
            ["schedule"] => pages::schedule::page(asks, view, number("page")).await?,
            ["journal"] => {
                let wanted = pages::journal::Wanted {
                    which: query.get("which").to_owned(),
                    before: query.get("before").parse().ok(),
                };
                pages::journal::page(asks, view, &wanted).await?
            }
            ["journal", seq] if let Ok(seq) = seq.parse() => pages::journal::one(asks, view, seq).await?,
            ["brain"] => pages::brain::page(asks, view).await?,
            ["brain", "list"] => {
                let wanted = pages::brain::Wanted {
                    plugin: query.get("plugin").to_owned(),
                    scope: query.get("scope").to_owned(),
                    prefix: query.get("prefix").to_owned(),
                    page: number("page"),
                };
                pages::brain::list(asks, view, &wanted).await?
            }
            ["brain", "entry"] => pages::brain::entry(asks, view, &orders::entry_of(query)).await?,
            _ => return Ok(None),
        };
        Ok(Some(page))
    }
}

fn log_wanted(query: &Form) -> pages::log::Wanted {
    pages::log::Wanted {
        plugin: query.get("plugin").trim().to_owned(),
        level: query.get("level").to_owned(),
        text: query.get("text").to_owned(),
        invocation: query.get("invocation").trim().to_owned(),
    }
}

/// The address by which a browser on this machine finds a listener.
fn near(address: SocketAddr) -> SocketAddr {
    use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
    let ip = match address.ip() {
        IpAddr::V4(any) if any.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(any) if any.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, address.port())
}

fn asset(piece: &str, look: Look) -> Response {
    let Some(asset) = assets::find(piece) else {
        return text(StatusCode::NOT_FOUND, enter::nothing(look));
    };
    let mut response = Response::new(Body::from(asset.content));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(asset.kind));
    let forever = HeaderValue::from_static("public, max-age=31536000, immutable");
    headers.insert(header::CACHE_CONTROL, forever);
    response
}

/// A page.
fn text(status: StatusCode, page: String) -> Response {
    let mut response = Response::new(Body::from(page));
    *response.status_mut() = status;
    let kind = HeaderValue::from_static("text/html; charset=utf-8");
    response.headers_mut().insert(header::CONTENT_TYPE, kind);
    response
}

/// Lines as they come.
fn events(body: Body) -> Response {
    let mut response = Response::new(body);
    let kind = HeaderValue::from_static("text/event-stream");
    response.headers_mut().insert(header::CONTENT_TYPE, kind);
    // A proxy in between is not to gather them.
    response
        .headers_mut()
        .insert("x-accel-buffering", HeaderValue::from_static("no"));
    response
}

/// Leads elsewhere in the dashboard.
fn go(path: &str) -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::SEE_OTHER;
    let to = HeaderValue::from_str(path).unwrap_or(HeaderValue::from_static("/"));
    response.headers_mut().insert(header::LOCATION, to);
    response
}

/// Has the browser keep a cookie.
fn keep(response: &mut Response, cookie: &str) {
    if let Ok(cookie) = HeaderValue::from_str(cookie) {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
}

#[cfg(test)]
mod tests;
