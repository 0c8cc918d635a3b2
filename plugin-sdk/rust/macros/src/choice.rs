//! `#[derive(Argument)]`: an enum as words that people choose from.

use crate::argument::choices;
use proc_macro2::TokenStream;
use quote::quote;
use syn::{Data, DeriveInput, Error, Fields, Ident, LitStr, Result, Variant};

/// Expands the derive.
pub fn expand(item: TokenStream) -> TokenStream {
    let derived = syn::parse2::<DeriveInput>(item).and_then(|input| derive(&input));
    derived.unwrap_or_else(Error::into_compile_error)
}

fn derive(input: &DeriveInput) -> Result<TokenStream> {
    let ident = &input.ident;
    let Data::Enum(data) = &input.data else {
        return Err(Error::new_spanned(
            ident,
            "`#[derive(Argument)]` belongs above an enum: its variants are the words",
        ));
    };
    if !input.generics.params.is_empty() || data.variants.is_empty() {
        return Err(Error::new_spanned(
            ident,
            "people choose from at least one variant, and there are no generics",
        ));
    }
    let named = data
        .variants
        .iter()
        .map(|variant| Ok((&variant.ident, words(variant)?)));
    let named = named.collect::<Result<Vec<(&Ident, Vec<LitStr>)>>>()?;
    // The first words of all come first: those are what people see where there is little room.
    let most = named.iter().map(|(_, words)| words.len()).max().unwrap_or_default();
    let all: Vec<LitStr> = (0..most)
        .flat_map(|at| named.iter().filter_map(move |(_, words)| words.get(at).cloned()))
        .collect();
    crate::words::check_unique(&all)?;
    let cases = named
        .iter()
        .map(|(variant, words)| quote!(#(#words)|* => ::core::option::Option::Some(Self::#variant)));
    Ok(quote! {
        impl ::moa_plugin::Argument for #ident {
            type Literal = &'static str;
            const KIND: ::moa_plugin::__private::Kind = ::moa_plugin::__private::Kind::Choice;
            const CHOICES: &'static [&'static str] = &[#(#all),*];

            fn from_value(value: ::moa_plugin::__private::Value) -> ::core::option::Option<Self> {
                let ::moa_plugin::__private::Value::Text(word) = value else {
                    return ::core::option::Option::None;
                };
                match word.as_str() {
                    #(#cases,)*
                    _ => ::core::option::Option::None,
                }
            }
        }
    })
}

/// What `#[choice("soup", "국")]` above a variant says, or else its name as `two-words`.
fn words(variant: &Variant) -> Result<Vec<LitStr>> {
    if !matches!(variant.fields, Fields::Unit) {
        return Err(Error::new_spanned(variant, "a word that people choose holds nothing"));
    }
    if let Some(attribute) = variant
        .attrs
        .iter()
        .find(|attribute| attribute.path().is_ident("choice"))
    {
        return choices(attribute);
    }
    let mut word = String::new();
    for letter in variant.ident.to_string().chars() {
        if letter.is_uppercase() && !word.is_empty() {
            word.push('-');
        }
        word.extend(letter.to_lowercase());
    }
    Ok(vec![LitStr::new(&word, variant.ident.span())])
}
