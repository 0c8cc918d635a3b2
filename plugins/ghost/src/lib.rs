//! Writes into another conversation for somebody, as the bot.
//!
//! Brain: `last`, of each person, is what was last written for them, for as long as it can be taken back.

use moa_plugin::prelude::*;

/// How long something can be taken back.
const REGRET: Duration = Duration::from_secs(10 * 60);

#[derive(Config)]
struct Settings {
    /// Whether it is told below for whom the bot writes.
    #[default = false]
    signed: bool,
}

/// Writes into another conversation for you.
///
/// Example: !ghost #random lunch is served
/// 예) !대필 #random 점심 왔어요
#[command(
    name = "대필",
    aliases = ["ghost", "유령", "ㄱㅅ"],
    summary(ko = "다른 대화방에 대신 씁니다", en = "Writes into another conversation for you"),
    help(
        ko = "봇이 그 대화방에 들어가 있고 운영자가 허락한 곳에만 씁니다. 10분 안에는 `!대필취소`로 지울 수 있습니다.",
        en = "The bot must be in that conversation, and the operator must allow it. For ten minutes `!unghost` takes it back."
    )
)]
fn ghost(ctx: &Context, to: Conversation, #[rest] text: String) -> Result<String> {
    let ko = ctx.language() == "ko";
    let signature = match ctx.config::<Settings>()?.signed {
        true => format!("\n_— {}_", text::plain(&ctx.who().display_name)),
        false => String::new(),
    };
    match chat::send(
        &Place::channel(&ctx.place().service, &to.id),
        format!("{text}{signature}"),
    ) {
        Ok(written) => {
            ctx.user_brain()
                .set_with_ttl("last", &(written.place, written.id), REGRET)?;
            let there = format!("{{#{}}}", to.id);
            Ok(if ko {
                format!("{there}에 썼습니다.")
            } else {
                format!("Written into {there}.")
            })
        }
        Err(HostError::AccessDenied(why)) => {
            log::warn(why);
            Err(Error::rejected(match ko {
                true => "거기에는 쓸 수 없습니다. 운영자가 허락한 대화방에만 씁니다.",
                false => "I may not write there: the operator allows other conversations only.",
            }))
        }
        Err(HostError::NotFound(_)) => Err(Error::rejected(match ko {
            true => "저는 그 대화방에 없습니다. 먼저 초대해 주세요.",
            false => "I am not in that conversation: invite me first.",
        })),
        Err(other) => Err(other.into()),
    }
}

/// Takes back what was last written for you.
///
/// Example: !unghost
/// 예) !대필취소
#[command(
    name = "대필취소",
    aliases = ["unghost"],
    summary(ko = "방금 대신 쓴 것을 지웁니다", en = "Takes back what was last written for you")
)]
fn unghost(ctx: &Context) -> Result<&'static str> {
    let ko = ctx.language() == "ko";
    let Some((place, id)) = ctx.user_brain().get::<(Place, String)>("last")? else {
        return Err(Error::rejected(match ko {
            true => "지울 것이 없습니다. 10분이 지난 것은 그대로 둡니다.",
            false => "There is nothing to take back; after ten minutes it stays.",
        }));
    };
    chat::delete(&MessageRef { place, id })?;
    ctx.user_brain().delete("last")?;
    Ok(if ko { "지웠습니다." } else { "Taken back." })
}

plugin! {
    summary: { ko: "다른 대화방에 대신 씁니다", en: "Writes into another conversation for you" },
    commands: [ghost, unghost],
    config: Settings,
    requests: { conversations: ["*"] },
}

#[cfg(test)]
mod tests {
    use super::*;
    use moa_plugin::testing::Host;

    #[test]
    fn it_is_written_there_and_taken_back() -> Result<()> {
        let host = Host::new()
            .speaker("로지")
            .config(serde_json::json!({ "signed": true }));
        let lunch = host.conversation("lunch").id;
        host.run::<ghost>("#lunch soup is served")?;
        let written = host.messages()[0].clone();
        assert_eq!(written.address.place.conversation, lunch);
        assert_eq!(written.content.text, "soup is served\n_— 로지_");
        assert_eq!(host.texts()[1], format!("Written into {{#{lunch}}}."));
        let host = host.speaker("샐리");
        assert!(host.run::<unghost>("").is_err(), "it is not hers");
        let host = host.speaker("로지");
        host.run::<unghost>("")?;
        assert_eq!(host.deleted(), [written]);
        assert!(host.run::<unghost>("").is_err());
        Ok(())
    }

    #[test]
    fn after_ten_minutes_it_stays() -> Result<()> {
        let host = Host::new();
        host.run::<ghost>("#lunch soup")?;
        host.advance(REGRET);
        assert!(host.run::<unghost>("").is_err());
        assert!(host.deleted().is_empty());
        Ok(())
    }
}
