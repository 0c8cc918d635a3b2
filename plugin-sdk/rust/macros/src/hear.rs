//! `#[hear]`: a pattern, and the function that is called with what it captured.

use crate::argument::{as_context, inside, is_named};
use crate::command::{check_signature, kebab};
use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use regex_syntax::ParserBuilder;
use syn::parse::{Parse, ParseStream};
use syn::spanned::Spanned;
use syn::{Error, FnArg, Ident, ItemFn, LitStr, Result, ReturnType, Token};

/// The longest pattern, in bytes, says the contract.
const MAX_PATTERN: usize = 10_000;

/// Expands the attribute. With an error the function stays.
pub fn expand(options: TokenStream, item: TokenStream) -> TokenStream {
    let function: ItemFn = match syn::parse2(item.clone()) {
        Ok(function) => function,
        Err(_) => return Error::new_spanned(item, "`#[hear]` belongs above a function").into_compile_error(),
    };
    let described = syn::parse2::<Options>(options).and_then(|options| describe(&function, &options));
    match described {
        Ok(tokens) => quote!(#function #tokens),
        Err(error) => {
            let error = error.into_compile_error();
            quote!(#function #error)
        }
    }
}

/// What stands in the attribute.
#[derive(Default)]
struct Options {
    /// With the number of its groups; `None` hears what was taught at run time.
    pattern: Option<(LitStr, usize)>,
    id: Option<LitStr>,
    scopes: Vec<Ident>,
}

impl Parse for Options {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let mut options = Self::default();
        if input.peek(LitStr) {
            let pattern: LitStr = input.parse()?;
            let groups = check_pattern(&pattern)?;
            options.pattern = Some((pattern, groups));
            if !input.is_empty() {
                input.parse::<Token![,]>()?;
            }
        } else if !input.is_empty() {
            return Err(input.error("the pattern comes first, as text: `#[hear(\"guide|help\", ambient)]`"));
        }
        let mut seen: Vec<String> = Vec::new();
        while !input.is_empty() {
            let key: Ident = input.parse()?;
            let word = key.to_string();
            if seen.contains(&word) {
                return Err(Error::new(key.span(), format!("`{word}` is there twice")));
            }
            let scope = match word.as_str() {
                "direct" => Some("Direct"),
                "direct_mention" => Some("DirectMention"),
                "mention" => Some("Mention"),
                "ambient" => Some("Ambient"),
                "id" => {
                    input.parse::<Token![=]>()?;
                    let id: LitStr = input.parse()?;
                    if !(1..=64).contains(&id.value().chars().count()) {
                        return Err(Error::new(id.span(), "an id has 1 to 64 characters"));
                    }
                    options.id = Some(id);
                    None
                }
                _ => {
                    return Err(Error::new(
                        key.span(),
                        "after its pattern `#[hear]` has the scopes `direct`, `direct_mention`, `mention` and `ambient`, \
                         and `id = \"…\"`",
                    ));
                }
            };
            options.scopes.extend(scope.map(|scope| Ident::new(scope, key.span())));
            seen.push(word);
            if !input.is_empty() {
                input.parse::<Token![,]>()?;
            }
        }
        Ok(options)
    }
}

/// The number of groups in a pattern that the host will take.
fn check_pattern(pattern: &LitStr) -> Result<usize> {
    let text = pattern.value();
    if text.is_empty() || text.len() > MAX_PATTERN {
        return Err(Error::new(
            pattern.span(),
            format!("a pattern has 1 to {MAX_PATTERN} bytes"),
        ));
    }
    match ParserBuilder::new().case_insensitive(true).build().parse(&text) {
        Ok(parsed) => Ok(parsed.properties().explicit_captures_len()),
        Err(error) => Err(Error::new(
            pattern.span(),
            format!("this is not a regular expression that the host can search for\n{error}"),
        )),
    }
}

fn describe(function: &ItemFn, options: &Options) -> Result<TokenStream> {
    check_signature(function, "hear")?;
    let (ident, visibility) = (&function.sig.ident, &function.vis);
    let mut group = 0_usize;
    let mut values = Vec::new();
    for input in &function.sig.inputs {
        values.push(value(input, options, &mut group)?);
    }
    let id = options.id.as_ref().map_or_else(|| kebab(ident), LitStr::value);
    let pattern = options
        .pattern
        .as_ref()
        .map_or_else(String::new, |(pattern, _)| pattern.value());
    let scopes = &options.scopes;
    let returned = match &function.sig.output {
        ReturnType::Default => ident.span(),
        ReturnType::Type(_, of) => of.span(),
    };
    let reply = quote_spanned!(returned=> ::moa_plugin::__private::IntoReply::into_reply(__said));
    Ok(quote! {
        #[doc(hidden)]
        #[allow(non_camel_case_types)]
        #visibility struct #ident {}

        const _: () = {
            impl ::moa_plugin::__private::HearFn for #ident {
                const HEAR: ::moa_plugin::__private::Hear = ::moa_plugin::__private::Hear {
                    id: #id,
                    pattern: #pattern,
                    scopes: &[#(::moa_plugin::__private::Scope::#scopes),*],
                    run: __run,
                };
            }

            impl ::moa_plugin::__private::PluginPart for #ident {
                const PART: ::moa_plugin::__private::Part =
                    ::moa_plugin::__private::Part::Hear(<Self as ::moa_plugin::__private::HearFn>::HEAR);
            }

            // It may take and say nothing.
            #[allow(unused_variables, clippy::let_unit_value)]
            fn __run(
                __context: &::moa_plugin::Context,
            ) -> ::core::result::Result<::core::option::Option<::moa_plugin::Content>, ::moa_plugin::Error> {
                let __said = #ident(#(#values),*);
                #reply
            }
        };
    })
}

/// What a parameter gets: the context, or the next group.
fn value(input: &FnArg, options: &Options, group: &mut usize) -> Result<TokenStream> {
    let FnArg::Typed(typed) = input else {
        return Err(Error::new_spanned(
            input,
            "what hears is a free function: take what it needs as arguments, without `self`",
        ));
    };
    if let Some(attribute) = typed.attrs.first() {
        return Err(Error::new_spanned(
            attribute,
            "the parameters are what the pattern's groups captured: they have no attributes",
        ));
    }
    match as_context(&typed.ty) {
        Some(true) => return Ok(quote!(__context)),
        Some(false) => return Ok(quote!(::core::clone::Clone::clone(__context))),
        None => {}
    }
    let optional = inside("Option", &typed.ty);
    if !is_named("String", optional.unwrap_or(&typed.ty)) {
        return Err(Error::new_spanned(
            &typed.ty,
            "a group captures text: take `String`, `Option<String>` for a group that may take no part, or `&Context`",
        ));
    }
    *group += 1;
    match &options.pattern {
        None => Err(Error::new_spanned(
            &typed.ty,
            "what was taught at run time has any number of groups: take `&Context` and ask its `captures()`",
        )),
        Some((_, groups)) if *group > *groups => Err(Error::new_spanned(
            &typed.ty,
            format!("each `String` is a group in parentheses, and the pattern has only {groups}"),
        )),
        Some(_) => {
            let text = quote!(__context.capture(#group).map(::std::string::String::from));
            Ok(match optional {
                Some(_) => text,
                None => quote!(#text.unwrap_or_default()),
            })
        }
    }
}
