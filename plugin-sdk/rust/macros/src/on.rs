//! `#[on]`: an event, and the function that learns of it.

use crate::argument::as_context;
use crate::command::check_signature;
use proc_macro2::{Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{Error, FnArg, Ident, ItemFn, Result, ReturnType, Type};

/// As the manifest names it, and as its type is called.
const EVENTS: [(&str, &str); 7] = [
    ("reacted", "Reacted"),
    ("unreacted", "Unreacted"),
    ("joined", "Joined"),
    ("left", "Left"),
    ("topic", "Topic"),
    ("edited", "Edited"),
    ("deleted", "Deleted"),
];

/// Expands the attribute. With an error the function stays.
pub fn expand(options: TokenStream, item: TokenStream) -> TokenStream {
    let function: ItemFn = match syn::parse2(item.clone()) {
        Ok(function) => function,
        Err(_) => return Error::new_spanned(item, "`#[on]` belongs above a function").into_compile_error(),
    };
    match event(options).and_then(|event| describe(&function, &event)) {
        Ok(tokens) => quote!(#function #tokens),
        Err(error) => {
            let error = error.into_compile_error();
            quote!(#function #error)
        }
    }
}

/// The type of the event that is named.
fn event(options: TokenStream) -> Result<Ident> {
    let complaint = |span: Span| {
        Error::new(
            span,
            "an event is `reacted`, `unreacted`, `joined`, `left`, `topic`, `edited` or `deleted`: `#[on(joined)]`",
        )
    };
    let named: Ident = syn::parse2(options).map_err(|error| complaint(error.span()))?;
    let known = EVENTS.iter().find(|(name, _)| named == name);
    let (_, of) = known.ok_or_else(|| complaint(named.span()))?;
    Ok(Ident::new(of, named.span()))
}

fn describe(function: &ItemFn, event: &Ident) -> Result<TokenStream> {
    check_signature(function, "on")?;
    let (ident, visibility) = (&function.sig.ident, &function.vis);
    let mut has_event = false;
    let mut values = Vec::new();
    for input in &function.sig.inputs {
        values.push(value(input, event, &mut has_event)?);
    }
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
            impl ::moa_plugin::__private::EventFn for #ident {
                type Event = ::moa_plugin::events::#event;
                const ON: ::moa_plugin::__private::On = ::moa_plugin::__private::On {
                    event: ::moa_plugin::__private::Event::#event,
                    run: __run,
                };
            }

            impl ::moa_plugin::__private::PluginPart for #ident {
                const PART: ::moa_plugin::__private::Part =
                    ::moa_plugin::__private::Part::Event(<Self as ::moa_plugin::__private::EventFn>::ON);
            }

            // It may take and say nothing.
            #[allow(unused_variables, clippy::let_unit_value)]
            fn __run(
                __context: &::moa_plugin::Context,
                __event: ::moa_plugin::__private::bindings::exports::moa::plugin::events::Event,
            ) -> ::core::result::Result<(), ::moa_plugin::Error> {
                ::moa_plugin::__private::tell(__context, __event, |__what: ::moa_plugin::events::#event| {
                    let __said = #ident(#(#values),*);
                    #reply
                })
            }
        };
    })
}

/// What a parameter gets: the context, or the event.
fn value(input: &FnArg, event: &Ident, has_event: &mut bool) -> Result<TokenStream> {
    let FnArg::Typed(typed) = input else {
        return Err(Error::new_spanned(
            input,
            "what learns of an event is a free function: take what it needs as arguments, without `self`",
        ));
    };
    if let Some(attribute) = typed.attrs.first() {
        return Err(Error::new_spanned(
            attribute,
            "the parameters of a function for events have no attributes",
        ));
    }
    match as_context(&typed.ty) {
        Some(true) => return Ok(quote!(__context)),
        Some(false) => return Ok(quote!(::core::clone::Clone::clone(__context))),
        None => {}
    }
    if std::mem::replace(has_event, true) {
        return Err(Error::new_spanned(
            &typed.ty,
            format!("a function for events takes `&Context` and one `&{event}`"),
        ));
    }
    let span = typed.ty.span();
    Ok(match &*typed.ty {
        Type::Reference(_) => quote_spanned!(span=> &__what),
        _ => quote_spanned!(span=> __what),
    })
}
