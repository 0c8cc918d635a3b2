//! `#[command(runs = other)]` above a struct: the same command in another place, with texts of its own.

use crate::command::about;
use crate::options::Options;
use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{Error, Fields, ItemStruct, Path, Result};

/// The data of the other command, with the names and texts of this one.
pub fn describe(this: &ItemStruct, options: &Options, other: &Path) -> Result<TokenStream> {
    let ident = &this.ident;
    if !options.subcommands.is_empty() || !matches!(this.fields, Fields::Unit) {
        return Err(Error::new(
            ident.span(),
            "what runs another command has that one's arguments, and nothing below it: write `struct Name;`",
        ));
    }
    let about = about(ident, &this.attrs, options)?;
    let other = quote_spanned!(other.span()=> <#other as ::moa_plugin::__private::CommandFn>::COMMAND);
    Ok(quote! {
        const _: () = {
            impl ::moa_plugin::__private::CommandFn for #ident {
                const COMMAND: ::moa_plugin::__private::Command = ::moa_plugin::__private::Command {
                    #about
                    ..#other
                };
            }

            impl ::moa_plugin::__private::PluginPart for #ident {
                const PART: ::moa_plugin::__private::Part =
                    ::moa_plugin::__private::Part::Command(<Self as ::moa_plugin::__private::CommandFn>::COMMAND);
            }
        };
    })
}
