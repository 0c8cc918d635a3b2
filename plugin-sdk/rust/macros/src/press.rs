//! `#[action]`, `#[submit]`, `#[shortcut]` and `#[answer]`: an id, and the function that is called with the press.

use crate::argument::{as_context, is_named};
use crate::command::check_signature;
use crate::docs::Docs;
use crate::options::text;
use crate::words::Text;
use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::parse::ParseStream;
use syn::spanned::Spanned;
use syn::{Error, FnArg, Ident, ItemFn, LitStr, Result, ReturnType, Token, Type};

/// The longest id, in characters: it travels with the plugin's name, in what Slack gives 255 for.
const MAX_ID: usize = 190;
/// The longest name and description of a shortcut, in characters, says Slack.
const MAX_NAME: usize = 24;
const MAX_DESCRIPTION: usize = 150;

/// Which of the attributes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Attribute {
    Action,
    Submit,
    Shortcut,
    Answer,
}

impl Attribute {
    /// As it is written.
    fn word(self) -> &'static str {
        match self {
            Self::Action => "action",
            Self::Submit => "submit",
            Self::Shortcut => "shortcut",
            Self::Answer => "answer",
        }
    }

    /// As `PressFor` calls it.
    fn case(self) -> TokenStream {
        match self {
            Self::Action => quote!(Action),
            Self::Submit => quote!(Submit),
            Self::Shortcut => quote!(Shortcut),
            Self::Answer => quote!(Answer),
        }
    }
}

/// Expands the attribute. With an error the function stays.
pub fn expand(attribute: Attribute, options: TokenStream, item: TokenStream) -> TokenStream {
    let function: ItemFn = match syn::parse2(item.clone()) {
        Ok(function) => function,
        Err(_) => {
            let message = format!("`#[{}]` belongs above a function", attribute.word());
            return Error::new_spanned(item, message).into_compile_error();
        }
    };
    let parse = |input: ParseStream<'_>| Options::parse_for(attribute, input);
    let described =
        syn::parse::Parser::parse2(parse, options).and_then(|options| describe(attribute, &function, &options));
    match described {
        Ok(tokens) => quote!(#function #tokens),
        Err(error) => {
            let error = error.into_compile_error();
            quote!(#function #error)
        }
    }
}

/// What stands in the attribute.
struct Options {
    id: LitStr,
    shortcut: Option<Shortcut>,
}

struct Shortcut {
    name: Text,
    on: &'static str,
    description: Option<Text>,
}

impl Options {
    fn parse_for(attribute: Attribute, input: ParseStream<'_>) -> Result<Self> {
        let word = attribute.word();
        if !input.peek(LitStr) {
            return Err(input.error(format!("the id comes first, as text: `#[{word}(\"order\")]`")));
        }
        let id: LitStr = input.parse()?;
        check_id(attribute, &id)?;
        if !input.is_empty() {
            input.parse::<Token![,]>()?;
        }
        let shortcut = match attribute {
            Attribute::Shortcut => Some(Shortcut::parse_after(&id, input)?),
            _ if input.is_empty() => None,
            _ => return Err(input.error(format!("`#[{word}]` has an id and nothing else"))),
        };
        Ok(Self { id, shortcut })
    }
}

impl Shortcut {
    fn parse_after(id: &LitStr, input: ParseStream<'_>) -> Result<Self> {
        let (mut name, mut on, mut description) = (None, None, None);
        while !input.is_empty() {
            let key: Ident = input.parse()?;
            let is_first = match key.to_string().as_str() {
                "name" => name.replace(text(input)?).is_none(),
                "description" => description.replace(text(input)?).is_none(),
                "on" => {
                    input.parse::<Token![=]>()?;
                    let place: Ident = input.parse()?;
                    let place = match place.to_string().as_str() {
                        "message" => "Message",
                        "anywhere" => "Anywhere",
                        _ => {
                            return Err(Error::new(
                                place.span(),
                                "a shortcut is `on = message` or `on = anywhere`",
                            ));
                        }
                    };
                    on.replace(place).is_none()
                }
                _ => {
                    return Err(Error::new(
                        key.span(),
                        "after its id `#[shortcut]` has `name`, `on` and `description`",
                    ));
                }
            };
            if !is_first {
                return Err(Error::new(key.span(), format!("`{key}` is there twice")));
            }
            if !input.is_empty() {
                input.parse::<Token![,]>()?;
            }
        }
        let missing = |what: &str| Error::new(id.span(), format!("a shortcut needs {what}"));
        let name = name.ok_or_else(|| missing("the name that people see: `name = \"…\"`"))?;
        let lengths = |text: &Text| text.all().map(|text| text.chars().count()).collect::<Vec<_>>();
        if lengths(&name).iter().any(|length| !(1..=MAX_NAME).contains(length)) {
            return Err(Error::new(
                id.span(),
                format!("a shortcut's name has 1 to {MAX_NAME} characters"),
            ));
        }
        if description
            .iter()
            .flat_map(lengths)
            .any(|length| length > MAX_DESCRIPTION)
        {
            return Err(Error::new(
                id.span(),
                format!("a shortcut's description has up to {MAX_DESCRIPTION} characters"),
            ));
        }
        let on = on.ok_or_else(|| missing("its place: `on = message` or `on = anywhere`"))?;
        Ok(Self { name, on, description })
    }

    /// Of the documentation only what Slack takes: it was not written for this alone.
    fn tokens(&self, function: &ItemFn) -> TokenStream {
        let name = self.name.tokens();
        let on = Ident::new(self.on, function.sig.ident.span());
        let description = match &self.description {
            Some(text) => text.tokens(),
            None => {
                let summary = Docs::of(&function.attrs).summary;
                Text::Any(summary.chars().take(MAX_DESCRIPTION).collect()).tokens()
            }
        };
        quote! {
            ::core::option::Option::Some(::moa_plugin::__private::Shortcut {
                on: ::moa_plugin::__private::ShortcutOn::#on,
                name: #name,
                description: #description,
            })
        }
    }
}

fn check_id(attribute: Attribute, id: &LitStr) -> Result<()> {
    let text = id.value();
    let start = text.strip_suffix('*').unwrap_or(&text);
    let complaint = if !(1..=MAX_ID).contains(&text.chars().count()) {
        format!("an id has 1 to {MAX_ID} characters")
    } else if text.starts_with("moa:") {
        "ids that begin with `moa:` are the host's own".into()
    } else if start.contains('*') || (start.len() < text.len() && !start.ends_with(':')) {
        "`*` stands at the end alone, behind a colon: `order:*`".into()
    } else if attribute == Attribute::Shortcut && !is_shortcut_id(&text) {
        "a shortcut's id has 1 to 64 of a-z, 0-9, `.`, `_` and `-`".into()
    } else {
        return Ok(());
    };
    Err(Error::new(id.span(), complaint))
}

/// As the manifest's schema wants it.
fn is_shortcut_id(text: &str) -> bool {
    let is_plain = |byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'.' | b'_' | b'-');
    text.len() <= 64 && text.bytes().all(is_plain)
}

fn describe(attribute: Attribute, function: &ItemFn, options: &Options) -> Result<TokenStream> {
    check_signature(function, attribute.word())?;
    let (ident, visibility, id) = (&function.sig.ident, &function.vis, &options.id);
    let has_rest = id.value().ends_with('*');
    let mut rest = false;
    let mut values = Vec::new();
    for input in &function.sig.inputs {
        values.push(value(attribute, input, has_rest, &mut rest)?);
    }
    let of = attribute.case();
    let shortcut = match &options.shortcut {
        Some(shortcut) => shortcut.tokens(function),
        None => quote!(::core::option::Option::None),
    };
    let returned = match &function.sig.output {
        ReturnType::Default => ident.span(),
        ReturnType::Type(_, of) => of.span(),
    };
    let reply = quote_spanned!(returned=> ::moa_plugin::IntoPressReply::into_press_reply(__said));
    Ok(quote! {
        #[doc(hidden)]
        #[allow(non_camel_case_types)]
        #visibility struct #ident {}

        const _: () = {
            impl ::moa_plugin::__private::PressFn for #ident {
                const PRESS: ::moa_plugin::__private::Press = ::moa_plugin::__private::Press {
                    of: ::moa_plugin::__private::PressFor::#of,
                    id: #id,
                    shortcut: #shortcut,
                    run: __run,
                };
            }

            impl ::moa_plugin::__private::PluginPart for #ident {
                const PART: ::moa_plugin::__private::Part =
                    ::moa_plugin::__private::Part::Press(<Self as ::moa_plugin::__private::PressFn>::PRESS);
            }

            // It may take and answer nothing.
            #[allow(unused_variables, clippy::let_unit_value)]
            fn __run(
                __press: &::moa_plugin::Press,
            ) -> ::core::result::Result<::moa_plugin::PressReply, ::moa_plugin::Error> {
                let __said = #ident(#(#values),*);
                #reply
            }
        };
    })
}

/// What a parameter gets: the context, the press, the answer, or the rest of the id.
fn value(attribute: Attribute, input: &FnArg, has_rest: bool, rest: &mut bool) -> Result<TokenStream> {
    let FnArg::Typed(typed) = input else {
        return Err(Error::new_spanned(
            input,
            "what handles a press is a free function: take what it needs as arguments, without `self`",
        ));
    };
    if let Some(attribute) = typed.attrs.first() {
        return Err(Error::new_spanned(
            attribute,
            "the parameters of a function for presses have no attributes: ask the press for its fields",
        ));
    }
    let (of, by_reference) = match &*typed.ty {
        Type::Reference(reference) if reference.mutability.is_none() => (&*reference.elem, true),
        other => (other, false),
    };
    let reference = by_reference.then(|| quote!(&));
    if let Some(by_reference) = as_context(&typed.ty) {
        let context = quote!(::moa_plugin::Press::context(__press));
        return Ok(match by_reference {
            true => context,
            false => quote!(::core::clone::Clone::clone(#context)),
        });
    }
    if is_named("Press", of) {
        return Ok(match by_reference {
            true => quote!(__press),
            false => quote!(::core::clone::Clone::clone(__press)),
        });
    }
    if attribute == Attribute::Answer && is_named("Answer", of) {
        return Ok(quote!(#reference ::moa_plugin::__private::answer_of(__press)));
    }
    if by_reference || !has_rest || *rest {
        let also = match attribute {
            Attribute::Answer => ", `Answer`",
            _ => "",
        };
        return Err(Error::new_spanned(
            &typed.ty,
            format!(
                "a function for presses takes `&Context`, `&Press`{also}, and one value for the `*` if its id ends with \
                 `:*`"
            ),
        ));
    }
    *rest = true;
    Ok(quote_spanned!(of.span()=> ::moa_plugin::__private::rest_of::<#of>(__press)?))
}
