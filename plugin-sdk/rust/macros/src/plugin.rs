//! `plugin!`: the manifest as data, and the component's exports.

use crate::words::{Text, Texts, check_unique};
use proc_macro2::{Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::parse::{Parse, ParseStream};
use syn::punctuated::Punctuated;
use syn::spanned::Spanned;
use syn::{Error, Ident, Lit, LitBool, LitStr, Path, Result, Token, braced, bracketed, parenthesized, token};

/// Expands the macro.
pub fn expand(input: TokenStream) -> TokenStream {
    match syn::parse2::<Plugin>(input).and_then(|plugin| plugin.tokens()) {
        Ok(tokens) => tokens,
        Err(error) => error.into_compile_error(),
    }
}

#[derive(Default)]
struct Plugin {
    name: Option<LitStr>,
    version: Option<LitStr>,
    summary: Option<Text>,
    parts: Vec<Path>,
    commands: Vec<Path>,
    hears: Vec<Path>,
    actions: Vec<Path>,
    events: Vec<Path>,
    jobs: Vec<Path>,
    webhooks: Vec<Path>,
    config: Vec<Setting>,
    config_type: Option<Path>,
    requests: Vec<TokenStream>,
}

struct Setting {
    name: String,
    kind: Ident,
    optional: bool,
    default: Option<TokenStream>,
    choices: Vec<LitStr>,
}

impl Parse for Plugin {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let mut plugin = Self::default();
        if input.is_empty() {
            return Err(no_parts());
        }
        if !(input.peek(Ident) && input.peek2(Token![:]) && !input.peek2(Token![::])) {
            plugin.parts = Punctuated::<Path, Token![,]>::parse_terminated(input)?
                .into_iter()
                .collect();
            return Ok(plugin);
        }
        entries(input, |key, input| {
            match key.to_string().as_str() {
                "name" => plugin.name = Some(input.parse()?),
                "version" => plugin.version = Some(input.parse()?),
                "summary" => {
                    plugin.summary = Some(if input.peek(LitStr) {
                        Text::Any(input.parse::<LitStr>()?.value())
                    } else {
                        Text::by_language(input)?
                    });
                }
                "commands" => plugin.commands = paths(input)?,
                "hears" => plugin.hears = paths(input)?,
                "actions" => plugin.actions = paths(input)?,
                "events" => plugin.events = paths(input)?,
                "jobs" => plugin.jobs = paths(input)?,
                "webhooks" => plugin.webhooks = paths(input)?,
                "config" if !input.peek(token::Brace) => plugin.config_type = Some(input.parse()?),
                "config" => {
                    let content;
                    braced!(content in input);
                    settings(&content, &mut plugin.config)?;
                }
                "requests" => {
                    let content;
                    braced!(content in input);
                    entries(&content, |key, input| {
                        plugin.requests.push(request(key, input)?);
                        Ok(())
                    })?;
                }
                _ => {
                    return Err(Error::new(
                        key.span(),
                        "`plugin!` has `name`, `version`, `summary`, `commands`, `hears`, `actions`, `events`, `jobs`, \
                         `webhooks`, `config` and `requests`",
                    ));
                }
            }
            Ok(())
        })?;
        let parts = [
            &plugin.commands,
            &plugin.hears,
            &plugin.actions,
            &plugin.events,
            &plugin.jobs,
            &plugin.webhooks,
        ];
        if parts.iter().all(|parts| parts.is_empty()) {
            return Err(no_parts());
        }
        Ok(plugin)
    }
}

fn no_parts() -> Error {
    Error::new(
        Span::call_site(),
        "a plugin has at least one function that does something: write `plugin!(my_command)`",
    )
}

/// `[a, b::c]`.
fn paths(input: ParseStream<'_>) -> Result<Vec<Path>> {
    let content;
    bracketed!(content in input);
    let paths = Punctuated::<Path, Token![,]>::parse_terminated(&content)?;
    Ok(paths.into_iter().collect())
}

/// `key: value, …`, each key once.
fn entries(input: ParseStream<'_>, mut entry: impl FnMut(&Ident, ParseStream<'_>) -> Result<()>) -> Result<()> {
    let mut seen: Vec<Ident> = Vec::new();
    while !input.is_empty() {
        let key: Ident = input.parse()?;
        if seen.contains(&key) {
            return Err(Error::new(key.span(), format!("`{key}` is there twice")));
        }
        input.parse::<Token![:]>()?;
        entry(&key, input)?;
        seen.push(key);
        if !input.is_empty() {
            input.parse::<Token![,]>()?;
        }
    }
    Ok(())
}

/// A field of `Requests`.
fn request(key: &Ident, input: ParseStream<'_>) -> Result<TokenStream> {
    match key.to_string().as_str() {
        "http" | "conversations" | "sql" | "objects" | "secrets" => {
            let Texts(names) = input.parse()?;
            if key == "http" {
                names.iter().try_for_each(check_origin)?;
            }
            check_unique(&names)?;
            Ok(quote!(#key: &[#(#names),*]))
        }
        "users" | "shared_brain" | "schedule" | "broadcast" => {
            let wanted: LitBool = input.parse()?;
            Ok(quote!(#key: #wanted))
        }
        _ => Err(Error::new(
            key.span(),
            "`requests` has `http`, `conversations`, `users`, `sql`, `objects`, `secrets`, `shared_brain`, `schedule` and \
             `broadcast`",
        )),
    }
}

fn check_origin(origin: &LitStr) -> Result<()> {
    let text = origin.value();
    if text.starts_with("config:") {
        return Ok(());
    }
    let (methods, place) = text.split_once(' ').unwrap_or(("GET", &text));
    let methods = methods
        .split(',')
        .all(|method| !method.is_empty() && method.bytes().all(|b| b.is_ascii_uppercase()));
    let host = place.strip_prefix("https://").or_else(|| place.strip_prefix("http://"));
    let odd = |c: char| c.is_whitespace() || matches!(c, '?' | '#' | '@' | '\\');
    match host {
        Some(host) if methods && !host.is_empty() && !host.starts_with('/') && !host.contains(odd) => Ok(()),
        _ => Err(Error::new(
            origin.span(),
            "an origin is written like `https://api.example.com`; methods and the beginning of a path may stand around it: \
             `GET,HEAD https://*.example.com/v1/`",
        )),
    }
}

/// `key: kind`, `key: kind?`, `key: kind = default`.
fn settings(input: ParseStream<'_>, settings: &mut Vec<Setting>) -> Result<()> {
    while !input.is_empty() {
        let (name, span) = if input.peek(LitStr) {
            let name: LitStr = input.parse()?;
            (name.value(), name.span())
        } else {
            let name: Ident = input.parse()?;
            (name.to_string(), name.span())
        };
        if name.is_empty()
            || name.len() > 64
            || !name
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
        {
            return Err(Error::new(span, "a key has 1 to 64 letters, digits, `-` or `_`"));
        }
        if settings.iter().any(|setting| setting.name == name) {
            return Err(Error::new(span, format!("`{name}` is there twice")));
        }
        input.parse::<Token![:]>()?;
        settings.push(setting(name, input)?);
        if !input.is_empty() {
            input.parse::<Token![,]>()?;
        }
    }
    Ok(())
}

fn setting(name: String, input: ParseStream<'_>) -> Result<Setting> {
    let word: Ident = input.parse()?;
    let kind = match word.to_string().as_str() {
        "string" => "String",
        "int" => "Int",
        "float" => "Float",
        "bool" => "Bool",
        "user" => "User",
        "conversation" => "Conversation",
        "duration" => "Duration",
        "date" => "Date",
        "time" => "Time",
        "choice" => "Choice",
        "list" => "List",
        "table" => "Table",
        _ => {
            return Err(Error::new(
                word.span(),
                "a setting is `string`, `int`, `float`, `bool`, `user`, `conversation`, `duration`, `date`, `time`, \
                 `choice(\"a\", \"b\")`, `list` or `table`",
            ));
        }
    };
    let mut choices = Vec::new();
    if kind == "Choice" {
        let content;
        parenthesized!(content in input);
        choices.extend(Punctuated::<LitStr, Token![,]>::parse_terminated(&content)?);
        if choices.is_empty() {
            return Err(Error::new(word.span(), "a choice needs the words to choose from"));
        }
        check_unique(&choices)?;
    }
    let optional = input.parse::<Option<Token![?]>>()?.is_some();
    let default = match input.parse::<Option<Token![=]>>()? {
        Some(equals) if optional => {
            return Err(Error::new(
                equals.span(),
                "a setting with a default is never missing: leave the `?` out",
            ));
        }
        Some(_) => Some(default(kind, &choices, input)?),
        None => None,
    };
    Ok(Setting {
        name,
        kind: Ident::new(kind, word.span()),
        optional,
        default,
        choices,
    })
}

fn default(kind: &str, choices: &[LitStr], input: ParseStream<'_>) -> Result<TokenStream> {
    let literal = quote!(::moa_plugin::__private::Literal);
    if kind == "List" {
        let Texts(texts) = input.parse()?;
        return Ok(quote!(#literal::Many(&[#(#texts),*])));
    }
    let minus: Option<Token![-]> = input.parse()?;
    let value: Lit = input.parse()?;
    match (&value, kind) {
        (Lit::Int(_), "Int") => Ok(quote!(#literal::Int(#minus #value))),
        (Lit::Float(_), "Float") => Ok(quote!(#literal::Float(#minus #value))),
        (Lit::Bool(_), "Bool") if minus.is_none() => Ok(quote!(#literal::Bool(#value))),
        (Lit::Str(text), "Choice") if !choices.iter().any(|choice| choice.value() == text.value()) => {
            Err(Error::new(text.span(), "the default is not among the choices"))
        }
        (Lit::Str(_), "String" | "User" | "Conversation" | "Duration" | "Date" | "Time" | "Choice")
            if minus.is_none() =>
        {
            Ok(quote!(#literal::Text(#value)))
        }
        (_, "Table") => Err(Error::new(
            value.span(),
            "a table has no default: let it be left out with `?`",
        )),
        _ => Err(Error::new(value.span(), "this default is not of the setting's type")),
    }
}

impl Plugin {
    fn tokens(&self) -> Result<TokenStream> {
        let name = match &self.name {
            Some(name) => quote!(#name),
            None => quote!(::core::env!("CARGO_PKG_NAME")),
        };
        let name_span = self.name.as_ref().map_or_else(Span::call_site, LitStr::span);
        let name_check = quote_spanned! {name_span=>
            const _: () = ::core::assert!(
                ::moa_plugin::__private::is_plugin_name(#name),
                "a plugin's name has 1 to 64 of a-z, 0-9 and `-`: write `plugin! {{ name: \"…\", … }}`",
            );
        };
        let version = match &self.version {
            Some(version) => quote!(#version),
            None => quote!(::core::env!("CARGO_PKG_VERSION")),
        };
        let summary = match &self.summary {
            Some(summary) => summary.tokens(),
            None => quote!(::moa_plugin::__private::Text::Any(::core::env!(
                "CARGO_PKG_DESCRIPTION"
            ))),
        };
        let parts = self
            .parts
            .iter()
            .map(|path| quote_spanned!(path.span()=> <#path as ::moa_plugin::__private::PluginPart>::PART));
        let commands = self.commands.iter().map(|path| {
            let command = quote_spanned!(path.span()=> <#path as ::moa_plugin::__private::CommandFn>::COMMAND);
            quote!(::moa_plugin::__private::Part::Command(#command))
        });
        let hears = self.hears.iter().map(|path| {
            let hear = quote_spanned!(path.span()=> <#path as ::moa_plugin::__private::HearFn>::HEAR);
            quote!(::moa_plugin::__private::Part::Hear(#hear))
        });
        let actions = self.actions.iter().map(|path| {
            let press = quote_spanned!(path.span()=> <#path as ::moa_plugin::__private::PressFn>::PRESS);
            quote!(::moa_plugin::__private::Part::Press(#press))
        });
        let events = self.events.iter().map(|path| {
            let on = quote_spanned!(path.span()=> <#path as ::moa_plugin::__private::EventFn>::ON);
            quote!(::moa_plugin::__private::Part::Event(#on))
        });
        let jobs = self.jobs.iter().map(|path| {
            let job = quote_spanned!(path.span()=> <#path as ::moa_plugin::__private::JobFn>::JOB);
            quote!(::moa_plugin::__private::Part::Job(#job))
        });
        let webhooks = self.webhooks.iter().map(|path| {
            let webhook = quote_spanned!(path.span()=> <#path as ::moa_plugin::__private::WebhookFn>::WEBHOOK);
            quote!(::moa_plugin::__private::Part::Webhook(#webhook))
        });
        let settings = self.config.iter().map(|setting| {
            let Setting {
                name,
                kind,
                optional,
                default,
                choices,
            } = setting;
            let default = match default {
                Some(default) => quote!(::core::option::Option::Some(#default)),
                None => quote!(::core::option::Option::None),
            };
            quote! {
                ::moa_plugin::__private::Setting {
                    name: #name,
                    kind: ::moa_plugin::__private::Kind::#kind,
                    summary: ::moa_plugin::__private::Text::Any(""),
                    optional: #optional,
                    default: #default,
                    min: ::core::option::Option::None,
                    max: ::core::option::Option::None,
                    choices: &[#(#choices),*],
                }
            }
        });
        let config = match &self.config_type {
            Some(path) => quote_spanned!(path.span()=> <#path as ::moa_plugin::Config>::SETTINGS),
            None => quote!(&[#(#settings),*]),
        };
        let requests = &self.requests;
        Ok(quote! {
            const _: () = {
                #name_check

                const PARTS: &[::moa_plugin::__private::Part] =
                    &[#(#parts,)* #(#commands,)* #(#hears,)* #(#actions,)* #(#events,)* #(#jobs,)* #(#webhooks,)*];
                const COUNT: ::moa_plugin::__private::Count = ::moa_plugin::__private::count(PARTS);
                const COMMANDS: &[::moa_plugin::__private::Command] =
                    &::moa_plugin::__private::commands_of::<{ COUNT.commands }>(PARTS);
                const HEARS: &[::moa_plugin::__private::Hear] =
                    &::moa_plugin::__private::hears_of::<{ COUNT.hears }>(PARTS);
                const PRESSES: &[::moa_plugin::__private::Press] =
                    &::moa_plugin::__private::presses_of::<{ COUNT.presses }>(PARTS);
                const EVENTS: &[::moa_plugin::__private::On] =
                    &::moa_plugin::__private::events_of::<{ COUNT.events }>(PARTS);
                const JOBS: &[::moa_plugin::__private::Job] =
                    &::moa_plugin::__private::jobs_of::<{ COUNT.jobs }>(PARTS);
                const WEBHOOKS: &[::moa_plugin::__private::Webhook] =
                    &::moa_plugin::__private::webhooks_of::<{ COUNT.webhooks }>(PARTS);
                const _: () = ::core::assert!(
                    ::moa_plugin::__private::are_words_unique(COMMANDS),
                    "two commands of this plugin share a name or an alias",
                );
                const _: () = ::core::assert!(
                    ::moa_plugin::__private::are_parents_there(COMMANDS),
                    "a command takes a `#[parent]` that it does not stand below: name it in that one's `subcommands`",
                );
                const _: () = ::core::assert!(
                    ::moa_plugin::__private::are_ids_unique(HEARS),
                    "two functions of this plugin hear under one id, or two hear what was taught at run time",
                );
                const _: () = ::core::assert!(
                    ::moa_plugin::__private::are_presses_unique(PRESSES),
                    "two functions of this plugin are for the same id of a button, form, shortcut or question",
                );
                const _: () = ::core::assert!(
                    ::moa_plugin::__private::are_events_unique(EVENTS),
                    "two functions of this plugin are for the same event",
                );
                const _: () = ::core::assert!(
                    ::moa_plugin::__private::are_jobs_unique(JOBS),
                    "two functions of this plugin are for jobs of the same id",
                );
                const _: () = ::core::assert!(
                    ::moa_plugin::__private::are_webhooks_unique(WEBHOOKS),
                    "two webhooks of this plugin have the same name",
                );

                struct ThisPlugin;

                impl ::moa_plugin::__private::Plugin for ThisPlugin {
                    const MANIFEST: ::moa_plugin::__private::Manifest = ::moa_plugin::__private::Manifest {
                        name: #name,
                        version: #version,
                        summary: #summary,
                        commands: COMMANDS,
                        hears: HEARS,
                        jobs: JOBS,
                        webhooks: WEBHOOKS,
                        presses: PRESSES,
                        events: EVENTS,
                        config: #config,
                        requests: ::moa_plugin::__private::Requests {
                            #(#requests,)*
                            ..::moa_plugin::__private::Requests::NONE
                        },
                    };
                }

                type Exports = ::moa_plugin::__private::Component<ThisPlugin>;

                // Natively there is nobody to export to.
                #[cfg(target_arch = "wasm32")]
                ::moa_plugin::__private::export_plugin!(Exports with_types_in ::moa_plugin::__private::bindings);
            };
        })
    }
}
