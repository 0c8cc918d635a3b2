//! Who is signed in: links that let somebody in once, and sessions, in memory alone.
//!
//! What travels is random and of 256 bits; what is kept of it is its hash, and hashes are compared in a time that does not
//! depend on what is in them. A host that starts knows nobody.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use moa_core::locale::Locale;
use sha2::{Digest, Sha256};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::watch;

/// How long a link lets somebody in.
pub const LINK: Duration = Duration::from_secs(600);
/// How long a session may be left alone.
pub const IDLE: Duration = Duration::from_secs(3600);
/// How long a session lasts at most.
pub const LONGEST: Duration = Duration::from_secs(12 * 3600);
/// Links that are open at a time; with another one the oldest is void.
const LINKS: usize = 8;
/// Sessions at a time; with another one the one that was left alone longest ends.
const SESSIONS: usize = 16;

/// What is sent, hashed.
type Hash = [u8; 32];

/// Whether two hashes are the same, in a time that does not tell where they differ.
fn same(a: &Hash, b: &Hash) -> bool {
    std::hint::black_box(a.iter().zip(b).fold(0, |differs, (a, b)| differs | (a ^ b))) == 0
}

fn hash(text: &str) -> Hash {
    Sha256::digest(text.as_bytes()).into()
}

/// The system has no randomness.
#[derive(Debug, thiserror::Error)]
#[error("the system gives no random numbers ({0}), so nobody can sign in")]
pub struct NoRandomness(getrandom::Error);

fn secret() -> Result<String, NoRandomness> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).map_err(NoRandomness)?;
    Ok(URL_SAFE_NO_PAD.encode(bytes))
}

/// Who may look.
#[derive(Debug, Default)]
pub struct Sessions {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    links: Vec<Link>,
    open: Vec<Open>,
}

#[derive(Debug)]
struct Link {
    token: Hash,
    until: Instant,
}

#[derive(Debug)]
struct Open {
    cookie: Hash,
    last: Instant,
    session: Arc<Session>,
}

/// Somebody who is signed in.
#[derive(Debug)]
pub struct Session {
    /// What the audit log calls them; not what lets them in.
    pub name: String,
    /// What a form has to send along.
    csrf: String,
    begun: Instant,
    ended: watch::Sender<bool>,
    notice: Mutex<Option<Notice>>,
}

/// What came of the last thing that was ordered, to be shown once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// Whether it was done.
    pub done: bool,
    /// What is said, in the reader's language.
    pub text: String,
    /// What the host said to it, in English.
    pub why: Option<String>,
}

impl Session {
    /// What a form has to send along.
    pub fn csrf(&self) -> &str {
        &self.csrf
    }

    /// Whether a form sent the right thing along.
    pub fn is_own(&self, csrf: &str) -> bool {
        same(&hash(&self.csrf), &hash(csrf))
    }

    /// Keeps something to be shown on the next page.
    pub fn note(&self, notice: Notice) {
        *self.notice.lock().unwrap_or_else(PoisonError::into_inner) = Some(notice);
    }

    /// What is to be shown, once.
    pub fn take_notice(&self) -> Option<Notice> {
        self.notice.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// Tells when the session is over.
    pub fn ended(&self) -> watch::Receiver<bool> {
        self.ended.subscribe()
    }
}

/// A session that has begun, and what its browser has to keep.
#[derive(Debug)]
pub struct Begun {
    /// The value of the cookie.
    pub cookie: String,
    /// The session.
    pub session: Arc<Session>,
}

impl Sessions {
    /// A token that lets one person in, once, within [`LINK`].
    ///
    /// # Errors
    /// [`NoRandomness`].
    pub fn invite(&self) -> Result<String, NoRandomness> {
        self.invite_at(Instant::now())
    }

    fn invite_at(&self, now: Instant) -> Result<String, NoRandomness> {
        let token = secret()?;
        let mut state = self.state();
        state.links.retain(|link| link.until > now);
        if state.links.len() >= LINKS {
            state.links.remove(0);
        }
        state.links.push(Link {
            token: hash(&token),
            until: now + LINK,
        });
        Ok(token)
    }

    /// Lets somebody in. The token is used up.
    ///
    /// # Errors
    /// [`NoRandomness`].
    pub fn enter(&self, token: &str) -> Result<Option<Begun>, NoRandomness> {
        self.enter_at(token, Instant::now())
    }

    fn enter_at(&self, token: &str, now: Instant) -> Result<Option<Begun>, NoRandomness> {
        let (cookie, csrf, token) = (secret()?, secret()?, hash(token));
        let mut state = self.state();
        state.links.retain(|link| link.until > now);
        let Some(at) = state.links.iter().position(|link| same(&link.token, &token)) else {
            return Ok(None);
        };
        state.links.remove(at);
        state.sweep(now);
        while state.open.len() >= SESSIONS {
            let oldest = state.open.iter().enumerate().min_by_key(|(_, open)| open.last);
            let Some(oldest) = oldest.map(|(at, _)| at) else { break };
            state.open.remove(oldest).session.ended.send_replace(true);
        }
        let key = hash(&cookie);
        let [a, b, c, d, ..] = hash(&csrf);
        let session = Arc::new(Session {
            name: format!("dashboard-{a:02x}{b:02x}{c:02x}{d:02x}"),
            csrf,
            begun: now,
            ended: watch::Sender::new(false),
            notice: Mutex::default(),
        });
        state.open.push(Open {
            cookie: key,
            last: now,
            session: Arc::clone(&session),
        });
        Ok(Some(Begun { cookie, session }))
    }

    /// Whose cookie this is. With `used` somebody is there: the session is not alone.
    pub fn find(&self, cookie: &str, used: bool) -> Option<Arc<Session>> {
        self.find_at(cookie, used, Instant::now())
    }

    fn find_at(&self, cookie: &str, used: bool, now: Instant) -> Option<Arc<Session>> {
        let cookie = hash(cookie);
        let mut state = self.state();
        state.sweep(now);
        let open = state.open.iter_mut().find(|open| same(&open.cookie, &cookie))?;
        if used {
            open.last = now;
        }
        Some(Arc::clone(&open.session))
    }

    /// Ends the sessions that were left alone, or lasted too long.
    pub fn sweep(&self) {
        self.state().sweep(Instant::now());
    }

    /// Ends a session.
    pub fn leave(&self, session: &Session) {
        self.state().end(|open| open.session.name == session.name);
    }

    /// Ends all sessions, and makes all links void; how many sessions there were.
    pub fn end_all(&self) -> usize {
        let mut state = self.state();
        state.sweep(Instant::now());
        let count = state.open.len();
        state.links.clear();
        state.end(|_| true);
        count
    }

    /// Entries are added and removed whole.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn sweep(&mut self, now: Instant) {
        self.end(|open| {
            now.saturating_duration_since(open.last) >= IDLE
                || now.saturating_duration_since(open.session.begun) >= LONGEST
        });
    }

    fn end(&mut self, which: impl Fn(&Open) -> bool) {
        self.open.retain(|open| {
            let ends = which(open);
            if ends {
                open.session.ended.send_replace(true);
            }
            !ends
        });
    }
}

/// How the page looks to somebody: kept by their browser, for it is no secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Look {
    /// The language.
    pub locale: Locale,
    /// Dark or light, whatever the system says.
    pub theme: Theme,
}

/// Dark or light.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Theme {
    /// As the system says.
    #[default]
    Auto,
    /// Light.
    Light,
    /// Dark.
    Dark,
}

impl Theme {
    /// The theme of this name.
    pub fn of(name: &str) -> Option<Self> {
        Some(match name {
            "auto" => Self::Auto,
            "light" => Self::Light,
            "dark" => Self::Dark,
            _ => return None,
        })
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_lets_in_once_and_for_ten_minutes() {
        let (sessions, now) = (Sessions::default(), Instant::now());
        let token = sessions.invite_at(now).unwrap();
        assert!(token.len() >= 43);
        assert!(sessions.enter_at("", now).unwrap().is_none());
        assert!(sessions.enter_at(&token[1..], now).unwrap().is_none());
        let late = now + LINK - Duration::from_secs(1);
        let begun = sessions.enter_at(&token, late).unwrap().unwrap();
        assert!(sessions.enter_at(&token, late).unwrap().is_none(), "a second time");
        assert_ne!(begun.cookie, token);
        let found = sessions.find_at(&begun.cookie, true, late).unwrap();
        assert_eq!(found.name, begun.session.name);
        assert!(sessions.find_at(&token, true, late).is_none());
        let token = sessions.invite_at(now).unwrap();
        assert!(sessions.enter_at(&token, now + LINK).unwrap().is_none(), "too late");
    }

    #[test]
    fn a_session_ends_when_it_is_left_alone_and_at_the_latest_after_half_a_day() {
        let (sessions, now) = (Sessions::default(), Instant::now());
        let begun = |at| {
            let token = sessions.invite_at(at).unwrap();
            sessions.enter_at(&token, at).unwrap().unwrap()
        };
        let one = begun(now);
        let minute = Duration::from_secs(60);
        assert!(sessions.find_at(&one.cookie, true, now + IDLE - minute).is_some());
        // What the page does by itself does not count as somebody being there.
        assert!(sessions.find_at(&one.cookie, false, now + IDLE + minute).is_some());
        let ended = one.session.ended();
        assert!(sessions.find_at(&one.cookie, true, now + IDLE * 2 - minute).is_none());
        assert!(*ended.borrow());
        let two = begun(now);
        let mut at = now;
        while at < now + LONGEST - minute * 30 {
            at += minute * 30;
            assert!(sessions.find_at(&two.cookie, true, at).is_some() || at >= now + LONGEST);
        }
        assert!(sessions.find_at(&two.cookie, true, now + LONGEST).is_none());
    }

    #[test]
    fn there_are_only_so_many_and_all_can_be_ended() {
        let (sessions, now) = (Sessions::default(), Instant::now());
        let mut tokens: Vec<String> = (0..LINKS + 1).map(|_| sessions.invite_at(now).unwrap()).collect();
        assert!(
            sessions.enter_at(&tokens.remove(0), now).unwrap().is_none(),
            "the oldest is void"
        );
        let first = sessions.enter_at(&tokens.remove(0), now).unwrap().unwrap();
        for n in 0..SESSIONS {
            let at = now + Duration::from_secs(n as u64 + 1);
            let token = sessions.invite_at(at).unwrap();
            sessions.enter_at(&token, at).unwrap().unwrap();
        }
        assert!(*first.session.ended().borrow());
        let open = sessions.invite_at(Instant::now()).unwrap();
        assert_eq!(sessions.end_all(), SESSIONS);
        assert!(sessions.enter(&open).unwrap().is_none(), "links too");
        assert_eq!(sessions.end_all(), 0);
    }

    #[test]
    fn what_a_form_sends_along_is_the_sessions_own() {
        let sessions = Sessions::default();
        let begin = || sessions.enter(&sessions.invite().unwrap()).unwrap().unwrap().session;
        let (one, two) = (begin(), begin());
        assert!(one.is_own(one.csrf()) && !one.is_own(two.csrf()) && !one.is_own(""));
        assert_ne!(one.name, two.name);
        assert!(
            !one.csrf().contains(&one.name[10..]),
            "the name in the audit log tells nothing of it"
        );
        one.note(Notice {
            done: true,
            text: "x".into(),
            why: None,
        });
        assert!(one.take_notice().is_some() && one.take_notice().is_none() && two.take_notice().is_none());
    }
}
