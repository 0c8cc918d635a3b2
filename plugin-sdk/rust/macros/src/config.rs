//! `#[derive(Config)]`: a struct of settings as the manifest's schema, and reading it.

use crate::argument::{Constant, choices, inside, is_named};
use crate::docs::Docs;
use crate::words::check_summary;
use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::ext::IdentExt;
use syn::punctuated::Punctuated;
use syn::spanned::Spanned;
use syn::{Attribute, Data, DeriveInput, Error, Field, Fields, Ident, Lit, LitStr, Meta, Result, Token, Type};

/// Expands the derive.
pub fn expand(item: TokenStream) -> TokenStream {
    match syn::parse2::<DeriveInput>(item).and_then(|input| derive(&input)) {
        Ok(tokens) => tokens,
        Err(error) => error.into_compile_error(),
    }
}

fn derive(input: &DeriveInput) -> Result<TokenStream> {
    let ident = &input.ident;
    let named = match &input.data {
        Data::Struct(data) => match &data.fields {
            Fields::Named(named) => &named.named,
            _ => {
                return Err(Error::new_spanned(
                    ident,
                    "settings have names: write `struct Settings { key: Type }`",
                ));
            }
        },
        _ => {
            return Err(Error::new_spanned(
                ident,
                "`#[derive(Config)]` belongs above a struct: its fields are the settings",
            ));
        }
    };
    if !input.generics.params.is_empty() {
        return Err(Error::new_spanned(
            &input.generics,
            "settings have no generics: each has one type",
        ));
    }
    let mut settings = Vec::new();
    let mut errors: Option<Error> = None;
    for field in named {
        match Setting::of(field) {
            Ok(setting) => settings.push(setting),
            Err(error) => match &mut errors {
                Some(errors) => errors.combine(error),
                None => errors = Some(error),
            },
        }
    }
    if let Some(error) = errors {
        return Err(error);
    }
    let specs = settings.iter().map(Setting::spec).collect::<Result<Vec<_>>>()?;
    let checks = settings.iter().map(Setting::checks);
    let names = (0..settings.len()).map(|index| Ident::new(&format!("SETTING_{index}"), ident.span()));
    let names: Vec<Ident> = names.collect();
    let values = settings.iter().zip(&names).map(|(setting, name)| {
        let (field, value) = (setting.field, setting.value());
        quote!(#field: #value(&#name)?)
    });
    Ok(quote! {
        const _: () = {
            #(#checks)*
            #(const #names: ::moa_plugin::__private::Setting = #specs;)*

            impl ::moa_plugin::Config for #ident {
                const SETTINGS: &'static [::moa_plugin::__private::Setting] = &[#(#names),*];

                #[allow(unused_variables)]
                fn read(
                    __table: &mut ::moa_plugin::__private::Table,
                ) -> ::core::result::Result<Self, ::std::string::String> {
                    ::core::result::Result::Ok(Self { #(#values),* })
                }
            }

            impl<'de> ::moa_plugin::__private::serde::Deserialize<'de> for #ident {
                fn deserialize<D: ::moa_plugin::__private::serde::Deserializer<'de>>(
                    deserializer: D,
                ) -> ::core::result::Result<Self, D::Error> {
                    ::moa_plugin::__private::read_config(deserializer)
                }
            }
        };
    })
}

enum Form {
    /// As the type says.
    Plain,
    Choice(Vec<LitStr>),
    /// An id: `User` or `Conversation`.
    Id(&'static str),
    List,
    Table,
}

struct Setting<'a> {
    field: &'a Ident,
    name: String,
    summary: String,
    optional: bool,
    /// The type, without an `Option` around it.
    of: &'a Type,
    form: Form,
    default: Option<Default>,
    min: Option<Constant>,
    max: Option<Constant>,
}

enum Default {
    One(Constant),
    Many(Vec<LitStr>),
}

impl<'a> Setting<'a> {
    fn of(field: &'a Field) -> Result<Self> {
        let Some(ident) = &field.ident else {
            return Err(Error::new_spanned(field, "settings have names"));
        };
        let name = ident.unraw().to_string().trim_matches('_').replace('_', "-");
        let plain = |b: u8| b.is_ascii_alphanumeric() || b == b'-';
        if !(1..=64).contains(&name.len()) || !name.bytes().all(plain) {
            return Err(Error::new(
                ident.span(),
                "a key has 1 to 64 letters, digits, `-` or `_`",
            ));
        }
        let docs = Docs::of(&field.attrs);
        check_summary(&docs.summary).map_err(|message| Error::new(ident.span(), message))?;
        let (of, optional) = match inside("Option", &field.ty) {
            Some(of) => (of, true),
            None => (&field.ty, false),
        };
        let mut setting = Self {
            field: ident,
            name,
            summary: docs.summary,
            optional,
            of,
            form: Form::Plain,
            default: None,
            min: None,
            max: None,
        };
        if inside("Vec", of).is_some_and(|of| is_named("String", of)) {
            setting.form = Form::List;
        }
        for attribute in &field.attrs {
            setting.read(attribute)?;
        }
        setting.check()?;
        Ok(setting)
    }

    fn read(&mut self, attribute: &Attribute) -> Result<()> {
        let again = || {
            Error::new_spanned(
                attribute,
                "this attribute is there twice, or together with one that excludes it",
            )
        };
        let path = attribute.path();
        if path.is_ident("default") {
            if self.default.is_some() {
                return Err(again());
            }
            self.default = Some(default(attribute, matches!(self.form, Form::List))?);
        } else if path.is_ident("min") || path.is_ident("max") {
            let slot = if path.is_ident("min") {
                &mut self.min
            } else {
                &mut self.max
            };
            if slot.is_some() {
                return Err(again());
            }
            *slot = Some(Constant::read(attribute)?);
        } else {
            let form = if path.is_ident("choice") {
                Form::Choice(choices(attribute)?)
            } else if path.is_ident("user") {
                Form::Id("User")
            } else if path.is_ident("conversation") {
                Form::Id("Conversation")
            } else if path.is_ident("table") {
                Form::Table
            } else {
                return Ok(());
            };
            if !matches!((&self.form, &form), (Form::Plain, _) | (Form::List, Form::Table)) {
                return Err(again());
            }
            self.form = form;
        }
        Ok(())
    }

    fn check(&self) -> Result<()> {
        let text = is_named("String", self.of);
        match &self.form {
            Form::Choice(_) if !text => return Err(Error::new_spanned(self.of, "`#[choice]` takes a `String`")),
            Form::Id(_) if !text => {
                return Err(Error::new_spanned(
                    self.of,
                    "the operator writes an id: take a `String`",
                ));
            }
            Form::Plain if is_named("User", self.of) || is_named("Conversation", self.of) => {
                return Err(Error::new_spanned(
                    self.of,
                    "the operator writes an id: take a `String` with `#[user]` or `#[conversation]`",
                ));
            }
            _ => {}
        }
        let Some(default) = &self.default else { return Ok(()) };
        if self.optional {
            return Err(Error::new(
                self.field.span(),
                "a setting with a default is never missing: take it without `Option`",
            ));
        }
        match (&self.form, default) {
            (Form::Table, _) => Err(Error::new(
                self.field.span(),
                "a table has no default: take it in an `Option`",
            )),
            (Form::List, Default::Many(_)) => Ok(()),
            (Form::List, Default::One(constant)) => Err(Error::new(
                constant.span,
                "the default of a list is written `#[default(\"a\", \"b\")]`",
            )),
            // Only a list is read as one.
            (_, Default::Many(_)) => Ok(()),
            (Form::Choice(choices), Default::One(constant)) => match &constant.literal {
                Lit::Str(text) if !choices.iter().any(|choice| choice.value() == text.value()) => {
                    Err(Error::new(constant.span, "the default is not among the choices"))
                }
                _ => Ok(()),
            },
            (_, Default::One(constant)) => self.check_range(constant),
        }
    }

    fn check_range(&self, default: &Constant) -> Result<()> {
        let Some(number) = default.number() else { return Ok(()) };
        let below = self
            .min
            .as_ref()
            .and_then(Constant::number)
            .is_some_and(|min| number < min);
        let above = self
            .max
            .as_ref()
            .and_then(Constant::number)
            .is_some_and(|max| number > max);
        match below || above {
            true => Err(Error::new(
                default.span,
                "the default is outside of `#[min]` and `#[max]`",
            )),
            false => Ok(()),
        }
    }

    /// The setting in the manifest.
    fn spec(&self) -> Result<TokenStream> {
        let Self {
            name,
            summary,
            optional,
            of,
            ..
        } = self;
        let argument = quote_spanned!(of.span()=> <#of as ::moa_plugin::__private::Argument>);
        let private = quote!(::moa_plugin::__private);
        let kind = match &self.form {
            Form::Plain => quote!(#argument::KIND),
            Form::Choice(_) => quote!(#private::Kind::Choice),
            Form::Id(kind) => {
                let kind = Ident::new(kind, self.field.span());
                quote!(#private::Kind::#kind)
            }
            Form::List => quote!(#private::Kind::List),
            Form::Table => quote!(#private::Kind::Table),
        };
        let choices = match &self.form {
            Form::Plain => quote!(#argument::CHOICES),
            Form::Choice(choices) => quote!(&[#(#choices),*]),
            _ => quote!(&[]),
        };
        let none = quote!(::core::option::Option::None);
        let default = match &self.default {
            None => none.clone(),
            Some(Default::One(constant)) => {
                let literal = constant.tokens()?;
                quote!(::core::option::Option::Some(#literal))
            }
            Some(Default::Many(texts)) => {
                quote!(::core::option::Option::Some(#private::Literal::Many(&[#(#texts),*])))
            }
        };
        let bound = |constant: &Option<Constant>, natural: TokenStream| -> Result<TokenStream> {
            match (constant, &self.form) {
                (Some(constant), _) => {
                    let literal = constant.tokens()?;
                    Ok(quote!(::core::option::Option::Some(#literal)))
                }
                (None, Form::Plain) => Ok(quote!(#argument::#natural)),
                (None, _) => Ok(none.clone()),
            }
        };
        let (min, max) = (bound(&self.min, quote!(MIN))?, bound(&self.max, quote!(MAX))?);
        Ok(quote! {
            #private::Setting {
                name: #name,
                kind: #kind,
                summary: #private::Text::Any(#summary),
                optional: #optional,
                default: #default,
                min: #min,
                max: #max,
                choices: #choices,
            }
        })
    }

    /// Constants that compile only if the literals fit the type.
    fn checks(&self) -> TokenStream {
        let of = self.of;
        let default = match &self.default {
            Some(Default::One(constant)) => {
                let source = constant.source();
                Some(quote_spanned!(of.span()=>
                    const _: <#of as ::moa_plugin::__private::Argument>::Literal = #source;))
            }
            _ => None,
        };
        let bounds = self.min.iter().chain(&self.max).map(|constant| {
            let source = constant.source();
            quote_spanned!(of.span()=>
                const _: <#of as ::moa_plugin::__private::NumberArgument>::Bound = #source;)
        });
        quote!(#default #(#bounds)*)
    }

    /// The function that takes its value from the table.
    fn value(&self) -> TokenStream {
        let of = self.of;
        let any = matches!(self.form, Form::List | Form::Table);
        let how = match (any, self.optional) {
            (true, true) => quote!(optional_any),
            (true, false) => quote!(required_any),
            (false, true) => quote!(optional),
            (false, false) => quote!(required),
        };
        quote_spanned!(of.span()=> __table.#how::<#of>)
    }
}

/// `#[default = 4]`, `#[default(-4)]`, or of a list `#[default("a", "b")]`.
fn default(attribute: &Attribute, of_list: bool) -> Result<Default> {
    if of_list && let Meta::List(list) = &attribute.meta {
        let texts = list.parse_args_with(Punctuated::<LitStr, Token![,]>::parse_terminated)?;
        return Ok(Default::Many(texts.into_iter().collect()));
    }
    Constant::read(attribute).map(Default::One)
}
