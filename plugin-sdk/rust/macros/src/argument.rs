//! A parameter of a command's function.

use crate::words::check_unique;
use proc_macro2::{Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::ext::IdentExt;
use syn::punctuated::Punctuated;
use syn::spanned::Spanned;
use syn::{
    Attribute, Error, Expr, ExprLit, ExprUnary, FnArg, GenericArgument, Lit, LitStr, Meta, Pat, PathArguments, Result,
    Token, Type, UnOp,
};

/// What a parameter is.
pub enum Parameter {
    /// Everything about the call, by value or by reference.
    Context { by_reference: bool },
    /// What was typed before the subcommand's name.
    Parent { of: Box<Type>, by_reference: bool },
    /// Something that people type.
    Argument(Box<Argument>),
}

/// Something that people type.
pub struct Argument {
    /// Its name in help.
    pub name: String,
    /// Where the parameter stands.
    pub span: Span,
    /// Whether all that follows belongs to it.
    pub takes_all: bool,
    optional: bool,
    /// The type, without an `Option` around it.
    of: Type,
    form: Form,
    default: Option<Constant>,
    min: Option<Constant>,
    max: Option<Constant>,
}

enum Form {
    /// As the type says.
    Plain,
    Choice(Vec<LitStr>),
    List,
    Rest,
}

/// A literal in the source, with a minus sign before it or not.
pub struct Constant {
    /// Without its sign.
    pub literal: Lit,
    negative: bool,
    /// Where it stands.
    pub span: Span,
}

const OURS: [&str; 7] = ["default", "min", "max", "choice", "list", "rest", "parent"];

impl Parameter {
    /// Reads a parameter and takes the attributes away that are for this macro.
    pub fn take(parameter: &mut FnArg) -> Result<Self> {
        let span = parameter.span();
        let FnArg::Typed(typed) = parameter else {
            return Err(Error::new(
                span,
                "a command is a free function: take what it needs as arguments, without `self`",
            ));
        };
        let (ours, others) = std::mem::take(&mut typed.attrs)
            .into_iter()
            .partition::<Vec<_>, _>(is_ours);
        typed.attrs = others;

        if let Some(by_reference) = as_context(&typed.ty) {
            return match ours.first() {
                Some(attribute) => Err(Error::new_spanned(
                    attribute,
                    "`Context` is not typed by people: it has no attributes",
                )),
                None => Ok(Self::Context { by_reference }),
            };
        }
        if let Some(parent) = ours.iter().find(|attribute| attribute.path().is_ident("parent")) {
            parent.meta.require_path_only()?;
            if let Some(other) = ours.iter().find(|attribute| !attribute.path().is_ident("parent")) {
                return Err(Error::new_spanned(
                    other,
                    "`#[parent]` brings what was typed before: its arguments are described at its fields",
                ));
            }
            let (of, by_reference) = match &*typed.ty {
                Type::Reference(reference) if reference.mutability.is_none() => (&reference.elem, true),
                _ => (&typed.ty, false),
            };
            let of = of.clone();
            return Ok(Self::Parent { of, by_reference });
        }
        let Pat::Ident(pattern) = &*typed.pat else {
            return Err(Error::new_spanned(
                &typed.pat,
                "an argument needs a name: write `name: Type`",
            ));
        };
        let name = pattern
            .ident
            .unraw()
            .to_string()
            .trim_start_matches('_')
            .replace('_', "-");
        if name.is_empty() || name.chars().count() > 64 {
            return Err(Error::new_spanned(
                pattern,
                "an argument's name has 1 to 64 characters: people see it in help",
            ));
        }
        let (of, optional) = match inside("Option", &typed.ty) {
            Some(of) => (of.clone(), true),
            None => ((*typed.ty).clone(), false),
        };
        let mut argument = Argument {
            name,
            span,
            takes_all: false,
            optional,
            of,
            form: Form::Plain,
            default: None,
            min: None,
            max: None,
        };
        for attribute in &ours {
            argument.read(attribute)?;
        }
        argument.check()?;
        Ok(Self::Argument(Box::new(argument)))
    }
}

impl Argument {
    /// Whether it may be left out.
    pub fn may_be_missing(&self) -> bool {
        self.optional || self.default.is_some()
    }

    fn read(&mut self, attribute: &Attribute) -> Result<()> {
        let again = || {
            Error::new_spanned(
                attribute,
                "this attribute is there twice, or together with one that excludes it",
            )
        };
        let path = attribute.path();
        if path.is_ident("default") || path.is_ident("min") || path.is_ident("max") {
            let slot = match () {
                () if path.is_ident("default") => &mut self.default,
                () if path.is_ident("min") => &mut self.min,
                () => &mut self.max,
            };
            if slot.is_some() {
                return Err(again());
            }
            *slot = Some(Constant::read(attribute)?);
            return Ok(());
        }
        if !matches!(self.form, Form::Plain) {
            return Err(again());
        }
        if path.is_ident("choice") {
            self.form = Form::Choice(choices(attribute)?);
        } else {
            attribute.meta.require_path_only()?;
            self.takes_all = true;
            self.form = if path.is_ident("list") { Form::List } else { Form::Rest };
        }
        Ok(())
    }

    fn check(&self) -> Result<()> {
        let of = &self.of;
        match &self.form {
            Form::List if inside("Vec", of).is_none_or(|of| !is_named("String", of)) => {
                return Err(Error::new_spanned(of, "`#[list]` takes a `Vec<String>`"));
            }
            Form::Rest if !is_named("String", of) => {
                return Err(Error::new_spanned(of, "`#[rest]` takes a `String`"));
            }
            Form::Choice(_) if !is_named("String", of) => {
                return Err(Error::new_spanned(of, "`#[choice]` takes a `String`"));
            }
            Form::Plain if inside("Vec", of).is_some() => {
                return Err(Error::new_spanned(
                    of,
                    "write `#[list]` before an argument that takes several words",
                ));
            }
            Form::Plain if matches!(of, Type::Reference(_)) => {
                return Err(Error::new_spanned(
                    of,
                    "an argument is owned: take `String` instead of `&str`",
                ));
            }
            Form::Plain if matches!(of, Type::ImplTrait(_)) => {
                return Err(Error::new_spanned(
                    of,
                    "an argument has one type: `impl Trait` can't be read from text",
                ));
            }
            _ => {}
        }
        if let Some(default) = &self.default {
            if self.optional {
                return Err(Error::new(
                    default.span,
                    "an argument with a default is never missing: take it without `Option`",
                ));
            }
            if let Form::List = self.form {
                return Err(Error::new(
                    default.span,
                    "a list has no default: take an `Option<Vec<String>>`",
                ));
            }
            if let (Form::Choice(choices), Lit::Str(text)) = (&self.form, &default.literal)
                && !choices.iter().any(|choice| choice.value() == text.value())
            {
                return Err(Error::new(default.span, "the default is not among the choices"));
            }
        }
        for (low, high, what) in [
            (&self.min, &self.max, "`#[max]` is less than `#[min]`"),
            (&self.min, &self.default, "the default is less than `#[min]`"),
            (&self.default, &self.max, "`#[max]` is less than the default"),
        ] {
            if let (Some(low), Some(high)) = (low, high)
                && let (Some(low), Some(value)) = (low.number(), high.number())
                && value < low
            {
                return Err(Error::new(high.span, what));
            }
        }
        Ok(())
    }

    /// The argument in the manifest.
    pub fn spec(&self) -> Result<TokenStream> {
        let Self { name, optional, of, .. } = self;
        let argument = quote_spanned!(of.span()=> <#of as ::moa_plugin::__private::Argument>);
        let kind = match &self.form {
            Form::Plain => quote!(#argument::KIND),
            Form::Choice(_) => quote!(::moa_plugin::__private::Kind::Choice),
            Form::List => quote!(::moa_plugin::__private::Kind::List),
            Form::Rest => quote!(::moa_plugin::__private::Kind::Rest),
        };
        let choices = match &self.form {
            Form::Plain => quote!(#argument::CHOICES),
            Form::Choice(choices) => quote!(&[#(#choices),*]),
            _ => quote!(&[]),
        };
        let default = match &self.default {
            Some(constant) => {
                let literal = constant.tokens()?;
                quote!(::core::option::Option::Some(#literal))
            }
            None => quote!(::core::option::Option::None),
        };
        let bound = |constant: &Option<Constant>, natural: TokenStream| -> Result<TokenStream> {
            match (constant, &self.form) {
                (Some(constant), _) => {
                    let literal = constant.tokens()?;
                    Ok(quote!(::core::option::Option::Some(#literal)))
                }
                (None, Form::Plain) => Ok(quote!(#argument::#natural)),
                (None, _) => Ok(quote!(::core::option::Option::None)),
            }
        };
        let (min, max) = (bound(&self.min, quote!(MIN))?, bound(&self.max, quote!(MAX))?);
        Ok(quote! {
            ::moa_plugin::__private::ArgSpec {
                name: #name,
                kind: #kind,
                optional: #optional,
                default: #default,
                min: #min,
                max: #max,
                choices: #choices,
            }
        })
    }

    /// Constants that compile only if the literals fit the type.
    pub fn checks(&self) -> TokenStream {
        let of = &self.of;
        let default = self.default.iter().map(|constant| {
            let (source, span) = (constant.source(), of.span());
            quote_spanned!(span=> const _: <#of as ::moa_plugin::__private::Argument>::Literal = #source;)
        });
        let bounds = self.min.iter().chain(&self.max).map(|constant| {
            let (source, span) = (constant.source(), of.span());
            quote_spanned!(span=> const _: <#of as ::moa_plugin::__private::NumberArgument>::Bound = #source;)
        });
        quote!(#(#default)* #(#bounds)*)
    }

    /// Takes its value from the call.
    pub fn value(&self) -> TokenStream {
        let Self { name, of, .. } = self;
        let argument = quote_spanned!(of.span()=> <#of as ::moa_plugin::__private::Argument>);
        let take = match (&self.form, self.optional) {
            (Form::List, true) => quote!(__args.optional_list(#name)),
            (Form::List, false) => quote!(__args.required_list(#name)),
            (_, true) => quote!(#argument::optional(__args, #name)),
            (_, false) => quote!(#argument::required(__args, #name)),
        };
        quote!(#take?)
    }
}

impl Constant {
    /// Of `#[word = …]` or `#[word(…)]`.
    pub fn read(attribute: &Attribute) -> Result<Self> {
        let value: Expr = match &attribute.meta {
            Meta::NameValue(meta) => meta.value.clone(),
            // In a derive Rust itself takes only a literal behind `=`, and no sign.
            Meta::List(list) => list
                .parse_args()
                .map_err(|error| Error::new(error.span(), "one value; only a `Vec<String>` has several"))?,
            Meta::Path(path) => {
                let word = path.get_ident().map(ToString::to_string).unwrap_or_default();
                return Err(Error::new_spanned(attribute, format!("write `#[{word} = …]`")));
            }
        };
        let (expression, negative) = match &value {
            Expr::Unary(ExprUnary {
                op: UnOp::Neg(_), expr, ..
            }) => (&**expr, true),
            other => (other, false),
        };
        match expression {
            Expr::Lit(ExprLit { lit, .. }) if matches!(lit, Lit::Int(_) | Lit::Float(_)) => Ok(Self {
                literal: lit.clone(),
                negative,
                span: value.span(),
            }),
            Expr::Lit(ExprLit { lit, .. }) if matches!(lit, Lit::Str(_) | Lit::Bool(_)) && !negative => Ok(Self {
                literal: lit.clone(),
                negative,
                span: value.span(),
            }),
            _ => Err(Error::new_spanned(
                &value,
                "write a plain number, text or `true` or `false`: it stands in the manifest",
            )),
        }
    }

    /// As in the source.
    pub fn source(&self) -> TokenStream {
        let literal = &self.literal;
        if self.negative {
            quote!(-#literal)
        } else {
            quote!(#literal)
        }
    }

    /// For comparing bounds; exactness beyond 53 bits does not matter for that.
    pub fn number(&self) -> Option<f64> {
        let number = match &self.literal {
            Lit::Int(literal) => literal.base10_parse().ok()?,
            Lit::Float(literal) => literal.base10_parse::<f64>().ok()?,
            _ => return None,
        };
        Some(if self.negative { -number } else { number })
    }

    /// In the manifest.
    pub fn tokens(&self) -> Result<TokenStream> {
        let source = self.source();
        let case = match &self.literal {
            Lit::Int(literal) => {
                let digits = format!("{}{}", if self.negative { "-" } else { "" }, literal.base10_digits());
                let number: i64 = digits
                    .parse()
                    .map_err(|_| Error::new(self.span, "whole numbers have 64 bits and a sign"))?;
                return Ok(quote!(::moa_plugin::__private::Literal::Int(#number)));
            }
            Lit::Float(_) => quote!(Float),
            Lit::Bool(_) => quote!(Bool),
            _ => quote!(Text),
        };
        Ok(quote!(::moa_plugin::__private::Literal::#case(#source)))
    }
}

fn is_ours(attribute: &Attribute) -> bool {
    OURS.iter().any(|word| attribute.path().is_ident(word))
}

/// The words of `#[choice("a", "b")]`.
pub fn choices(attribute: &Attribute) -> Result<Vec<LitStr>> {
    let choices = attribute.parse_args_with(Punctuated::<LitStr, Token![,]>::parse_terminated)?;
    let choices: Vec<_> = choices.into_iter().collect();
    if choices.is_empty() {
        return Err(Error::new_spanned(
            attribute,
            "`#[choice]` needs the words to choose from: `#[choice(\"a\", \"b\")]`",
        ));
    }
    let fits = |choice: &LitStr| {
        let text = choice.value();
        !text.trim().is_empty() && text.chars().count() <= 64
    };
    if let Some(bad) = choices.iter().find(|choice| !fits(choice)) {
        return Err(Error::new(bad.span(), "a choice has 1 to 64 characters"));
    }
    check_unique(&choices)?;
    Ok(choices)
}

/// Whether the type is `Context`, and if so, whether by reference.
pub fn as_context(of: &Type) -> Option<bool> {
    match of {
        Type::Reference(reference) => {
            (reference.mutability.is_none() && is_named("Context", &reference.elem)).then_some(true)
        }
        other => is_named("Context", other).then_some(false),
    }
}

pub fn is_named(name: &str, of: &Type) -> bool {
    matches!(of, Type::Path(path) if path.path.segments.last().is_some_and(|last| last.ident == name))
}

/// `T` of `NAME<T>`.
pub fn inside<'a>(name: &str, of: &'a Type) -> Option<&'a Type> {
    let Type::Path(path) = of else { return None };
    let last = path.path.segments.last()?;
    match &last.arguments {
        PathArguments::AngleBracketed(arguments) if last.ident == name => match arguments.args.first()? {
            GenericArgument::Type(inner) => Some(inner),
            _ => None,
        },
        _ => None,
    }
}
