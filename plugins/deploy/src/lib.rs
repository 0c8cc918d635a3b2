//! Deploys a branch to a test server by a CI service, and follows it in one message.

mod ci;
mod deployment;

use ci::Trouble;
use deployment::{Deployment, ended, finished, follow};
use moa_plugin::config::settings;
use moa_plugin::prelude::*;
use moa_plugin::time::{Instant, in_words};

moa_plugin::texts!("texts.toml");

/// The operator's settings.
#[derive(Config)]
struct Settings {
    /// Where deployments are begun, and below which each is asked for.
    url: String,
    /// The header by which the CI service knows us, such as "Bearer {{secret:CI_TOKEN}}".
    authorization: Option<String>,
    /// The servers; the first one where nobody names one.
    servers: Vec<String>,
    /// How often the CI service is asked.
    #[default = "5s"]
    every: Duration,
    /// When nobody waits for it any longer.
    #[default = "15m"]
    patience: Duration,
}

/// Deploys a branch to a test server.
///
/// Example: !deploy main
/// Example: !deploy feature/login test-2
/// 예) !배포 main
#[command(
    name = "배포",
    aliases = ["deploy"],
    restricted,
    confirm = "self",
    summary(ko = "브랜치를 테스트 서버에 배포합니다", en = "Deploys a branch to a test server"),
    help(
        ko = "서버를 적지 않으면 첫 번째 서버입니다. 한 서버에는 한 번에 하나만 배포합니다.",
        en = "Without a server it is the first one. One deployment at a time goes to a server."
    )
)]
fn deploy(ctx: &Context, branch: String, server: Option<String>) -> Result<()> {
    let (settings, texts) = (settings::<Settings>()?, Texts::of(ctx.locale()));
    let server = match server.as_ref().or(settings.servers.first()) {
        _ if settings.servers.is_empty() => return Err(Error::rejected(texts.no_servers())),
        Some(server) if settings.servers.contains(server) => server,
        _ => return Err(Error::usage(texts.servers(settings.servers.join(", ")))),
    };
    let mut deployment = Deployment::new(ctx, &branch, server);
    // Whoever is first has the server.
    if let Err(error) = ctx
        .brain()
        .compare_and_swap(&deployment::key(server), &deployment, None)
    {
        let Some(other) = Deployment::on(server)?.filter(|_| error.is_conflict()) else {
            return Err(error.into());
        };
        let time = in_words(Instant::now().since(other.started), ctx.locale());
        return Err(Error::rejected(texts.busy(server, other.by_name, other.branch, time)));
    }
    // Should the bot be cut off here, the server is free again after a while.
    schedule::after(&deployment::job(server), settings.patience, "")?;
    match ci::begin(&settings, &branch, server, &ctx.who().display_name) {
        Ok(begun) => deployment.begun = Some(begun),
        Err(trouble) => {
            deployment::release(server)?;
            return Err(Error::rejected(match trouble {
                Trouble::Refused(why) => texts.refused(&branch, why),
                Trouble::Away => texts.away(),
                Trouble::Uncertain => texts.uncertain(),
            }));
        }
    }
    deployment.message = ctx.reply(deployment.content())?.id;
    ctx.brain().set(&deployment::key(server), &deployment)?;
    schedule::after(&deployment::job(server), settings.every, "")?;
    Ok(())
}

/// What is deployed where.
///
/// Example: !deployments
/// 예) !배포현황
#[command(
    name = "배포현황",
    aliases = ["deployments"],
    summary(ko = "서버마다 무엇이 배포되었는지 봅니다", en = "What is deployed where")
)]
fn deployments(ctx: &Context) -> Result<String> {
    let (settings, texts) = (settings::<Settings>()?, Texts::of(ctx.locale()));
    let mut rows: Vec<Vec<String>> = vec![texts.columns().split(',').map(str::to_owned).collect()];
    for server in &settings.servers {
        let now = Deployment::on(server)?;
        let Some(latest) = now.map_or_else(|| ended(server), |now| Ok(Some(now)))? else {
            rows.push(vec![server.clone(), "–".into()]);
            continue;
        };
        let (date, time) = latest.started.local(ctx.timezone())?;
        let (state, when) = (
            latest.state().text(&texts),
            format!("{date} {time}, {}", latest.by_name),
        );
        rows.push(vec![server.clone(), latest.branch, state, when]);
    }
    Ok(text::table(rows))
}

plugin! {
    summary: { ko: "브랜치를 테스트 서버에 배포합니다", en: "Deploys branches to test servers" },
    commands: [deploy, deployments],
    jobs: [follow],
    webhooks: [finished],
    config: Settings,
    requests: {
        http: ["config:url"],
        secrets: ["CI_TOKEN"],
        conversations: ["*"],
        schedule: true,
    },
}

#[cfg(test)]
mod tests;
