//! `/hooks/PLUGIN/NAME`: the webhooks of plugins.
//!
//! A request is refused as early as it can be: unknown hook, wrong method, a body that says it is too large, a token or
//! signature that cannot be right, all before anything of the body is read. What passes becomes an event like those of
//! chat services: it is in the journal before anybody is told that it was accepted, and its twins are recognised by what
//! the sender calls it ([`delivery`]).

mod answer;
mod delivery;
mod past;
mod set_up;

use super::{Source, body, plain, refusal};
use crate::adapter::{Ack, AckAnswer, Delivery, Intake};
use crate::matching::Matcher;
use crate::registry::Follower;
use async_trait::async_trait;
use axum::body::{Body, HttpBody};
use axum::extract::{Extension, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::Response;
use axum::{Router, routing};
use delivery::Attempts;
use jiff::Timestamp;
use moa_core::event::Hook;
use moa_core::hook::{Headers, Refused, Verifier};
use moa_core::manifest::{self, Webhook};
use moa_store::StoreError;
pub use past::Past;
use past::numbered;
use set_up::Noted;
pub use set_up::SetUp;
use std::sync::{Arc, Weak};
use std::time::Duration;
use tokio::sync::oneshot;

/// How long a request waits for the first complete set of plugins.
const PATIENCE: Duration = Duration::from_secs(2);

/// The webhooks of all plugins.
pub struct Hooks {
    set_up: SetUp,
    matcher: Arc<Matcher>,
    intake: Arc<dyn Intake>,
    past: Past,
    attempts: Attempts,
    noted: Noted,
}

/// What a request asks for, by its address.
struct Asked<'a> {
    plugin: &'a str,
    name: &'a str,
    path: &'a str,
}

/// The headers of a request.
struct Head<'a>(&'a HeaderMap);

impl Headers for Head<'_> {
    fn values(&self, name: &str) -> Vec<&[u8]> {
        self.0.get_all(name).into_iter().map(HeaderValue::as_bytes).collect()
    }
}

impl Hooks {
    /// Webhooks as they are set up; requests go to `intake`. Those that are not set up are told to the operator when their
    /// plugin is loaded.
    pub async fn start(set_up: SetUp, matcher: Arc<Matcher>, intake: Arc<dyn Intake>, past: Past) -> Arc<Self> {
        let hooks = Arc::new(Self {
            set_up,
            matcher,
            intake,
            past,
            attempts: Attempts::default(),
            noted: Noted::default(),
        });
        let follower: Weak<Self> = Arc::downgrade(&hooks);
        hooks.matcher.registry.follow(follower);
        // The plugins may have been there before.
        hooks.plugins_changed().await;
        hooks
    }

    /// Their route.
    pub fn routes(self: &Arc<Self>) -> Router {
        Router::new()
            .route("/hooks/{*path}", routing::any(serve))
            .with_state(Arc::clone(self))
    }

    /// The webhook at an address, of a plugin that is loaded.
    fn find(&self, asked: &Asked<'_>) -> Option<Webhook> {
        let snapshot = self.matcher.registry.current();
        let plugins = [&snapshot.plugins, &snapshot.stopped];
        let loaded = plugins.into_iter().find_map(|plugins| plugins.get(asked.plugin))?;
        let hooks = &loaded.manifest.webhooks;
        hooks.iter().find(|hook| hook.name == asked.name).cloned()
    }

    /// Everything up to where the plugin is asked: the request, and the id of this delivery.
    async fn admit(&self, head: &Parts, body: Body, source: Source) -> Result<(Hook, Option<String>), Response> {
        let asked = asked(head.uri.path()).ok_or_else(|| refusal(StatusCode::NOT_FOUND))?;
        if tokio::time::timeout(PATIENCE, self.matcher.registry.ready())
            .await
            .is_err()
        {
            return Err(answer::later("starting"));
        }
        let hook = self.find(&asked).ok_or_else(|| refusal(StatusCode::NOT_FOUND))?;
        if !hook.methods.iter().any(|method| method == head.method.as_str()) {
            return Err(answer::other_method(&hook.methods));
        }
        let settings = self.set_up.about(asked.plugin, &hook.name);
        let verifier = self.set_up.verifier(asked.plugin, &hook).map_err(|error| {
            self.noted.set_up(asked.plugin, &hook.name, &error);
            answer::later("not set up")
        })?;
        let limit = settings.and_then(|settings| settings.body).unwrap_or(self.set_up.body);
        if body.size_hint().lower() > limit {
            return Err(refusal(StatusCode::PAYLOAD_TOO_LARGE));
        }
        let refuse = |why: Refused| {
            self.noted.refused(asked.plugin, &hook.name, source, why);
            refusal(StatusCode::UNAUTHORIZED)
        };
        let headers = Head(&head.headers);
        let mut checking = verifier.begin(&headers, Timestamp::now().as_second()).map_err(refuse)?;
        let body = body::read(body, limit, |part| checking.update(part)).await?;
        checking.finish(&body).map_err(refuse)?;
        let query = head.uri.query().unwrap_or_default();
        // Where the signature names the request, nothing beside it may: whoever got hold of a copy can change that.
        let id = verifier.sign_of(&headers).or_else(|| {
            let name = delivery::name(&head.headers)?;
            Some(delivery::named(&name, &head.method, asked.path, query, &body))
        });
        let request = Hook {
            plugin: asked.plugin.to_owned(),
            name: hook.name,
            method: head.method.as_str().to_owned(),
            path: asked.path.to_owned(),
            query: query.to_owned(),
            headers: shown(&head.headers, &verifier),
            body: verifier.without_secret(body),
            time: Timestamp::now().to_string(),
        };
        Ok((request, id))
    }

    /// Gives the request to the plugin, and what it answers back.
    async fn pass_on(&self, request: Hook, id: Option<String>) -> Response {
        let attempt = match &id {
            Some(id) => match self.attempt(&request, id).await {
                Ok(attempt) => attempt,
                Err(error) => {
                    tracing::error!(%error, "what came of a delivery cannot be looked up");
                    return answer::later("not now");
                }
            },
            None => 1,
        };
        let key = id.as_deref().map(|id| request.identity(id));
        let event = match &id {
            Some(id) => request.event(&numbered(id, attempt)),
            None => request.event(&delivery::unique()),
        };
        if self.matcher.route(&event).is_empty() {
            // Stopped by the operator, or silenced for a while. Nothing was recorded, so it is as if it never came.
            return answer::later("not now");
        }
        let (told, answered) = oneshot::channel();
        let ack = Ack::answering(move |answer| told.send(answer).is_ok());
        self.intake.deliver(Delivery { event, ack });
        let response = match answered.await {
            Ok(Some(AckAnswer::Response(answer))) => answer::response(answer),
            // It is in the journal, and its plugin is at it, or was before.
            Ok(_) => plain(StatusCode::ACCEPTED, "accepted"),
            // It could not be recorded, or there is no room for it in the plugin's queue.
            Err(_) => answer::later("not now"),
        };
        if let Some(key) = key
            && response.status().is_server_error()
        {
            // Whoever sends it again wants it to be done, not to be told once more that it failed.
            self.attempts.failed(key.as_str(), attempt);
        }
        response
    }

    /// Which attempt of a delivery is coming: one that failed is new work when it is sent again.
    async fn attempt(&self, request: &Hook, id: &str) -> Result<u32, StoreError> {
        let first = request.identity(id);
        let next = self.attempts.next(first.as_str());
        let coming = request.identity(&numbered(id, next));
        let failed = self.past.failed(&first, &coming).await?;
        Ok(next.max(failed.saturating_add(1)))
    }
}

async fn serve(State(hooks): State<Arc<Hooks>>, Extension(source): Extension<Source>, request: Request) -> Response {
    let (head, body) = request.into_parts();
    match hooks.admit(&head, body, source).await {
        // As a task of its own: a sender that goes away takes nothing with it.
        Ok((request, id)) => {
            let work = tokio::spawn(async move { hooks.pass_on(request, id).await });
            work.await
                .unwrap_or_else(|_| refusal(StatusCode::INTERNAL_SERVER_ERROR))
        }
        Err(refusal) => refusal,
    }
}

/// What an address asks for. The rest of the path stays as it was sent.
fn asked(path: &str) -> Option<Asked<'_>> {
    let (plugin, rest) = path.strip_prefix("/hooks/")?.split_once('/')?;
    let end = rest.find('/').unwrap_or(rest.len());
    let (name, path) = rest.split_at_checked(end)?;
    let named = manifest::is_plain_name(plugin) && manifest::is_plain_name(name);
    named.then_some(Asked { plugin, name, path })
}

/// The headers that the plugin may see.
fn shown(headers: &HeaderMap, verifier: &Verifier) -> Vec<(String, String)> {
    let secret = verifier.secret_header();
    let seen = headers.iter().filter(|(name, _)| Some(name.as_str()) != secret);
    seen.map(|(name, value)| {
        (
            name.as_str().to_owned(),
            String::from_utf8_lossy(value.as_bytes()).into_owned(),
        )
    })
    .collect()
}

#[async_trait]
impl Follower for Hooks {
    async fn plugins_changed(&self) {
        let snapshot = self.matcher.registry.current();
        for (plugin, loaded) in &snapshot.plugins {
            for hook in &loaded.manifest.webhooks {
                if let Err(error) = self.set_up.verifier(plugin, hook) {
                    self.noted.set_up(plugin, &hook.name, &error);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_names_plugin_hook_and_the_rest() {
        for (path, expected) in [
            ("/hooks/ci/build", Some(("ci", "build", ""))),
            ("/hooks/ci/build/", Some(("ci", "build", "/"))),
            ("/hooks/ci/build/a/b%2Fc", Some(("ci", "build", "/a/b%2Fc"))),
            ("/hooks/ci/build//", Some(("ci", "build", "//"))),
            ("/hooks/ci", None),
            ("/hooks/ci/", None),
            ("/hooks//build", None),
            ("/hooks/CI/build", None),
            ("/hooks/ci/../x", None),
            ("/hooks/ci/%62uild", None),
            ("/other/ci/build", None),
        ] {
            let asked = asked(path).map(|asked| (asked.plugin, asked.name, asked.path));
            assert_eq!(asked, expected, "{path}");
        }
    }

    #[test]
    fn the_header_with_the_secret_is_not_for_the_plugin() {
        let mut headers = HeaderMap::new();
        headers.insert("authorization", HeaderValue::from_static("Bearer s3cret"));
        headers.insert("x-event", HeaderValue::from_static("push"));
        let bearer = Verifier::new(moa_core::manifest::Verify::Bearer, "s3cret", None, None);
        assert_eq!(shown(&headers, &bearer), [("x-event".to_owned(), "push".to_owned())]);
        assert_eq!(shown(&headers, &Verifier::open()).len(), 2);
    }
}
