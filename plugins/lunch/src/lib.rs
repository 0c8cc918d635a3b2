//! Makes lunch teams, so that in time everybody eats with everybody.

mod teams;

use moa_plugin::prelude::*;
use teams::Round;

/// How many people: each member of a conversation is one question to the chat service.
const MOST: usize = 60;
/// How many rounds back it is remembered who was with whom.
const REMEMBERED: usize = 30;

#[derive(Config)]
struct Settings {
    /// How many are in a team where nobody says so.
    #[default = 4]
    #[min = 2]
    team_size: u32,
}

/// Makes lunch teams.
///
/// Example: !lunch 3 rosie,sally,ally,vincent
/// Example: !lunch 3
/// 예) !점심팀 3 로지,샐리,앨리,빈센트
/// 예) !점심팀 3
#[command(
    name = "점심팀",
    aliases = ["lunch"],
    summary(ko = "점심 팀을 정합니다", en = "Makes lunch teams"),
    help(
        ko = "이름을 적지 않으면 이 대화방에 있는 사람들로 나눕니다. 요즘 함께 먹지 않은 사람끼리 만나게 하고, 혼자 남는 사람이 없게 합니다.",
        en = "Without names it takes who is in the conversation. Those come together who were not lately, and nobody is left alone."
    )
)]
fn lunch(ctx: &Context, #[min = 2] size: Option<u32>, #[list] names: Option<Vec<String>>) -> Result<String> {
    let size = match size {
        Some(size) => size,
        None => ctx.config::<Settings>()?.team_size,
    };
    let people = match names {
        Some(names) => distinct(names),
        None => present(ctx)?,
    };
    check(ctx, people.len())?;
    let round = ctx.conversation_brain().update("rounds", |past: &mut Vec<Round>| {
        let round = teams::divide(people.clone(), size as usize, past);
        past.push(round.clone());
        past.drain(..past.len().saturating_sub(REMEMBERED));
        round
    })?;
    Ok(shown(ctx, &round))
}

/// The names as typed, without the `@` of mentions, each once.
fn distinct(names: Vec<String>) -> Vec<String> {
    let mut people = Vec::new();
    for name in names {
        let name = name.trim_start_matches('@').to_owned();
        if !name.is_empty() && !people.contains(&name) {
            people.push(name);
        }
    }
    people
}

/// Who is in the conversation, but for programs.
fn present(ctx: &Context) -> Result<Vec<String>> {
    let members = chat::members(&ctx.place().conversation)?;
    // The bot is a member too.
    check(ctx, members.len().saturating_sub(1))?;
    let mut people = Vec::new();
    for id in members {
        let user = chat::user(&id)?;
        if user.bot {
            continue;
        }
        // Two may be called the same; accounts differ.
        let taken = people.contains(&user.display_name);
        people.push(if taken {
            format!("{} ({})", user.display_name, user.name)
        } else {
            user.display_name
        });
    }
    Ok(people)
}

fn check(ctx: &Context, people: usize) -> Result<()> {
    let ko = ctx.language() == "ko";
    match people {
        0..2 if ko => Err(Error::rejected("팀을 나누려면 두 명은 있어야 합니다.")),
        0..2 => Err(Error::rejected("It takes two to make a team.")),
        2..=MOST => Ok(()),
        _ if ko => Err(Error::rejected(format!(
            "{MOST}명까지 나눌 수 있습니다. 이름을 적어 주세요."
        ))),
        _ => Err(Error::rejected(format!(
            "There may be {MOST} people at most: name them."
        ))),
    }
}

fn shown(ctx: &Context, round: &Round) -> String {
    let lines = round.iter().zip(1..).map(|(team, number)| {
        let names: Vec<String> = team.iter().map(|name| text::plain(name)).collect();
        match ctx.language() {
            "ko" => format!("{number}팀: {}", names.join(", ")),
            _ => format!("Team {number}: {}", names.join(", ")),
        }
    });
    lines.collect::<Vec<_>>().join("\n")
}

plugin! {
    summary: { ko: "점심 팀을 정합니다", en: "Makes lunch teams" },
    commands: [lunch],
    config: Settings,
}

#[cfg(test)]
mod tests {
    use super::*;
    use moa_plugin::testing::Host;
    use serde_json::json;

    fn host() -> Host {
        Host::new().locale("ko", "Asia/Seoul").config(json!({"team-size": 3}))
    }

    #[test]
    fn names_become_teams() -> Result<()> {
        let host = host();
        let said = host
            .run::<lunch>("2 로지,샐리,@앨리,빈센트,로지")?
            .unwrap_or_default()
            .text;
        assert_eq!(said.lines().count(), 2, "{said}");
        for name in ["로지", "샐리", "앨리", "빈센트"] {
            assert_eq!(said.matches(name).count(), 1, "{said}");
        }
        assert!(said.starts_with("1팀: ") && !said.contains('@'), "{said}");
        Ok(())
    }

    #[test]
    fn next_time_it_is_somebody_else() -> Result<()> {
        let host = host();
        let mut seen = std::collections::HashSet::new();
        for _ in 0..3 {
            let said = host.run::<lunch>("2 a,b,c,d")?.unwrap_or_default().text;
            let team = said.lines().find(|line| line.contains('a')).unwrap_or_default();
            let other = ["b", "c", "d"].into_iter().find(|name| team.contains(name));
            assert!(seen.insert(other), "{said}");
        }
        Ok(())
    }

    #[test]
    fn without_names_who_is_there() {
        // `tester` is alone with the bot.
        assert_eq!(
            host().run::<lunch>(""),
            Err(Error::rejected("팀을 나누려면 두 명은 있어야 합니다."))
        );
    }

    #[test]
    fn too_few_and_too_many_are_refused() {
        let many: Vec<String> = (0..=MOST).map(|n| n.to_string()).collect();
        assert!(host().run::<lunch>(&format!("3 {}", many.join(","))).is_err());
        assert!(host().run::<lunch>("3 로지").is_err());
        assert!(host().run::<lunch>("1 로지,샐리").is_err());
    }
}
