//! Nothing outside of a grant can be reached: each function that plugins import, with each odd form of its arguments, by
//! a plugin that asked for nothing, that only asked, that was only granted, and that asked and was granted.
//!
//! Here what concerns chat, the brain and what is taught; [`outside`] has what reaches beyond.

mod outside;

use crate::capability::{Grants, Said, Says, host};
use crate::testing::{FakeAdapter, Stage, message, place};
use moa_core::call::{CapError, CapResult};
use moa_core::config::Grant;
use moa_core::content::{Action, Content, Style};
use moa_core::event::{EventKind, File, MessageRef, Place, PlaceKind};
use moa_core::manifest::{Requests, Scope as Where};
use moa_core::router::hears::{Taught, What};
use moa_engine::{Host, Scope, Write};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

/// What has to be asked for and granted.
#[derive(Clone, Debug, PartialEq)]
enum Need {
    Nothing,
    Conversation(String),
    Users,
    SharedBrain,
    /// It is not there, whatever is granted.
    Absent,
}

/// A function and that of its arguments which says where it reaches.
#[derive(Clone, Debug)]
enum Call {
    Send(Place),
    Upload(Place),
    History(Place),
    Ask(Place, String),
    Edit(MessageRef),
    Delete(MessageRef),
    React(MessageRef),
    Unreact(MessageRef),
    Download(String),
    OpenDirect(String),
    OpenModal(String),
    GetUser(String),
    GetConversation(String),
    Members(String),
    Get(Scope),
    Set(Scope),
    DeleteKey(Scope),
    ListKeys(Scope),
    Increment(Scope),
    CompareAndSwap(Scope),
    GetMany(Scope),
    SetMany(Scope),
    Hear(Option<String>),
    Forget,
    Config,
    Now,
    Local,
    Random,
}

/// Ids that are not the conversation of the call, `C1`, however much some look like it.
const OTHER_CONVERSATIONS: &[&str] = &[
    "C2",
    "c1",
    " C1",
    "C1 ",
    "C1\n",
    "C1\0",
    "C1/",
    "C1/1.0",
    "C1,C2",
    "/C1",
    "C%31",
    "Ｃ1",
    "#general",
    "*",
    "",
    "DU9",
    "DU1",
    "U9",
    "U1",
    "UBOT",
    "memo",
    "..",
    "C1\u{200b}",
    "\u{202e}1C",
];

/// Ids that are neither the author, nor the bot, nor a member.
const OTHER_PEOPLE: &[&str] = &[
    "U9",
    "u1",
    " U1",
    "U1 ",
    "U1\0",
    "U1,U9",
    "@U1",
    "<@U1>",
    "*",
    "",
    "C1",
    "W1",
    "Ｕ1",
    "U1\u{200b}",
];

/// Places, and what they need. The thread and what kind of conversation it is said to be matter nothing.
fn places() -> Vec<(Place, Need)> {
    let in_thread = |place: Place, thread: &str| Place {
        thread: Some(thread.into()),
        ..place
    };
    let direct = |place: Place| Place {
        kind: PlaceKind::Direct,
        ..place
    };
    let here = [
        place("C1"),
        in_thread(place("C1"), "9.0"),
        in_thread(place("C1"), ""),
        direct(place("C1")),
    ];
    let mut places: Vec<_> = here.into_iter().map(|at| (at, Need::Nothing)).collect();
    for id in OTHER_CONVERSATIONS {
        for at in [place(id), in_thread(place(id), "1.0"), direct(place(id))] {
            places.push((at, Need::Conversation((*id).into())));
        }
    }
    // By its id alone a place is at the only service there is.
    for (id, need) in [("C1", Need::Nothing), ("C2", Need::Conversation("C2".into()))] {
        let service = String::new();
        places.push((Place { service, ..place(id) }, need));
    }
    for service in ["slack", "FAKE", "fake ", "*"] {
        for id in ["C1", "C2"] {
            let service = service.into();
            places.push((Place { service, ..place(id) }, Need::Absent));
        }
    }
    places
}

/// People, and what they need.
fn people() -> Vec<(String, Need)> {
    let near = ["U1", "UBOT", "U2", "U8"].map(|id| (id.to_owned(), Need::Nothing));
    let far = OTHER_PEOPLE.iter().map(|id| ((*id).to_owned(), Need::Users));
    near.into_iter().chain(far).collect()
}

fn table() -> Vec<(Call, Need)> {
    let mut rows = Vec::new();
    for (at, need) in places() {
        let on = MessageRef {
            place: at.clone(),
            id: "1.0".into(),
        };
        let calls = [
            Call::Send(at.clone()),
            Call::Upload(at.clone()),
            Call::History(at.clone()),
            Call::Ask(at, "U1".into()),
            Call::Edit(on.clone()),
            Call::Delete(on.clone()),
            Call::React(on.clone()),
            Call::Unreact(on),
        ];
        rows.extend(calls.map(|call| (call, need.clone())));
    }
    for (who, need) in people() {
        rows.push((Call::OpenDirect(who.clone()), need.clone()));
        rows.push((Call::GetUser(who.clone()), need.clone()));
        rows.push((Call::Ask(place("C1"), who), need));
    }
    let conversations = OTHER_CONVERSATIONS
        .iter()
        .map(|id| (*id, Need::Conversation((*id).into())));
    for (id, need) in std::iter::once(("C1", Need::Nothing)).chain(conversations) {
        rows.push((Call::GetConversation(id.into()), need.clone()));
        rows.push((Call::Members(id.into()), need));
    }
    let elsewhere = Need::Conversation("C2".into());
    let files = [
        ("F1", Need::Nothing),
        ("F2", Need::Nothing),
        ("F3", elsewhere),
        ("F4", Need::Absent),
        ("f1", Need::Absent),
        ("", Need::Absent),
    ];
    rows.extend(files.map(|(id, need)| (Call::Download(id.into()), need)));
    // Whose trigger it is cannot be granted.
    rows.extend(["", "trigger", "*"].map(|trigger| (Call::OpenModal(trigger.into()), Need::Absent)));
    let own = ["", "C1", "C2", "hello", "moa:grants", "*", "\0"];
    let own = own
        .iter()
        .flat_map(|id| [Scope::Conversation((*id).into()), Scope::User((*id).into())]);
    let scopes = own.chain([Scope::Plugin]).map(|scope| (scope, Need::Nothing));
    for (scope, need) in scopes.chain([(Scope::Shared, Need::SharedBrain)]) {
        let calls = [
            Call::Get(scope.clone()),
            Call::Set(scope.clone()),
            Call::DeleteKey(scope.clone()),
            Call::ListKeys(scope.clone()),
            Call::Increment(scope.clone()),
            Call::CompareAndSwap(scope.clone()),
            Call::GetMany(scope.clone()),
            Call::SetMany(scope),
        ];
        rows.extend(calls.map(|call| (call, need.clone())));
    }
    // What the bot may hear anyway.
    rows.extend([None, Some("C1".to_owned()), Some("C2".to_owned())].map(|at| (Call::Hear(at), Need::Nothing)));
    let free = [Call::Forget, Call::Config, Call::Now, Call::Local, Call::Random];
    rows.extend(free.map(|call| (call, Need::Nothing)));
    rows
}

fn question() -> Content {
    let button = Action::Button {
        id: "yes".into(),
        label: "yes".into(),
        value: String::new(),
        style: Style::Normal,
        confirm: None,
    };
    Content {
        actions: vec![button],
        ..Content::text("which?")
    }
}

fn write(value: &str) -> Write {
    Write {
        key: "k".into(),
        value: value.into(),
        ttl_seconds: None,
    }
}

async fn made(host: &Host, call: Call) -> CapResult<()> {
    let Host {
        brain,
        chat,
        system,
        triggers,
        ..
    } = host;
    let key = || "k".to_owned();
    match call {
        Call::Send(to) => chat.send(to, Content::text("x")).await.map(drop),
        Call::Upload(to) => chat.upload(to, "a".into(), b"x".to_vec(), "x".into()).await.map(drop),
        Call::History(at) => chat.history(at, None, 10).await.map(drop),
        Call::Ask(to, who) => chat.ask(to, who, "q".into(), question(), 60).await.map(drop),
        Call::Edit(which) => chat.edit(which, Content::text("x")).await,
        Call::Delete(which) => chat.delete(which).await,
        Call::React(which) => chat.react(which, "tada".into()).await,
        Call::Unreact(which) => chat.unreact(which, "tada".into()).await,
        Call::Download(file) => chat.download(file).await.map(drop),
        Call::OpenDirect(user) => chat.open_direct(user).await.map(drop),
        Call::OpenModal(trigger) => chat.open_modal(trigger, "{}".into()).await,
        Call::GetUser(id) => chat.get_user(id).await.map(drop),
        Call::GetConversation(id) => chat.get_conversation(id).await.map(drop),
        Call::Members(id) => chat.members(id, None).await.map(drop),
        Call::Get(at) => brain.get(at, key()).await.map(drop),
        Call::Set(at) => brain.set(at, write("1")).await.map(drop),
        Call::DeleteKey(at) => brain.delete(at, key()).await.map(drop),
        Call::ListKeys(at) => brain.list_keys(at, String::new(), None, 10).await.map(drop),
        Call::Increment(at) => brain.increment(at, key(), 1).await.map(drop),
        Call::CompareAndSwap(at) => brain.compare_and_swap(at, write("1"), None).await.map(drop),
        Call::GetMany(at) => brain.get_many(at, vec![key()]).await.map(drop),
        Call::SetMany(at) => brain.set_many(at, vec![write("1")]).await,
        Call::Hear(conversation) => {
            let taught = Taught {
                what: What::Keyword("x".into()),
                scopes: vec![Where::Ambient],
                conversation,
            };
            triggers.hear("a".into(), taught).await
        }
        Call::Forget => triggers.forget("a".into()).await.map(drop),
        Call::Config => {
            system.config();
            Ok(())
        }
        Call::Now => {
            system.now();
            Ok(())
        }
        Call::Local => system
            .local("2026-11-21T00:50:00Z", "Asia/Seoul")
            .map(drop)
            .map_err(CapError::Invalid),
        Call::Random => {
            system.random(&mut [0; 8]);
            Ok(())
        }
    }
}

/// What would satisfy the need: the request and the grant, and the line of each as a denial must name it.
fn satisfying(need: &Need) -> (Requests, Grant, String, String) {
    let (mut requests, mut grant) = (Requests::default(), Grant::default());
    let (asked, granted) = match need {
        Need::Nothing | Need::Absent => {
            // All that there is, which must make no difference.
            requests.conversations.push("*".into());
            grant.conversations.push("*".into());
            (requests.users, requests.shared_brain) = (true, true);
            (grant.users, grant.shared_brain) = (true, true);
            return (requests, grant, String::new(), String::new());
        }
        Need::Conversation(id) => {
            requests.conversations.push(id.clone());
            grant.conversations.push(id.clone());
            (
                format!("\"conversations\": {}", serde_json::json!([id])),
                grant.lines().concat(),
            )
        }
        Need::Users => {
            (requests.users, grant.users) = (true, true);
            ("\"users\": true".to_owned(), "users = true".to_owned())
        }
        Need::SharedBrain => {
            (requests.shared_brain, grant.shared_brain) = (true, true);
            ("\"shared-brain\": true".to_owned(), "shared-brain = true".to_owned())
        }
    };
    (requests, grant, asked, granted)
}

/// A grant of everything else than this.
fn beside(need: &Need) -> (Requests, Grant) {
    let (mut requests, mut grant) = (Requests::default(), Grant::default());
    if !matches!(need, Need::Conversation(_)) {
        requests.conversations.push("*".into());
        grant.conversations.push("*".into());
    } else {
        let others = ["C3", "C", "C1", "C22"];
        requests.conversations.extend(others.map(Into::into));
        grant.conversations.extend(others.map(Into::into));
    }
    (requests.users, grant.users) = (*need != Need::Users, *need != Need::Users);
    (requests.shared_brain, grant.shared_brain) = (*need != Need::SharedBrain, *need != Need::SharedBrain);
    (requests, grant)
}

fn adapter() -> FakeAdapter {
    let adapter = FakeAdapter {
        files: Some(Mutex::default()),
        ..FakeAdapter::default()
    };
    let files = [
        ("F1", vec![]),
        ("F2", vec!["C2", "C1"]),
        ("F3", vec!["C2"]),
        ("F4", vec![]),
    ];
    for (id, seen) in files {
        let seen = seen.into_iter().map(str::to_owned).collect();
        adapter
            .contents
            .lock()
            .unwrap()
            .insert(id.into(), (seen, b"x".to_vec()));
    }
    adapter
}

/// Everything that anybody in the workspace could notice.
fn noticed(adapter: &FakeAdapter) -> String {
    format!(
        "{:?} {:?} {:?} {:?} {:?} {:?}",
        adapter.told.lock().unwrap(),
        adapter.edited.lock().unwrap(),
        adapter.reacted.lock().unwrap(),
        adapter.deleted.lock().unwrap(),
        adapter.forms.lock().unwrap(),
        adapter.files.as_ref().map(|files| files.lock().unwrap().len()),
    )
}

#[tokio::test]
async fn nothing_outside_of_a_grant_is_reachable() {
    let mut event = message("U1", "1.0", "!x");
    if let EventKind::Message(message) = &mut event.kind {
        message.mentions.push(moa_core::event::Mention::User("U8".into()));
        message.files.push(File {
            id: "F1".into(),
            name: "a".into(),
            mime: String::new(),
            size: 1,
        });
    }
    let mut stage = Stage::of(event).await;
    stage.adapter = Arc::new(adapter());
    let untouched = noticed(&stage.adapter);
    let mut denials = 0;
    for (call, need) in table() {
        let (requests, grant, asked, granted) = satisfying(&need);
        let (all_else_asked, all_else) = beside(&need);
        let setups = [
            ("nothing", Requests::default(), Grant::default()),
            ("asked", requests.clone(), Grant::default()),
            ("granted", Requests::default(), grant.clone()),
            ("everything else", all_else_asked, all_else),
            ("both", requests, grant),
        ];
        for (setup, requests, grant) in setups {
            stage.requests = requests;
            let said = Said {
                grant,
                deny: Grant::default(),
            };
            stage.grants = Grants::Configured(Says {
                by_plugin: BTreeMap::from([("memo".to_owned(), said)]).into(),
                ..Says::default()
            });
            let answer = made(&host(stage.scene(false).await), call.clone()).await;
            let what = format!("{call:?} with {setup}: {answer:?}");
            match (&need, setup) {
                (Need::Nothing, _) | (_, "both") if need != Need::Absent => {
                    let denied = matches!(answer, Err(CapError::AccessDenied(_) | CapError::Invalid(_)));
                    assert!(!denied, "{what}");
                    stage.adapter = Arc::new(adapter());
                }
                (Need::Absent, _) => assert!(matches!(answer, Err(CapError::NotFound(_))), "{what}"),
                (_, setup) => {
                    let Err(CapError::AccessDenied(said)) = &answer else {
                        panic!("{what}")
                    };
                    let line = match setup {
                        "asked" => &granted,
                        "everything else" => "",
                        _ => &asked,
                    };
                    let place = match setup {
                        "asked" => "[plugin.memo.grant]",
                        _ => "manifest",
                    };
                    assert!(said.contains(line) && said.contains(place), "{what}");
                    denials += 1;
                }
            }
            if !matches!((&need, setup), (Need::Nothing, _) | (_, "both")) || need == Need::Absent {
                assert_eq!(noticed(&stage.adapter), untouched, "{what}");
            }
        }
    }
    assert!(denials > 1_000, "{denials}");
}
