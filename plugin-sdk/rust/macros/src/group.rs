//! `#[command(subcommands = […])]` above a struct: its fields are the arguments before the subcommand's name.

use crate::again;
use crate::argument::{Argument, Parameter};
use crate::command::{about, check_order};
use crate::options::Options;
use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{Error, Fields, FnArg, Ident, ItemStruct, Path, Result, parse_quote_spanned};

/// Expands the attribute. With an error the struct stays.
pub fn expand(options: TokenStream, mut group: ItemStruct) -> TokenStream {
    let fields = fields(&mut group);
    let described = syn::parse2::<Options>(options)
        .and_then(|options| fields.and_then(|fields| describe(&group, &options, &fields)));
    match described {
        Ok(tokens) => quote!(#group #tokens),
        Err(error) => {
            let error = error.into_compile_error();
            quote!(#group #error)
        }
    }
}

/// The fields as arguments. Afterwards the struct has only attributes that Rust knows.
fn fields(group: &mut ItemStruct) -> Result<Vec<(Ident, Argument)>> {
    let named = match &mut group.fields {
        Fields::Unit => return Ok(Vec::new()),
        Fields::Named(named) => &mut named.named,
        Fields::Unnamed(fields) => {
            return Err(Error::new_spanned(
                fields,
                "the arguments before a subcommand need names: write `struct Name { argument: Type }`",
            ));
        }
    };
    let mut arguments = Vec::new();
    let mut errors: Option<Error> = None;
    for field in named {
        let Some(ident) = field.ident.clone() else { continue };
        let (attributes, of, span) = (std::mem::take(&mut field.attrs), &field.ty, ident.span());
        let mut parameter: FnArg = parse_quote_spanned!(span=> #ident: #of);
        if let FnArg::Typed(typed) = &mut parameter {
            typed.attrs = attributes;
        }
        let taken = Parameter::take(&mut parameter);
        if let FnArg::Typed(typed) = parameter {
            field.attrs = typed.attrs;
        }
        let error = match taken {
            Ok(Parameter::Argument(argument)) if !argument.takes_all => {
                arguments.push((ident, *argument));
                continue;
            }
            Ok(Parameter::Argument(_)) => Error::new(
                span,
                "this would take the subcommand too: `#[list]` and `#[rest]` belong to the subcommand's function",
            ),
            Ok(_) => Error::new(
                span,
                "a field is something that people type: take `&Context` and `#[parent]` in the subcommand's function",
            ),
            Err(error) => error,
        };
        match &mut errors {
            Some(errors) => errors.combine(error),
            None => errors = Some(error),
        }
    }
    match errors {
        Some(error) => Err(error),
        None => {
            check_order(arguments.iter().map(|(_, argument)| argument))?;
            Ok(arguments)
        }
    }
}

fn is_same(one: &Path, other: &Path) -> bool {
    one.to_token_stream().to_string() == other.to_token_stream().to_string()
}

fn describe(group: &ItemStruct, options: &Options, fields: &[(Ident, Argument)]) -> Result<TokenStream> {
    let ident = &group.ident;
    if !group.generics.params.is_empty() {
        return Err(Error::new_spanned(
            &group.generics,
            "a command has no generics: its arguments need one type each",
        ));
    }
    if let Some(other) = &options.runs {
        return again::describe(group, options, other);
    }
    let subcommands = &options.subcommands;
    let Some(first) = subcommands.first() else {
        return Err(Error::new(
            ident.span(),
            "a command that is a struct has subcommands: `#[command(subcommands = [add, list])]`",
        ));
    };
    let default = match &options.default {
        None => quote!(""),
        Some(path) if subcommands.iter().any(|sub| is_same(sub, path)) => {
            quote_spanned!(path.span()=> <#path as ::moa_plugin::__private::CommandFn>::COMMAND.name)
        }
        Some(path) => {
            return Err(Error::new_spanned(
                path,
                "this is none of the `subcommands`: what runs where none is typed is one of them",
            ));
        }
    };
    let about = about(ident, &group.attrs, options)?;
    let specs = fields
        .iter()
        .map(|(_, argument)| argument.spec())
        .collect::<Result<Vec<_>>>()?;
    let checks = fields.iter().map(|(_, argument)| argument.checks());
    let values = fields.iter().map(|(field, argument)| {
        let value = argument.value();
        quote!(#field: #value)
    });
    let below = subcommands
        .iter()
        .map(|path| quote_spanned!(path.span()=> <#path as ::moa_plugin::__private::CommandFn>::COMMAND));
    let span: Span = first.span();
    let unique = quote_spanned! {span=>
        const _: () = ::core::assert!(
            ::moa_plugin::__private::are_words_unique(SUBCOMMANDS),
            "two of these subcommands share a name or an alias",
        );
        const _: () = ::core::assert!(
            ::moa_plugin::__private::are_arguments_unique(ARGS, SUBCOMMANDS),
            "an argument of a subcommand has the name of one before it: give one of them another name",
        );
    };
    Ok(quote! {
        const _: () = {
            #(#checks)*

            const ARGS: &[::moa_plugin::__private::ArgSpec] = &[#(#specs),*];
            const SUBCOMMANDS: &[::moa_plugin::__private::Command] = &[#(#below),*];
            #unique

            impl ::moa_plugin::__private::CommandFn for #ident {
                const COMMAND: ::moa_plugin::__private::Command = ::moa_plugin::__private::Command {
                    #about
                    args: ARGS,
                    subcommands: SUBCOMMANDS,
                    default: #default,
                    group: <Self as ::moa_plugin::__private::Group>::ID,
                    parents: &[],
                    run: ::core::option::Option::None,
                };
            }

            impl ::moa_plugin::__private::PluginPart for #ident {
                const PART: ::moa_plugin::__private::Part =
                    ::moa_plugin::__private::Part::Command(<Self as ::moa_plugin::__private::CommandFn>::COMMAND);
            }

            impl ::moa_plugin::__private::Group for #ident {
                const ID: &'static str =
                    ::core::concat!(::core::module_path!(), "::", ::core::stringify!(#ident));

                #[allow(unused_variables)]
                fn from_args(
                    __args: &mut ::moa_plugin::__private::Args,
                ) -> ::core::result::Result<Self, ::moa_plugin::Error> {
                    ::core::result::Result::Ok(Self { #(#values),* })
                }
            }
        };
    })
}
