//! Letting the conversation of a transcript happen, turn by turn.

use super::parse::{Deed, HookLine, Transcript};
use super::room::{Happening, Spot};
use super::stage::{Bench, Scenery, Stage};
use moa_core::event::{Event, Hook};
use std::sync::Arc;

/// What happened on one line that makes something happen, and what was expected of it.
#[derive(Clone, Debug)]
pub struct Turn {
    /// The step that made it happen: its number among the steps. `None`: before anything happened.
    pub cause: Option<usize>,
    /// Where that was.
    pub spot: Spot,
    /// What is expected: the place in force, and the number of the step.
    pub expected: Vec<(Spot, usize)>,
    /// What the bot did.
    pub got: Vec<Happening>,
    /// What failed, in words for operators and authors.
    pub failed: Vec<String>,
}

/// How a transcript went.
#[derive(Clone, Debug)]
pub struct Played {
    /// What happened.
    pub turns: Vec<Turn>,
    /// Why it was not played to its end: the line, and a sentence.
    pub stopped: Option<(usize, String)>,
}

/// Plays a transcript. Every play has a memory of its own.
pub async fn play(bench: &Bench, transcript: &Transcript) -> Played {
    let stop = |line: usize, why: String| Played {
        turns: Vec::new(),
        stopped: Some((line, why)),
    };
    let described = &bench.plugin.described;
    let errors = match described.settle(&transcript.config) {
        Ok(_) => described.configured(&transcript.config).1,
        Err(errors) => errors,
    };
    if !errors.is_empty() {
        let errors: Vec<String> = errors.iter().map(ToString::to_string).collect();
        return stop(transcript.config_line, errors.join("; "));
    }
    let data = match transcript.data().await {
        Ok(data) => Arc::new(data),
        Err((line, why)) => return stop(line, why),
    };
    let scenery = Scenery {
        people: transcript.people(),
        channels: transcript.channels(),
        config: transcript.config.clone(),
        locale: transcript.locale,
        admins: transcript.admins.clone(),
        data,
    };
    let stage = match Stage::set(bench, scenery).await {
        Ok(stage) => stage,
        Err(error) => return stop(1, error.to_string()),
    };
    let mut turns = Vec::new();
    let mut spot = Transcript::first_spot();
    let mut turn = begin(None, &spot);
    let mut stopped = None;
    let mut begun = false;
    for (number, step) in transcript.steps.iter().enumerate() {
        let is_setting = matches!(
            step.deed,
            Deed::Seed(_) | Deed::Now(_) | Deed::Answers(_) | Deed::Goes(_)
        );
        if !begun && !is_setting {
            begun = true;
            (turn.got, turn.failed) = stage.begin().await;
        }
        match &step.deed {
            Deed::Seed(seed) => stage.seed(*seed),
            Deed::Now(now) => stage.set_clock(*now),
            Deed::Answers(canned) => stage.answers(canned.clone()),
            Deed::Goes(to) => spot = to.clone(),
            Deed::Expects(_) => turn.expected.push((spot.clone(), number)),
            Deed::Says(who, text) => {
                turns.push(std::mem::replace(&mut turn, begin(Some(number), &spot)));
                if let Err(why) = happen(&stage, stage.said(who, &spot, text), &mut turn).await {
                    stopped = Some((step.line, why));
                    break;
                }
            }
            Deed::Acts(who, act) => {
                turns.push(std::mem::replace(&mut turn, begin(Some(number), &spot)));
                if let Err(why) = happen(&stage, stage.done(who, &spot, act), &mut turn).await {
                    stopped = Some((step.line, why));
                    break;
                }
            }
            Deed::Passes(time) => {
                turns.push(std::mem::replace(&mut turn, begin(Some(number), &spot)));
                (turn.got, turn.failed) = stage.pass(*time).await;
            }
            Deed::Hook(line) => {
                turns.push(std::mem::replace(&mut turn, begin(Some(number), &spot)));
                if let Err(why) = ask(bench, &stage, line, number, &mut turn).await {
                    stopped = Some((step.line, why));
                    break;
                }
            }
        }
    }
    turns.push(turn);
    stage.end();
    Played { turns, stopped }
}

async fn happen(stage: &Stage, event: Result<Event, String>, turn: &mut Turn) -> Result<(), String> {
    (turn.got, turn.failed) = stage.deliver(event?).await;
    Ok(())
}

/// A request from outside. What it is checked by is the operator's business, so it has passed.
async fn ask(bench: &Bench, stage: &Stage, line: &HookLine, number: usize, turn: &mut Turn) -> Result<(), String> {
    let hooks = &bench.plugin.manifest.webhooks;
    let Some(hook) = hooks.iter().find(|hook| hook.name == line.name) else {
        let names: Vec<&str> = hooks.iter().map(|hook| hook.name.as_str()).collect();
        return Err(match names.as_slice() {
            [] => "the plugin has no webhooks".into(),
            names => format!(
                "the plugin has no webhook `{}`; there is {}",
                line.name,
                names.join(", ")
            ),
        });
    };
    let method = line.method.as_ref().or(hook.methods.first());
    let method = method.filter(|method| hook.methods.contains(method)).ok_or_else(|| {
        format!(
            "the webhook `{}` answers to {} alone",
            hook.name,
            hook.methods.join(", ")
        )
    })?;
    let kind = match serde_json::from_str::<serde_json::Value>(&line.body) {
        _ if line.body.is_empty() => None,
        Ok(_) => Some("application/json"),
        Err(_) => Some("text/plain; charset=utf-8"),
    };
    let request = Hook {
        plugin: bench.plugin.name.clone(),
        name: hook.name.clone(),
        method: method.clone(),
        path: line.path.clone(),
        query: line.query.clone(),
        headers: kind
            .map(|kind| ("content-type".to_owned(), kind.to_owned()))
            .into_iter()
            .collect(),
        body: line.body.clone().into_bytes(),
        time: stage.now().to_string(),
    };
    let answer;
    (answer, turn.got, turn.failed) = stage.request(request.event(&format!("line/{number}"))).await;
    let Some(answer) = answer else {
        return Err(format!("the webhook `{}` did not answer{}", hook.name, notes(turn)));
    };
    let good = match line.status {
        Some(status) => answer.status == status,
        None => (200..300).contains(&answer.status),
    };
    let body = String::from_utf8_lossy(&answer.body);
    let text = moa_core::text::printable_line(body.trim(), 200);
    if good {
        return match &line.answer {
            Some(expected) if expected.trim() != body.trim() => Err(format!(
                "the webhook `{}` answered something else: {text}{}",
                hook.name,
                notes(turn)
            )),
            _ => Ok(()),
        };
    }
    let expected = match line.status {
        Some(status) => format!("{status} is expected"),
        None => format!("a line `hook! {} {} …` expects that", answer.status, hook.name),
    };
    Err(format!(
        "the webhook `{}` answered {} ({text}); {expected}{}",
        hook.name,
        answer.status,
        notes(turn)
    ))
}

/// What failed inside, behind a sentence.
fn notes(turn: &Turn) -> String {
    turn.failed.iter().map(|note| format!("; {note}")).collect()
}

fn begin(cause: Option<usize>, spot: &Spot) -> Turn {
    Turn {
        cause,
        spot: spot.clone(),
        expected: Vec::new(),
        got: Vec::new(),
        failed: Vec::new(),
    }
}
