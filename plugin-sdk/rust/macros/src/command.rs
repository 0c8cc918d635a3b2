//! `#[command]`: from a function to data and the small function that takes the arguments apart.

use crate::argument::{Argument, Parameter};
use crate::docs::Docs;
use crate::group;
use crate::options::{Confirm, Options};
use crate::words::{Text, check_summary, check_word};
use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::ext::IdentExt;
use syn::spanned::Spanned;
use syn::{Attribute, Error, Ident, ItemFn, ItemStruct, PathSegment, Result, ReturnType, Safety};

/// What makes a function a part of a plugin; one of them is enough.
const ATTRIBUTES: [&str; 9] = [
    "command", "hear", "action", "submit", "shortcut", "answer", "on", "job", "webhook",
];

/// Expands the attribute. With an error the function stays, so that the compiler does not report it missing as well.
pub fn expand(options: TokenStream, item: TokenStream) -> TokenStream {
    if let Ok(group) = syn::parse2::<ItemStruct>(item.clone()) {
        return group::expand(options, group);
    }
    let mut function: ItemFn = match syn::parse2(item.clone()) {
        Ok(function) => function,
        Err(_) => {
            let error = Error::new_spanned(
                item,
                "`#[command]` belongs above a function, or above the struct of a command with subcommands",
            );
            return error.into_compile_error();
        }
    };
    let parameters = parameters(&mut function);
    let described = syn::parse2::<Options>(options)
        .and_then(|options| check_signature(&function, "command").map(|()| options))
        .and_then(|options| parameters.and_then(|parameters| describe(&function, &options, &parameters)));
    match described {
        Ok(tokens) => quote!(#function #tokens),
        Err(error) => {
            let error = error.into_compile_error();
            quote!(#function #error)
        }
    }
}

/// All parameters, or all that is wrong with them. Afterwards the function has only attributes that Rust knows.
fn parameters(function: &mut ItemFn) -> Result<Vec<Parameter>> {
    let mut parameters = Vec::new();
    let mut errors: Option<Error> = None;
    for input in &mut function.sig.inputs {
        match Parameter::take(input) {
            Ok(parameter) => parameters.push(parameter),
            Err(error) => match &mut errors {
                Some(errors) => errors.combine(error),
                None => errors = Some(error),
            },
        }
    }
    match errors {
        Some(error) => Err(error),
        None => {
            check_order(parameters.iter().filter_map(|parameter| match parameter {
                Parameter::Argument(argument) => Some(&**argument),
                _ => None,
            }))?;
            Ok(parameters)
        }
    }
}

/// Parts of a signature that a function can't have if the host calls it. `what` is the attribute.
pub fn check_signature(function: &ItemFn, what: &str) -> Result<()> {
    let signature = &function.sig;
    if let Some(keyword) = &signature.asyncness {
        return Err(Error::new_spanned(
            keyword,
            format!("`#[{what}]` takes a plain function: the host waits while it runs, and runs others meanwhile"),
        ));
    }
    if let Safety::Unsafe(_) = signature.safety {
        return Err(Error::new_spanned(
            &signature.safety,
            "the host calls this function: it can't be unsafe to call",
        ));
    }
    if let Some(abi) = &signature.abi {
        return Err(Error::new_spanned(
            abi,
            "the host calls this function: leave the ABI out",
        ));
    }
    if !signature.generics.params.is_empty() {
        return Err(Error::new_spanned(
            &signature.generics,
            "the host calls this function: its parameters need one type each, without generics",
        ));
    }
    let is_ours = |last: &PathSegment| ATTRIBUTES.iter().any(|word| last.ident == word);
    if let Some(again) = function
        .attrs
        .iter()
        .find(|attribute| attribute.path().segments.last().is_some_and(is_ours))
    {
        return Err(Error::new_spanned(
            again,
            "one attribute for one function; give a second name in `aliases`",
        ));
    }
    Ok(())
}

/// What the host can take apart: required, then optional, then at most one that takes all that follows.
pub fn check_order<'a>(arguments: impl Iterator<Item = &'a Argument>) -> Result<()> {
    let mut missing: Option<&Argument> = None;
    let mut all: Option<&Argument> = None;
    let mut names: Vec<&str> = Vec::new();
    for argument in arguments {
        if let Some(all) = all {
            return Err(Error::new(
                all.span,
                format!("`{}` takes all that follows: it must be the last argument", all.name),
            ));
        }
        if let Some(earlier) = missing
            && !argument.may_be_missing()
        {
            return Err(Error::new(
                argument.span,
                format!(
                    "`{}` is required, but `{}` before it may be left out: put required ones first",
                    argument.name, earlier.name
                ),
            ));
        }
        if names.contains(&argument.name.as_str()) {
            return Err(Error::new(
                argument.span,
                format!("there is another argument `{}` already", argument.name),
            ));
        }
        names.push(&argument.name);
        missing = missing.or(argument.may_be_missing().then_some(argument));
        all = argument.takes_all.then_some(argument);
    }
    Ok(())
}

/// The data, beside the function: a type of the function's name. Types and functions don't get into each other's way,
/// and `use` brings both along.
fn describe(function: &ItemFn, options: &Options, parameters: &[Parameter]) -> Result<TokenStream> {
    let (ident, visibility) = (&function.sig.ident, &function.vis);
    if let Some(first) = options.subcommands.first() {
        return Err(Error::new_spanned(
            first,
            "a command with subcommands does not run by itself: write `struct Name;` instead of the function",
        ));
    }
    if let Some(other) = &options.runs {
        return Err(Error::new_spanned(
            other,
            "a function runs itself: `runs` belongs above a `struct Name;` with texts of its own",
        ));
    }
    if let Some(default) = &options.default {
        return Err(Error::new_spanned(
            default,
            "`default` is a subcommand: it belongs above a struct with `subcommands`",
        ));
    }
    let about = about(ident, &function.attrs, options)?;
    let arguments = || {
        parameters.iter().filter_map(|parameter| match parameter {
            Parameter::Argument(argument) => Some(argument),
            Parameter::Context { .. } | Parameter::Parent { .. } => None,
        })
    };
    let specs = arguments()
        .map(|argument| argument.spec())
        .collect::<Result<Vec<_>>>()?;
    let checks = arguments().map(|argument| argument.checks());
    let parents = parameters.iter().filter_map(|parameter| match parameter {
        Parameter::Parent { of, .. } => Some(quote_spanned!(of.span()=> <#of as ::moa_plugin::__private::Group>::ID)),
        _ => None,
    });
    let values = parameters.iter().map(|parameter| match parameter {
        Parameter::Context { by_reference: true } => quote!(__context),
        Parameter::Context { by_reference: false } => quote!(::core::clone::Clone::clone(__context)),
        Parameter::Parent { of, by_reference } => {
            let reference = by_reference.then(|| quote!(&));
            quote_spanned!(of.span()=> #reference <#of as ::moa_plugin::__private::Group>::from_args(__args)?)
        }
        Parameter::Argument(argument) => argument.value(),
    });
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
            #(#checks)*

            impl ::moa_plugin::__private::CommandFn for #ident {
                const COMMAND: ::moa_plugin::__private::Command = ::moa_plugin::__private::Command {
                    #about
                    args: &[#(#specs),*],
                    subcommands: &[],
                    default: "",
                    group: "",
                    parents: &[#(#parents),*],
                    run: ::core::option::Option::Some(__run),
                };
            }

            impl ::moa_plugin::__private::PluginPart for #ident {
                const PART: ::moa_plugin::__private::Part =
                    ::moa_plugin::__private::Part::Command(<Self as ::moa_plugin::__private::CommandFn>::COMMAND);
            }

            // A command may take and say nothing.
            #[allow(unused_variables, clippy::let_unit_value)]
            fn __run(
                __context: &::moa_plugin::Context,
                __args: &mut ::moa_plugin::__private::Args,
            ) -> ::core::result::Result<::core::option::Option<::moa_plugin::Content>, ::moa_plugin::Error> {
                let __said = #ident(#(#values),*);
                #reply
            }
        };
    })
}

/// The fields of the data that a function and a struct have in common: names, texts, examples and who may.
pub fn about(ident: &Ident, attributes: &[Attribute], options: &Options) -> Result<TokenStream> {
    let docs = Docs::of(attributes);
    let name = match &options.name {
        Some(name) => name.value(),
        None => default_name(ident)?,
    };
    if let Some(alias) = options.aliases.iter().find(|alias| alias.value() == name) {
        return Err(Error::new(alias.span(), "this is the command's name already"));
    }
    let aliases = &options.aliases;
    let of_docs = Text::Any(docs.summary.clone());
    let summary = options.summary.as_ref().unwrap_or(&of_docs);
    for text in summary.all() {
        check_summary(&text).map_err(|message| Error::new(ident.span(), message))?;
    }
    let summary = summary.tokens();
    let help = options
        .help
        .as_ref()
        .map_or_else(|| Text::Any(docs.help.clone()).tokens(), Text::tokens);
    let examples = &docs.examples;
    let restricted = options.restricted;
    let confirm = match options.confirm {
        Confirm::None => quote!(None),
        Confirm::Oneself => quote!(Oneself),
        Confirm::Second => quote!(Second),
    };
    Ok(quote! {
        name: #name,
        aliases: &[#(#aliases),*],
        summary: #summary,
        help: #help,
        examples: &[#(#examples),*],
        restricted: #restricted,
        confirm: ::moa_plugin::__private::Confirm::#confirm,
    })
}

fn default_name(ident: &Ident) -> Result<String> {
    let name = kebab(ident);
    check_word(&name).map_err(|message| Error::new(ident.span(), format!("{message}: give one by `name = \"…\"`")))?;
    Ok(name)
}

/// `team_size` and `TeamSize` as `team-size`.
pub fn kebab(ident: &Ident) -> String {
    let mut name = String::new();
    for character in ident.unraw().to_string().trim_matches('_').chars() {
        if character == '_' {
            name.push('-');
        } else if character.is_uppercase() {
            if !name.is_empty() && !name.ends_with('-') {
                name.push('-');
            }
            name.extend(character.to_lowercase());
        } else {
            name.push(character);
        }
    }
    name
}
