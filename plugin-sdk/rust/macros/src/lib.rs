//! The macros of `moa-plugin`. They write plain data and one small function for each command; everything that runs is
//! in `moa-plugin` itself.

mod argument;
mod command;
mod config;
mod docs;
mod group;
mod hear;
mod options;
mod plugin;
mod words;

use proc_macro::TokenStream;

/// Makes a command of a function.
///
/// ```
/// use moa_plugin::prelude::*;
///
/// /// 오늘의 점심 팀을 알려드립니다.
/// ///
/// /// 이름을 쉼표로 나누어 적어 주세요.
/// ///
/// /// 예) !점심팀 3 로지,샐리
/// #[command(name = "점심팀", aliases = ["lunch"])]
/// fn lunch(#[min = 1] size: u32, #[list] names: Vec<String>) -> Result<String> {
///     Ok(format!("{} / {size}", names.join(", ")))
/// }
///
/// plugin!(lunch);
/// ```
///
/// **Documentation.** The first paragraph is the summary, the rest the help. Lines after `Example:`, `예)` or `예시)`
/// are examples.
///
/// **Options**, all of them optional:
///
/// | option | meaning |
/// |---|---|
/// | `name = "…"` | the command's name; otherwise the function's, with `-` for `_` |
/// | `aliases = ["…", …]` | other names |
/// | `summary = "…"`, `summary(ko = "…", en = "…")` | instead of the first paragraph |
/// | `help = "…"`, `help(ko = "…", en = "…")` | instead of the rest |
/// | `restricted` | for admins, unless the operator's rules say otherwise |
/// | `confirm = "self"`, `confirm = "second"` | the person, or another one, is asked before it runs |
/// | `subcommands = [a, b]` | above a struct: what may follow, see below |
///
/// **Parameters** are the arguments, in the order in which they are typed: any type with `Argument`, an `Option` of one
/// for an argument that may be left out (such ones come last), and `&Context`, anywhere. Further:
///
/// | attribute | meaning |
/// |---|---|
/// | `#[default = 4]` | what it is if nothing was typed |
/// | `#[min = 1]`, `#[max = 20]` | the least and greatest value of a number |
/// | `#[choice("soup", "rice")]` on a `String` | one of these words |
/// | `#[list]` on a `Vec<String>` | all that follows, split at commas and blanks; never empty unless in an `Option` |
/// | `#[rest]` on a `String` | all that follows, as typed |
///
/// The host checks what was typed and explains mistakes; the function gets only what fits.
///
/// **Return** `()`, `String`, `&'static str`, `Content`, an `Option` of one of these, or a `Result` of any of them.
///
/// **Subcommands** are commands themselves. What they stand below is a struct, because it does not run; its fields are
/// the arguments that come before the subcommand's name, and `#[parent]` hands them to the subcommand's function:
///
/// ```
/// use moa_plugin::prelude::*;
///
/// /// Looks after servers: `!server build-1 restart 10m`.
/// #[command(aliases = ["s"], subcommands = [status, restart])]
/// struct Server {
///     name: String,
/// }
///
/// /// How it is.
/// #[command]
/// fn status(#[parent] server: Server) -> String {
///     format!("{} is well", server.name)
/// }
///
/// /// Restarts it.
/// #[command(aliases = ["r"])]
/// fn restart(#[parent] server: &Server, after: Option<Duration>) -> String {
///     format!("{} restarts in {:?}", server.name, after.unwrap_or_default())
/// }
///
/// plugin!(Server);
/// ```
///
/// Subcommands may have subcommands, four levels of them; short forms (`aliases`) are for each level.
#[proc_macro_attribute]
pub fn command(options: TokenStream, item: TokenStream) -> TokenStream {
    command::expand(options.into(), item.into()).into()
}

/// Calls a function with every message that fits a pattern.
///
/// ```
/// use moa_plugin::prelude::*;
///
/// /// Whoever says "가이드" is told where it is.
/// #[hear("가이드|guide")]
/// fn guide() -> &'static str {
///     "https://example.com/guide"
/// }
///
/// /// The parameters are what the groups captured.
/// #[hear(r"(\w+) 빌려 ?줘(, *(\w+))?", ambient, direct)]
/// fn borrow(ctx: &Context, thing: String, _more: Option<String>, whom: Option<String>) -> String {
///     let whom = whom.unwrap_or_else(|| ctx.who().display_name.clone());
///     format!("{} → {}", text::plain(&thing), text::plain(&whom))
/// }
///
/// plugin!(guide, borrow);
/// ```
///
/// The **pattern** is a regular expression in the syntax of Rust's `regex`, without regard to upper and lower case; it
/// matches anywhere in the message unless anchored. A faulty one is an error while compiling.
///
/// **Scopes** say in which messages to look; without any, in all:
///
/// | scope | messages |
/// |---|---|
/// | `direct` | direct messages to the bot |
/// | `direct_mention` | those that begin with the bot's name or mention |
/// | `mention` | those that mention it anywhere |
/// | `ambient` | all others |
///
/// `id = "…"` names the pattern in logs and in `Context::pattern`; otherwise the function's name does, with `-` for `_`.
///
/// **Without a pattern**, `#[hear]`, the function hears what the plugin taught at run time by `triggers::hear`. There is
/// at most one such function, and `Context::pattern` says which pattern it was.
///
/// **Parameters**: `&Context`, anywhere; each `String` or `Option<String>` is the next group of the pattern. A group that
/// took no part is an empty `String`, or `None`. **Return** what a command may return.
#[proc_macro_attribute]
pub fn hear(options: TokenStream, item: TokenStream) -> TokenStream {
    hear::expand(options.into(), item.into()).into()
}

/// Makes a plugin of commands and of functions that hear. Once in a crate, which is built as a `cdylib`.
///
/// Short, with name, version and summary from `Cargo.toml`: `plugin!(lunch, menu, guide);`, commands and functions that
/// hear in any order. Or long:
///
/// ```
/// use moa_plugin::prelude::*;
///
/// /// Shows the menu.
/// #[command]
/// fn menu() -> &'static str {
///     "soup"
/// }
///
/// /// Answers whoever is hungry.
/// #[hear("배고파|hungry", ambient)]
/// fn hungry() -> &'static str {
///     "!menu"
/// }
///
/// plugin! {
///     name: "lunch",
///     version: "1.2.0",
///     summary: { ko: "점심 팀을 정합니다", en: "Makes lunch teams" },
///     commands: [menu],
///     hears: [hungry],
///     config: {
///         "team-size": int = 4,
///         greeting: string?,
///         mood: choice("good", "bad") = "good",
///     },
///     requests: {
///         http: ["https://api.example.com"],
///         secrets: ["API_TOKEN"],
///         users: true,
///     },
/// }
/// ```
///
/// - `summary` is a text, or one for each language.
/// - `config` is a struct with `#[derive(Config)]`, or names the operator's settings: `string`, `int`, `float`, `bool`, `user`, `conversation`, `duration`,
///   `date`, `time`, `choice("…", …)`, `list` or `table`; with `?` it may be left out, with `= …` it has a default,
///   otherwise it must be set.
/// - `requests` says what the plugin asks the operator to allow: `http`, `conversations`, `sql`, `objects` and `secrets`
///   with names, `users`, `shared_brain`, `schedule` and `broadcast` with `true`.
#[proc_macro]
pub fn plugin(input: TokenStream) -> TokenStream {
    plugin::expand(input.into()).into()
}

/// Makes settings of a struct: see the trait `moa_plugin::Config`, which it implements together with
/// `serde::Deserialize`.
///
/// ```
/// use moa_plugin::prelude::*;
///
/// #[derive(Config)]
/// struct Settings {
///     /// How many people make a team.
///     #[default = 4]
///     #[min = 2]
///     team_size: u32,
///     /// Where the menu is told.
///     #[conversation]
///     place: Option<String>,
/// }
///
/// #[command]
/// fn size(ctx: &Context) -> Result<String> {
///     let settings: Settings = ctx.config()?;
///     Ok(format!("{} in {}", settings.team_size, settings.place.unwrap_or_default()))
/// }
///
/// plugin! {
///     commands: [size],
///     config: Settings,
/// }
/// ```
#[proc_macro_derive(Config, attributes(default, min, max, choice, user, conversation, table))]
pub fn derive_config(item: TokenStream) -> TokenStream {
    config::expand(item.into()).into()
}
