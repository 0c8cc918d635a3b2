//! `#[command(…)]`.

use crate::words::{Text, Texts, check_literal, check_unique};
use syn::parse::{Parse, ParseStream};
use syn::punctuated::Punctuated;
use syn::{Error, Ident, LitStr, Path, Result, Token, bracketed};

/// Who is asked before the command runs.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub enum Confirm {
    #[default]
    None,
    Oneself,
    Second,
}

/// What stands in the attribute.
#[derive(Default)]
pub struct Options {
    pub name: Option<LitStr>,
    pub aliases: Vec<LitStr>,
    pub summary: Option<Text>,
    pub help: Option<Text>,
    pub restricted: bool,
    pub confirm: Confirm,
    pub subcommands: Vec<Path>,
    pub runs: Option<Path>,
    pub default: Option<Path>,
}

impl Parse for Options {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let mut options = Self::default();
        let mut seen: Vec<String> = Vec::new();
        while !input.is_empty() {
            let key: Ident = input.parse()?;
            let word = key.to_string();
            if seen.contains(&word) {
                return Err(Error::new(key.span(), format!("`{word}` is there twice")));
            }
            match word.as_str() {
                "name" => {
                    let name = value(input)?;
                    check_literal(&name)?;
                    options.name = Some(name);
                }
                "aliases" => {
                    input.parse::<Token![=]>()?;
                    let Texts(aliases) = input.parse()?;
                    aliases.iter().try_for_each(check_literal)?;
                    check_unique(&aliases)?;
                    options.aliases = aliases;
                }
                "summary" => options.summary = Some(text(input)?),
                "help" => options.help = Some(text(input)?),
                "restricted" => options.restricted = true,
                "confirm" => {
                    let who = value(input)?;
                    options.confirm = match who.value().as_str() {
                        "self" => Confirm::Oneself,
                        "second" => Confirm::Second,
                        _ => {
                            return Err(Error::new(who.span(), "`confirm` is \"self\" or \"second\""));
                        }
                    };
                }
                "subcommands" => {
                    input.parse::<Token![=]>()?;
                    let content;
                    bracketed!(content in input);
                    options.subcommands = Punctuated::<Path, Token![,]>::parse_terminated(&content)?
                        .into_iter()
                        .collect();
                    if options.subcommands.is_empty() {
                        return Err(Error::new(key.span(), "name at least one: `subcommands = [add, list]`"));
                    }
                }
                "runs" => {
                    input.parse::<Token![=]>()?;
                    options.runs = Some(input.parse()?);
                }
                "default" => {
                    input.parse::<Token![=]>()?;
                    let named =
                        |error: Error| Error::new(error.span(), "name one of the subcommands: `default = list`");
                    options.default = Some(input.parse().map_err(named)?);
                }
                _ => {
                    return Err(Error::new(
                        key.span(),
                        format!(
                            "`#[command]` has no `{word}`; it has `name`, `aliases`, `summary`, `help`, `restricted`, \
                             `confirm`, `subcommands`, `default` and `runs`"
                        ),
                    ));
                }
            }
            seen.push(word);
            if !input.is_empty() {
                input.parse::<Token![,]>()?;
            }
        }
        Ok(options)
    }
}

fn value(input: ParseStream<'_>) -> Result<LitStr> {
    input.parse::<Token![=]>()?;
    input.parse()
}

/// `= "…"`, or by language.
pub fn text(input: ParseStream<'_>) -> Result<Text> {
    if input.peek(Token![=]) {
        Ok(Text::Any(value(input)?.value()))
    } else {
        Text::by_language(input)
    }
}
