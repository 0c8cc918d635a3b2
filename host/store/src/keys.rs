//! Names as bytes.
//!
//! A cell becomes `owner · scope · key`. Owner and scope are made so that none is the beginning of another (names are
//! escaped and ended by a mark that cannot occur in them), so two cells are never the same bytes, all keys of a space lie
//! side by side in the order of their own bytes, and so do all spaces of a plugin. [`decode`] takes it apart again.
//!
//! | bytes | meaning |
//! |---|---|
//! | `01 name 00 01` | owner: the plugin |
//! | `02` | owner: all plugins (the shared brain, which has no scope) |
//! | `01` | scope: the plugin's own |
//! | `02 id 00 01` | scope: a conversation |
//! | `03 id 00 01` | scope: a person |
//! | the rest | the key as it is |
//!
//! A zero byte within a name is written `00 ff`.

use crate::types::{Cell, Scope, Space};

const PLUGIN: u8 = 1;
const ALL: u8 = 2;
const OWN: u8 = 1;
const CONVERSATION: u8 = 2;
const USER: u8 = 3;

const ZERO: [u8; 2] = [0, 0xff];
const END: [u8; 2] = [0, 1];

/// What the shared brain is called where a plugin's name would stand. No plugin can have the name: it has a blank.
pub const SHARED_HOLDER: &str = "shared brain";

/// Whose account a space is on.
pub(crate) fn owner(space: &Space) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(space.plugin.len() + 3);
    push_owner(&mut bytes, space);
    bytes
}

/// The plugin's name in the bytes of an account, as it is written there; `None`: the shared brain.
pub(crate) fn plugin_of(owner: &[u8]) -> Option<&[u8]> {
    owner.strip_prefix(&[PLUGIN])?.strip_suffix(&END)
}

/// The name of an account, for people.
pub(crate) fn holder(space: &Space) -> &str {
    if space.scope == Scope::Shared {
        SHARED_HOLDER
    } else {
        &space.plugin
    }
}

/// What all keys of a holder begin with, and no key of another.
pub(crate) fn of_holder(holder: &str) -> Vec<u8> {
    let scope = if holder == SHARED_HOLDER {
        Scope::Shared
    } else {
        Scope::Plugin
    };
    owner(&Space::new(holder, scope))
}

/// What all keys of a space begin with, and no key of another.
pub(crate) fn space(space: &Space) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(space.plugin.len() + 32);
    push_owner(&mut bytes, space);
    match &space.scope {
        Scope::Plugin => bytes.push(OWN),
        Scope::Conversation(id) => {
            bytes.push(CONVERSATION);
            push_name(&mut bytes, id);
        }
        Scope::User(id) => {
            bytes.push(USER);
            push_name(&mut bytes, id);
        }
        Scope::Shared => {}
    }
    bytes
}

/// The bytes of a cell.
pub(crate) fn cell(cell: &Cell) -> Vec<u8> {
    let mut bytes = space(&cell.space);
    bytes.extend_from_slice(cell.key.as_bytes());
    bytes
}

/// The cell of the bytes; `None` if they are not a cell's. The plugin's name is empty where the brain is shared.
pub(crate) fn decode(bytes: &[u8]) -> Option<Cell> {
    let (&tag, rest) = bytes.split_first()?;
    let (space, key) = match tag {
        ALL => (Space::new("", Scope::Shared), rest),
        PLUGIN => {
            let (plugin, rest) = take_name(rest)?;
            let (&tag, rest) = rest.split_first()?;
            let (scope, key) = match tag {
                OWN => (Scope::Plugin, rest),
                CONVERSATION => {
                    let (id, key) = take_name(rest)?;
                    (Scope::Conversation(id), key)
                }
                USER => {
                    let (id, key) = take_name(rest)?;
                    (Scope::User(id), key)
                }
                _ => return None,
            };
            (Space { plugin, scope }, key)
        }
        _ => return None,
    };
    Some(Cell {
        space,
        key: String::from_utf8(key.to_vec()).ok()?,
    })
}

fn push_owner(bytes: &mut Vec<u8>, space: &Space) {
    if space.scope == Scope::Shared {
        bytes.push(ALL);
    } else {
        bytes.push(PLUGIN);
        push_name(bytes, &space.plugin);
    }
}

fn push_name(bytes: &mut Vec<u8>, name: &str) {
    for &byte in name.as_bytes() {
        if byte == 0 {
            bytes.extend_from_slice(&ZERO);
        } else {
            bytes.push(byte);
        }
    }
    bytes.extend_from_slice(&END);
}

fn take_name(bytes: &[u8]) -> Option<(String, &[u8])> {
    let mut name = Vec::new();
    let mut rest = bytes;
    loop {
        if let Some(after) = rest.strip_prefix(&END) {
            return Some((String::from_utf8(name).ok()?, after));
        }
        if let Some(after) = rest.strip_prefix(&ZERO) {
            name.push(0);
            rest = after;
            continue;
        }
        let (&byte, after) = rest.split_first()?;
        if byte == 0 {
            return None;
        }
        name.push(byte);
        rest = after;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Names made of few characters collide soon if they can collide at all.
    fn name(random: &mut fastrand::Rng) -> String {
        let alphabet = ['\0', '\u{1}', '\u{2}', '\u{3}', 'a', ':', '가', '\u{ff}'];
        (0..random.usize(0..5))
            .filter_map(|_| random.choice(alphabet))
            .collect()
    }

    fn random_cell(random: &mut fastrand::Rng) -> Cell {
        let scope = match random.u8(0..4) {
            0 => Scope::Plugin,
            1 => Scope::Conversation(name(random)),
            2 => Scope::User(name(random)),
            _ => Scope::Shared,
        };
        let plugin = if scope == Scope::Shared {
            String::new()
        } else {
            name(random)
        };
        Cell {
            space: Space { plugin, scope },
            key: name(random),
        }
    }

    #[test]
    fn what_can_be_taken_apart_cannot_collide() {
        let mut random = fastrand::Rng::with_seed(1);
        for _ in 0..20_000 {
            let one = random_cell(&mut random);
            assert_eq!(decode(&cell(&one)), Some(one));
        }
    }

    #[test]
    fn the_keys_of_a_space_begin_with_it_and_no_other_does() {
        let mut random = fastrand::Rng::with_seed(2);
        for _ in 0..20_000 {
            let (a, b) = (random_cell(&mut random), random_cell(&mut random));
            assert!(cell(&a).starts_with(&space(&a.space)));
            assert_eq!(
                cell(&a).starts_with(&space(&b.space)),
                a.space == b.space,
                "{a:?} {b:?}"
            );
            if a.space == b.space {
                assert_eq!(cell(&a).cmp(&cell(&b)), a.key.as_bytes().cmp(b.key.as_bytes()));
            }
            let same_account = owner(&a.space) == owner(&b.space);
            assert_eq!(cell(&a).starts_with(&owner(&b.space)), same_account);
        }
    }

    #[test]
    fn the_shared_brain_is_the_same_for_every_plugin() {
        let of = |plugin: &str| cell(&Space::new(plugin, Scope::Shared).cell("k"));
        assert_eq!(of("a"), of("b"));
    }

    #[test]
    fn junk_is_no_cell() {
        for junk in [
            &b""[..],
            b"\x09",
            b"\x01a",
            b"\x01a\x00\x02",
            b"\x01a\x00\x01\x09",
            b"\x02\xff",
        ] {
            assert_eq!(decode(junk), None, "{junk:?}");
        }
    }
}
