//! `#[webhook]`: an address for the outside world, and the function that serves it.

use crate::argument::is_named;
use crate::command::{check_signature, kebab};
use crate::words::{Texts, check_unique};
use proc_macro2::{Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::parse::{Parse, ParseStream};
use syn::spanned::Spanned;
use syn::{Error, FnArg, Ident, ItemFn, LitStr, Result, ReturnType, Token, Type};

const METHODS: [&str; 6] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"];

/// How the host can check a request.
const SCHEMES: [&str; 5] = ["none", "bearer", "hmac-sha256", "slack", "jandi"];
const KEYS: &str = "`#[webhook]` has `name`, `methods` and `verify`: `#[webhook(verify = \"hmac-sha256\")]`";

/// Expands the attribute. With an error the function stays.
pub fn expand(options: TokenStream, item: TokenStream) -> TokenStream {
    let function: ItemFn = match syn::parse2(item.clone()) {
        Ok(function) => function,
        Err(_) => return Error::new_spanned(item, "`#[webhook]` belongs above a function").into_compile_error(),
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
struct Options {
    name: Option<LitStr>,
    methods: Vec<LitStr>,
    verify: LitStr,
}

impl Parse for Options {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let (mut name, mut methods, mut verify) = (None, None, None);
        while !input.is_empty() {
            let key: Ident = input.parse().map_err(|error| Error::new(error.span(), KEYS))?;
            let word = key.to_string();
            if !matches!(word.as_str(), "name" | "methods" | "verify") {
                return Err(Error::new(key.span(), KEYS));
            }
            input.parse::<Token![=]>()?;
            let is_first = match word.as_str() {
                "name" => name.replace(input.parse::<LitStr>()?).is_none(),
                "methods" => methods.replace(read_methods(&key, input)?).is_none(),
                _ => verify.replace(read_verify(input)?).is_none(),
            };
            if !is_first {
                return Err(Error::new(key.span(), format!("`{key}` is there twice")));
            }
            if !input.is_empty() {
                input.parse::<Token![,]>()?;
            }
        }
        let Some(verify) = verify else {
            return Err(Error::new(
                Span::call_site(),
                "say how the host checks a request: `verify = \"hmac-sha256\"` by a signature, `verify = \"none\"` not at all",
            ));
        };
        Ok(Self {
            name,
            methods: methods.unwrap_or_default(),
            verify,
        })
    }
}

fn read_methods(key: &Ident, input: ParseStream<'_>) -> Result<Vec<LitStr>> {
    let Texts(methods) = input.parse()?;
    if let Some(method) = methods
        .iter()
        .find(|method| !METHODS.contains(&method.value().as_str()))
    {
        return Err(Error::new(
            method.span(),
            "a method is \"GET\", \"HEAD\", \"POST\", \"PUT\", \"PATCH\" or \"DELETE\"",
        ));
    }
    check_unique(&methods)?;
    match methods.is_empty() {
        true => Err(Error::new(key.span(), "name at least one: `methods = [\"POST\"]`")),
        false => Ok(methods),
    }
}

fn read_verify(input: ParseStream<'_>) -> Result<LitStr> {
    let verify: LitStr = input.parse()?;
    match SCHEMES.contains(&verify.value().as_str()) {
        true => Ok(verify),
        false => Err(Error::new(
            verify.span(),
            "`verify` is \"hmac-sha256\", \"bearer\", \"slack\", \"jandi\" or \"none\"",
        )),
    }
}

/// As the manifest's schema wants it.
fn is_name(text: &str) -> bool {
    let is_plain = |byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-');
    (1..=64).contains(&text.len()) && text.bytes().all(is_plain)
}

fn describe(function: &ItemFn, options: &Options) -> Result<TokenStream> {
    check_signature(function, "webhook")?;
    let (ident, visibility) = (&function.sig.ident, &function.vis);
    let (name, name_span) = match &options.name {
        Some(name) => (name.value(), name.span()),
        None => (kebab(ident), ident.span()),
    };
    if !is_name(&name) {
        return Err(Error::new(
            name_span,
            "a webhook's name has 1 to 64 of a-z, 0-9 and `-`: give one by `name = \"…\"`",
        ));
    }
    let mut has_request = false;
    let mut values = Vec::new();
    for input in &function.sig.inputs {
        values.push(value(input, &mut has_request)?);
    }
    let (methods, verify) = (&options.methods, &options.verify);
    let returned = match &function.sig.output {
        ReturnType::Default => ident.span(),
        ReturnType::Type(_, of) => of.span(),
    };
    let response = quote_spanned!(returned=> ::moa_plugin::IntoResponse::into_response(__said));
    Ok(quote! {
        #[doc(hidden)]
        #[allow(non_camel_case_types)]
        #visibility struct #ident {}

        const _: () = {
            impl ::moa_plugin::__private::WebhookFn for #ident {
                const WEBHOOK: ::moa_plugin::__private::Webhook = ::moa_plugin::__private::Webhook {
                    name: #name,
                    methods: &[#(#methods),*],
                    verify: #verify,
                    run: __run,
                };
            }

            impl ::moa_plugin::__private::PluginPart for #ident {
                const PART: ::moa_plugin::__private::Part =
                    ::moa_plugin::__private::Part::Webhook(<Self as ::moa_plugin::__private::WebhookFn>::WEBHOOK);
            }

            // It may take and answer nothing.
            #[allow(unused_variables, clippy::let_unit_value)]
            fn __run(
                __request: ::moa_plugin::Request,
            ) -> ::core::result::Result<::moa_plugin::Response, ::moa_plugin::Error> {
                let __said = #ident(#(#values),*);
                #response
            }
        };
    })
}

/// What the only parameter gets: the request.
fn value(input: &FnArg, has_request: &mut bool) -> Result<TokenStream> {
    let FnArg::Typed(typed) = input else {
        return Err(Error::new_spanned(
            input,
            "a webhook is a free function: take what it needs as arguments, without `self`",
        ));
    };
    if let Some(attribute) = typed.attrs.first() {
        return Err(Error::new_spanned(
            attribute,
            "the parameters of a webhook have no attributes: ask the request",
        ));
    }
    let (of, by_reference) = match &*typed.ty {
        Type::Reference(reference) if reference.mutability.is_none() => (&*reference.elem, true),
        other => (other, false),
    };
    if is_named("Context", of) {
        return Err(Error::new_spanned(
            &typed.ty,
            "a request comes from no conversation: take `&Request` instead of the context",
        ));
    }
    if !is_named("Request", of) || std::mem::replace(has_request, true) {
        return Err(Error::new_spanned(
            &typed.ty,
            "a webhook takes one `&Request`, or nothing",
        ));
    }
    Ok(match by_reference {
        true => quote!(&__request),
        false => quote!(__request),
    })
}
