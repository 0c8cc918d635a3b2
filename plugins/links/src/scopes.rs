//! Which messages a link is for, by the names under which people and the configuration know them.

use moa_plugin::triggers::Scopes;

/// Name, Korean names, and what it is.
const SCOPES: [(&str, &[&str], Scopes); 4] = [
    ("direct", &["개인", "디엠"], Scopes::DIRECT),
    ("direct-mention", &["호출"], Scopes::DIRECT_MENTION),
    ("mention", &["언급"], Scopes::MENTION),
    ("ambient", &["대화"], Scopes::AMBIENT),
];

/// All names, for who wrote another one.
pub const NAMES: &str = "direct (개인), direct-mention (호출), mention (언급), ambient (대화)";

/// The name in the configuration of what somebody wrote.
pub fn name(word: &str) -> Option<&'static str> {
    let word = word.to_lowercase();
    let mut fitting = SCOPES
        .iter()
        .filter(|(name, korean, _)| *name == word || korean.contains(&word.as_str()));
    fitting.next().map(|(name, ..)| *name)
}

/// Those of these names.
pub fn of(names: &[String]) -> Scopes {
    let named = |name: &str| names.iter().any(|one| one == name);
    let all = SCOPES.iter().filter(|(name, ..)| named(name));
    all.fold(Scopes::empty(), |all, (_, _, scope)| all | *scope)
}
