//! What Slack says of the tokens, for an operator who looks for what is wrong.

use super::{Token, Web, read, transport};
use crate::adapter::slack::options::ApiUrl;
use crate::adapter::slack::{Network, SlackOptions, StartError};
use reqwest::header::{AUTHORIZATION, DATE};
use serde::Deserialize;

/// What was found out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Examined {
    /// Who the bot is and where, or why the bot token is no good.
    pub bot: Option<Result<String, String>>,
    /// What the bot token may do; nothing where Slack does not say.
    pub scopes: Option<Vec<String>>,
    /// Whether the app-level token opens connections, or why not.
    pub app: Option<Result<(), String>>,
    /// What Slack's clock shows, in the form of the header `Date`.
    pub date: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Answer {
    ok: bool,
    error: Option<String>,
    team: Option<String>,
    user: Option<String>,
}

/// What an answer says that is of use here.
struct Said {
    answer: Answer,
    scopes: Option<String>,
    date: Option<String>,
}

/// Asks Slack once about each token.
///
/// # Errors
/// Nothing can be asked at all: the address, a proxy or TLS.
pub async fn examine(options: &SlackOptions) -> Result<Examined, StartError> {
    let base = ApiUrl::parse(&options.api_url)?;
    let network = Network::for_base(&base)?;
    let web = Web::new(options, base, &network)?;
    let mut found = Examined::default();
    match ask(&web, "auth.test", Token::Bot).await {
        Ok(said) => {
            found.date = said.date;
            found.scopes = said
                .scopes
                .map(|scopes| scopes.split(',').map(|scope| scope.trim().to_owned()).collect());
            let Answer { ok, error, team, user } = said.answer;
            found.bot = Some(match ok {
                true => Ok(format!("{} in {}", user.unwrap_or_default(), team.unwrap_or_default())),
                false => Err(error.unwrap_or_else(|| "unknown".into())),
            });
        }
        Err(why) => found.bot = Some(Err(why)),
    }
    found.app = Some(match ask(&web, "apps.connections.open", Token::App).await {
        Ok(Said { answer, .. }) if answer.ok => Ok(()),
        Ok(said) => Err(said.answer.error.unwrap_or_else(|| "unknown".into())),
        Err(why) => Err(why),
    });
    Ok(found)
}

async fn ask(web: &Web, method: &str, token: Token) -> Result<Said, String> {
    let token = match token {
        Token::App => &web.app,
        Token::Bot => &web.bot,
    };
    let request = web
        .http
        .post(web.base.method(method))
        .header(AUTHORIZATION, token.clone());
    let response = request
        .send()
        .await
        .map_err(|error| format!("{:?}", transport(&error)))?;
    let header = |name: &str| Some(response.headers().get(name)?.to_str().ok()?.to_owned());
    let (scopes, date, status) = (header("x-oauth-scopes"), header(DATE.as_str()), response.status());
    let body = read(response).await.map_err(|error| format!("{error:?}"))?;
    let answer = serde_json::from_slice(&body).map_err(|_| {
        format!(
            "{method} was answered with HTTP {} and no JSON of Slack's",
            status.as_u16()
        )
    })?;
    Ok(Said { answer, scopes, date })
}
