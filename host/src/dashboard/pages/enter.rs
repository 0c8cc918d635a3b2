//! The door: for those who are not signed in.

use super::super::frame::outside;
use super::super::html::{Html, html};
use super::super::session::Look;

/// The command that opens it.
fn command() -> Html {
    html!("<pre>moa dashboard</pre>")
}

/// A link was opened. It is used only by a press: what looks at links by itself must not use them up.
pub fn ask(look: Look, token: &str) -> String {
    let t = |ko, en| look.locale.pick(ko, en);
    let inside = html!("<p>" (t("이 링크는 한 번만 쓸 수 있습니다.", "This link can be used once.")) "</p><form method='post' action='/sign-in'>"
        "<input type='hidden' name='token' value='" (token) "'><button class='main' autofocus>" (t("들어가기", "Sign in")) "</button></form>");
    outside(look, t("대시보드에 들어가기", "Sign in to the dashboard"), &inside)
}

/// Nobody is signed in.
pub fn locked(look: Look) -> String {
    let t = |ko, en| look.locale.pick(ko, en);
    let inside = html!("<p>" (t("moa가 도는 컴퓨터에서 다음을 실행하고, 나오는 링크를 여세요.", "On the machine that moa runs on, run this and open the link that it prints."))
        "</p>" (command()));
    outside(look, t("로그인이 필요합니다", "You are not signed in"), &inside)
}

/// The link was used before, or is too old.
pub fn void(look: Look) -> String {
    let t = |ko, en| look.locale.pick(ko, en);
    let inside = html!("<p>" (t("이미 썼거나 10분이 지난 링크입니다. 새 링크는 다음으로 만듭니다.", "It was used already, or is older than ten minutes. This makes another one."))
        "</p>" (command()));
    outside(look, t("쓸 수 없는 링크입니다", "This link is void"), &inside)
}

/// Too many tried.
pub fn wait(look: Look) -> String {
    let t = |ko, en| look.locale.pick(ko, en);
    let inside = html!("<p>" (t("잠시 뒤에 다시 해 보세요.", "Try again in a minute.")) "</p>");
    outside(look, t("너무 자주 시도했습니다", "Too many attempts"), &inside)
}

/// A change that did not come from a page of the dashboard.
pub fn foreign(look: Look) -> String {
    let t = |ko, en| look.locale.pick(ko, en);
    let inside = html!("<p>" (t("대시보드의 화면에서 온 요청이 아니어서 아무것도 하지 않았습니다.", "The request did not come from a page of this dashboard, so nothing was done."))
        "</p><p><a href='/'>" (t("대시보드로", "To the dashboard")) "</a></p>");
    outside(look, t("하지 않았습니다", "Nothing was done"), &inside)
}

/// There is no such page.
pub fn nothing(look: Look) -> String {
    let t = |ko, en| look.locale.pick(ko, en);
    let inside = html!("<p><a href='/'>" (t("대시보드로", "To the dashboard")) "</a></p>");
    outside(look, t("그런 화면은 없습니다", "There is no such page"), &inside)
}

/// The host could not answer.
pub fn failed(look: Look, why: &str) -> String {
    let t = |ko, en| look.locale.pick(ko, en);
    let inside = html!("<p>" (t("호스트가 말한 이유:", "The host says why:")) " <span lang='en'>" (why) "</span></p><p><a href='/'>" (t("대시보드로", "To the dashboard")) "</a></p>");
    outside(look, t("보여 줄 수 없습니다", "This cannot be shown"), &inside)
}
