//! The macros of `moa-plugin`. They write plain data and one small function for each command; everything that runs is
//! in `moa-plugin` itself.

mod again;
mod argument;
mod choice;
mod command;
mod config;
mod docs;
mod group;
mod hear;
mod job;
mod on;
mod options;
mod plugin;
mod press;
mod texts;
mod webhook;
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
/// | `runs = a` | above a struct: another command that it runs, see below |
/// | `default = a` | above a struct: the one of them that runs where none is typed |
///
/// **Parameters** are the arguments, in the order in which they are typed: any type with `Argument`, an `Option` of one
/// for an argument that may be left out (such ones come last), and `&Context`, anywhere. Further:
///
/// | attribute | meaning |
/// |---|---|
/// | `#[default = 4]` | what it is if nothing was typed |
/// | `#[min = 1]`, `#[max = 20]` | the least and greatest value of a number |
/// | `#[choice("soup", "rice")]` on a `String` | one of these words; an enum has `#[derive(Argument)]` instead |
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
/// With `default = status`, `!server build-1` alone is `!server build-1 status`. What runs by itself needs no argument, and is
/// neither restricted nor confirmed.
///
/// Subcommands may have subcommands, four levels of them; short forms (`aliases`) are for each level.
///
/// **The same command in two places** is a function and a struct that runs it: with its arguments, and with names, texts,
/// `restricted` and `confirm` of its own. The function knows by `Context::path` which one was typed.
///
/// ```
/// # use moa_plugin::prelude::*;
/// # use moa_plugin::testing::Host;
/// /// Links: `!link add …`, `!link everywhere add …`.
/// #[command(subcommands = [add, Everywhere])]
/// struct Link;
///
/// /// Adds a link here.
/// #[command]
/// fn add(ctx: &Context, address: String) -> String {
///     format!("{}: {address}", ctx.path().join(" "))
/// }
///
/// /// The links of all conversations.
/// #[command(restricted, subcommands = [AddEverywhere])]
/// struct Everywhere;
///
/// /// Adds a link for all conversations.
/// #[command(name = "add", runs = add)]
/// struct AddEverywhere;
///
/// plugin!(Link);
///
/// let said = Host::new().run::<Link>("everywhere add https://example.com")?;
/// assert_eq!(said, Some("everywhere add: https://example.com".into()));
/// # Ok::<(), Error>(())
/// ```
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

/// Calls a function when somebody presses a button or chooses from a menu.
///
/// ```
/// use moa_plugin::prelude::*;
///
/// /// Asks who comes along.
/// #[command]
/// fn lunch() -> Content {
///     Content::text("Who comes along?")
///         .button(Button::new("join:12", "at twelve").primary())
///         .button(Button::new("join:13", "at one"))
///         .button(Button::new("close", "That's all"))
/// }
///
/// #[action("join:*")]
/// fn join(press: &Press, hour: u8) -> String {
///     format!("{} comes at {hour}", text::plain(&press.who().display_name))
/// }
///
/// /// New content for the message with the button: without buttons nobody presses again.
/// #[action("close")]
/// fn close() -> Update {
///     Update("Enjoy your meal!".into())
/// }
///
/// plugin!(lunch, join, close);
/// ```
///
/// The **id** is that of the button or menu; one that ends with `:*` stands for all that begin so, and what the `*` stands
/// for is handed in: state that fits in the id. More of it goes into the button's value or into the brain. An id in full
/// goes before one with `*`, and a longer one with `*` before a shorter. It has at most 190 characters.
///
/// **Parameters**: `&Context` and `&Press`, anywhere, and for the `*` one of any type that can be parsed (`String`, `u32`,
/// `Date`). **Return** what `IntoPressReply` takes: `()`, `String`, `Content` (a new message), `Update` (new content for the
/// message), `Form` (opens), `PressReply` (any of these), or a `Result` of one.
#[proc_macro_attribute]
pub fn action(options: TokenStream, item: TokenStream) -> TokenStream {
    press::expand(press::Attribute::Action, options.into(), item.into()).into()
}

/// Calls a function when somebody submits a form.
///
/// ```
/// use moa_plugin::prelude::*;
///
/// #[action("order")]
/// fn open() -> Form {
///     Form::new("order", "Order").text("dish", "Dish").number("bowls", "How many?")
/// }
///
/// #[submit("order")]
/// fn order(press: &Press) -> Result<String> {
///     let bowls: u8 = press.field_as("bowls")?;
///     if bowls > 20 {
///         // The form stays open and shows it at the field.
///         return Err(FieldErrors::of("bowls", "20 at most").into());
///     }
///     Ok(format!("{bowls} × {}", text::plain(press.field("dish"))))
/// }
///
/// plugin!(open, order);
/// ```
///
/// A form waits for about two seconds; what comes later than that is told as a message. The **id**, the **parameters** and
/// what to **return** are as for `#[action]`; `FieldErrors` keep the form open.
#[proc_macro_attribute]
pub fn submit(options: TokenStream, item: TokenStream) -> TokenStream {
    press::expand(press::Attribute::Submit, options.into(), item.into()).into()
}

/// Calls a function when somebody uses a shortcut of the service, and puts the shortcut into the manifest.
///
/// ```
/// use moa_plugin::prelude::*;
///
/// /// Keeps what a message says.
/// #[shortcut("keep", name(ko = "간직하기", en = "Keep it"), on = message)]
/// fn keep(ctx: &Context, press: &Press) -> Result<Content> {
///     ctx.user_brain().set_text(ctx.id(), press.field("text"))?;
///     Ok(Content::text("kept").to(Audience::Asker))
/// }
///
/// #[shortcut("order", name = "Order lunch", description = "Opens the order form", on = anywhere)]
/// fn order() -> Form {
///     Form::new("order", "Order").text("dish", "Dish")
/// }
///
/// plugin!(keep, order);
/// ```
///
/// | option | meaning |
/// |---|---|
/// | `name = "…"`, `name(ko = "…", en = "…")` | what people see, at most 24 characters |
/// | `on = message`, `on = anywhere` | in the menu of a message, or wherever one writes |
/// | `description = "…"`, `description(ko = "…", en = "…")` | what it does; otherwise the first paragraph of the documentation |
///
/// Of a message `Press::on` is the address, `press.field("text")` what it says and `press.field("author")` who wrote it.
/// **Parameters** and what to **return** are as for `#[action]`.
#[proc_macro_attribute]
pub fn shortcut(options: TokenStream, item: TokenStream) -> TokenStream {
    press::expand(press::Attribute::Shortcut, options.into(), item.into()).into()
}

/// Calls a function when a question of `chat::ask` was answered, or was not in time: exactly once for each question.
///
/// ```
/// use moa_plugin::prelude::*;
///
/// /// Asks somebody whether there is time for lunch.
/// #[command]
/// fn invite(ctx: &Context, whom: User) -> Result<()> {
///     let question = Content::text("Lunch?")
///         .button(Button::new("yes", "Yes"))
///         .button(Button::new("no", "No"));
///     let id = format!("invite:{}", ctx.who().id);
///     chat::ask(ctx.place(), &whom.id, &id, question, Duration::from_secs(600))?;
///     Ok(())
/// }
///
/// #[answer("invite:*")]
/// fn invited(answer: Answer, host: String) -> String {
///     match answer {
///         Answer::Given { value } => format!("{{@{host}}}: {value}"),
///         Answer::TimedOut => format!("{{@{host}}}: no answer"),
///     }
/// }
///
/// plugin!(invite, invited);
/// ```
///
/// The **id** is that of the question, as for `#[action]`. **Parameters** are those of `#[action]` and `Answer`. **Return**
/// the same; `Update` replaces the question.
#[proc_macro_attribute]
pub fn answer(options: TokenStream, item: TokenStream) -> TokenStream {
    press::expand(press::Attribute::Answer, options.into(), item.into()).into()
}

/// Calls a function when something else happens in chat: `reacted`, `unreacted`, `joined`, `left`, `topic`, `edited` or
/// `deleted`. The manifest names it. What the bot itself does is not told.
///
/// ```
/// use moa_plugin::events::Reacted;
/// use moa_plugin::prelude::*;
///
/// #[on(joined)]
/// fn welcome(ctx: &Context) -> String {
///     format!("Welcome, {}!", text::plain(&ctx.who().display_name))
/// }
///
/// #[on(reacted)]
/// fn count(ctx: &Context, what: &Reacted) -> Result<()> {
///     ctx.brain().increment(&what.emoji, 1)?;
///     Ok(())
/// }
///
/// plugin!(welcome, count);
/// ```
///
/// **Parameters**: `&Context`, whose `who` did it, and the event as its type of `moa_plugin::events`. **Return** what a
/// command may return; it is said where it happened.
#[proc_macro_attribute]
pub fn on(options: TokenStream, item: TokenStream) -> TokenStream {
    on::expand(options.into(), item.into()).into()
}

/// Calls a function when it is time: again and again by a cron expression, or for jobs that the plugin made at run time.
///
/// ```
/// use moa_plugin::prelude::*;
///
/// /// Forgets the votes of the day before, whenever the bot is next there.
/// #[job(cron = "0 0 * * *", timezone = "Asia/Seoul", missed = "once", jitter = "5m")]
/// fn forget_votes(due: &Due) -> Result<()> {
///     log::info(format!("due at {}", due.due));
///     Brain::plugin().delete("votes")?;
///     Ok(())
/// }
///
/// /// Jobs that `schedule::after("remind:7", …)` made; the parameter is what the `*` stands for.
/// #[job(id = "remind:*")]
/// fn remind(due: &Due, number: u32) {
///     log::info(format!("reminder {number}: {}", due.payload));
/// }
///
/// plugin!(forget_votes, remind);
/// ```
///
/// | option | meaning |
/// |---|---|
/// | `cron = "…"` | when it is due: five fields, or six with seconds first; `@daily` and the like; or weekdays and times, `mon-fri 09:50`; or where they stand in the configuration, `config:feeds.*.verify`, a job for each feed with the id `verify:*`. Without it the job is made at run time |
/// | `on = "load"` | instead: it is due when the plugin begins to serve, which is when the host starts, and when another version takes its place |
/// | `timezone = "…"` | where the expression is read, an IANA name; otherwise the bot's own |
/// | `except = "2026-12-25, 01-01"` | days on which it is not due, of one year or of every year |
/// | `missed = "skip"`, `"once"`, `"all"` | due times that passed while nobody could run them: nothing, one run for all of them (so without this option), one for each |
/// | `jitter = "30s"` | the start is put off by a random time up to this (`ms`, `s`, `m`, `h`) |
/// | `id = "…"` | the job's name, at most 64 characters; otherwise the function's, with `-` for `_` |
///
/// Without `cron` the **id** is the name that `schedule` was given. One that ends with `:*` stands for all that begin so; a
/// name in full goes before one with `*`.
///
/// **Parameters**: `&Due`, anywhere, and for the `*` one of any type that can be parsed. There is no `Context`: a job has no
/// message and nobody who gave it. **Return** `()`, or a `Result` of it; one that failed is told to the operator.
#[proc_macro_attribute]
pub fn job(options: TokenStream, item: TokenStream) -> TokenStream {
    job::expand(options.into(), item.into()).into()
}

/// Calls a function with each request from outside to `/hooks/PLUGIN/NAME`.
///
/// ```
/// use moa_plugin::prelude::*;
///
/// /// Counts deployments: `POST /hooks/PLUGIN/deployed`.
/// #[webhook(verify = "hmac-sha256")]
/// fn deployed(request: &Request) -> Result<Response> {
///     let service: String = request.json()?;
///     Response::json(&Brain::plugin().increment(&service, 1)?)
/// }
///
/// #[webhook(name = "health", methods = ["GET", "HEAD"], verify = "none")]
/// fn is_well() -> &'static str {
///     "well"
/// }
///
/// plugin!(deployed, is_well);
/// ```
///
/// | option | meaning |
/// |---|---|
/// | `verify = "hmac-sha256"`, `"bearer"`, `"slack"`, `"jandi"`, `"none"` | how the host checks a request before the function sees it: by a signature of the body (GitHub's and most others'), a token in a header, Slack's signature, the token that JANDI sends, or not at all |
/// | `methods = ["GET", …]` | what it answers to: `GET`, `HEAD`, `POST`, `PUT`, `PATCH`, `DELETE`; otherwise `POST` |
/// | `name = "…"` | the address's last part, 1 to 64 of `a-z`, `0-9` and `-`; otherwise the function's name, with `-` for `_` |
///
/// **Parameters**: `&Request`, or nothing. **Return** what `IntoResponse` takes: `()` (200), `String` (200, as text),
/// `Response`, an `Option` (404 if there is none), or a `Result` of any of them.
#[proc_macro_attribute]
pub fn webhook(options: TokenStream, item: TokenStream) -> TokenStream {
    webhook::expand(options.into(), item.into()).into()
}

#[doc = include_str!("plugin.md")]
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

#[doc = include_str!("choice.md")]
#[proc_macro_derive(Argument, attributes(choice))]
pub fn derive_argument(item: TokenStream) -> TokenStream {
    choice::expand(item.into()).into()
}

/// What people read, in a file of its own: a method for each text.
///
/// ```toml
/// [ko]
/// no-time = "`{time}`은 시각이 아닙니다. `09:30`처럼 적어 주세요."
/// moved = "{who:markup}님이 옮겼습니다."
/// [en]
/// no-time = "`{time}` is no time of day. Write it like `09:30`."
/// moved = "{who:markup} moved it."
/// ```
///
/// `texts!("texts.toml");`, its path relative to the plugin's `Cargo.toml`, makes a type `Texts`:
/// `Texts::of(ctx.language()).no_time(&typed)`. A method takes a text's values in the order in which they first stand in
/// the file's **first** language, each of any type with `Display`. A value is put in as plain text (no markup, calls
/// nobody); `{name:markup}` puts one in as it stands, for mentions. Braces around anything else stay.
///
/// A text that is missing in a language, or has other values there, is an error while compiling. A language that the file
/// has not is answered in English (`en`), or in the first.
///
/// Further files are other **voices**, which may say any of the texts otherwise:
/// `texts!("voices/plain.toml", "voices/soldier.toml");` and `Texts::of(language).voice("soldier")`, with the file's name.
/// `.with(own)` puts texts that somebody wrote in the configuration, by key, in the places of others.
#[proc_macro]
pub fn texts(input: TokenStream) -> TokenStream {
    texts::expand(input.into()).into()
}
