//! `#[job]`: when it is due, and the function that runs then.

use crate::argument::is_named;
use crate::command::{check_signature, kebab};
use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::parse::{Parse, ParseStream};
use syn::spanned::Spanned;
use syn::{Error, FnArg, Ident, ItemFn, LitStr, Result, ReturnType, Token, Type};

const KEYS: &str = "`#[job]` has `cron`, `on`, `timezone`, `except`, `missed`, `jitter`, `after` and `id`, each with a text: `#[job(cron = \"0 9 * * *\")]`";

/// Expands the attribute. With an error the function stays.
pub fn expand(options: TokenStream, item: TokenStream) -> TokenStream {
    let function: ItemFn = match syn::parse2(item.clone()) {
        Ok(function) => function,
        Err(_) => return Error::new_spanned(item, "`#[job]` belongs above a function").into_compile_error(),
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

/// Whether a text is what the host takes.
type Check = fn(&str) -> bool;

/// What stands in the attribute.
#[derive(Default)]
struct Options {
    id: Option<LitStr>,
    cron: Option<LitStr>,
    on: Option<LitStr>,
    timezone: Option<LitStr>,
    except: Option<LitStr>,
    missed: Option<LitStr>,
    jitter: Option<LitStr>,
    after: Option<LitStr>,
}

impl Parse for Options {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let mut options = Self::default();
        while !input.is_empty() {
            let key: Ident = input.parse().map_err(|error| Error::new(error.span(), KEYS))?;
            let slot = match key.to_string().as_str() {
                "id" => &mut options.id,
                "cron" => &mut options.cron,
                "on" => &mut options.on,
                "timezone" => &mut options.timezone,
                "except" => &mut options.except,
                "missed" => &mut options.missed,
                "jitter" => &mut options.jitter,
                "after" => &mut options.after,
                _ => return Err(Error::new(key.span(), KEYS)),
            };
            input.parse::<Token![=]>()?;
            if slot.replace(input.parse()?).is_some() {
                return Err(Error::new(key.span(), format!("`{key}` is there twice")));
            }
            if !input.is_empty() {
                input.parse::<Token![,]>()?;
            }
        }
        options.check()?;
        Ok(options)
    }
}

impl Options {
    fn check(&self) -> Result<()> {
        let of_cron = [&self.timezone, &self.except, &self.missed, &self.jitter];
        if let (Some(on), true) = (&self.on, self.cron.is_some()) {
            return Err(Error::new(
                on.span(),
                "a job has times or a moment: `cron` and `on` are not for the same one",
            ));
        }
        if self.cron.is_none()
            && self.on.is_none()
            && let Some(after) = &self.after
        {
            return Err(Error::new(
                after.span(),
                "this belongs to `cron = \"…\"` or `on = \"load\"`: a job that is made at run time has none",
            ));
        }
        if self.cron.is_none()
            && let Some(other) = of_cron.into_iter().flatten().next()
        {
            return Err(Error::new(
                other.span(),
                "this belongs to `cron = \"…\"`: a job that is made at run time brings its own",
            ));
        }
        let checks: [(&Option<LitStr>, Check, &str); 7] = [
            (
                &self.id,
                |text| (1..=64).contains(&text.chars().count()),
                "an id has 1 to 64 characters",
            ),
            (
                &self.cron,
                |text| is_when(text) && text.chars().count() <= 200,
                "a cron expression has five fields, or six with seconds first: `0 9 * * 1-5` is nine o'clock on working days",
            ),
            (
                &self.on,
                |text| text == "load",
                "`on` is \"load\": when the plugin begins to serve",
            ),
            (
                &self.timezone,
                |text| !text.is_empty() && !text.contains(char::is_whitespace),
                "a time zone is an IANA name: `timezone = \"Asia/Seoul\"`",
            ),
            (
                &self.except,
                |text| text.split(',').all(|day| is_day(day.trim())),
                "days that are left out are `2026-12-25`, or `12-25` for every year, with commas between",
            ),
            (
                &self.missed,
                |text| matches!(text, "skip" | "once" | "all"),
                "`missed` is \"skip\", \"once\" or \"all\"",
            ),
            (
                &self.jitter,
                is_jitter,
                "a jitter is a number with one of the units ms, s, m and h: `jitter = \"30s\"`",
            ),
        ];
        for (option, is_good, complaint) in checks {
            if let Some(text) = option.as_ref().filter(|text| !is_good(&text.value())) {
                return Err(Error::new(text.span(), complaint));
            }
        }
        match &self.id {
            Some(id) => check_star(
                id,
                self.on.is_some()
                    || self
                        .cron
                        .as_ref()
                        .is_some_and(|cron| !cron.value().starts_with("config:")),
            ),
            None => Ok(()),
        }
    }

    /// What the names begin with, if the id stands for several.
    fn start(&self) -> Option<String> {
        let id = self.id.as_ref()?.value();
        id.strip_suffix('*').map(Into::into)
    }
}

fn check_star(id: &LitStr, has_cron: bool) -> Result<()> {
    let text = id.value();
    let start = text.strip_suffix('*').unwrap_or(&text);
    let complaint = if start.contains('*') || (start.len() < text.len() && !start.ends_with(':')) {
        "`*` stands at the end alone, behind a colon: `remind:*`"
    } else if has_cron && start.len() < text.len() {
        "a job with `cron` or `on` is one job: its id has no `*`, unless the times are in the configuration (`cron = \"config:feeds.*.at\"`)"
    } else {
        return Ok(());
    };
    Err(Error::new(id.span(), complaint))
}

/// What may be a cron expression, the name of one, or rules (`mon-fri 09:50`). The host reads what it means.
fn is_when(text: &str) -> bool {
    text.starts_with('@') || text.contains(':') || (5..=6).contains(&text.split_whitespace().count())
}

/// `2026-12-25` or `12-25`.
fn is_day(text: &str) -> bool {
    let lengths: Vec<usize> = text.split('-').map(str::len).collect();
    let plain = text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-');
    plain && matches!(lengths.as_slice(), [2, 2] | [4, 2, 2])
}

/// A number with a unit, and of a size that the host can count in milliseconds.
fn is_jitter(text: &str) -> bool {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let Some((count, unit)) = text.split_at_checked(digits) else {
        return false;
    };
    let millis = match unit {
        "ms" => 1_u64,
        "s" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        _ => return false,
    };
    count
        .parse::<u64>()
        .is_ok_and(|count| count.checked_mul(millis).is_some())
}

fn describe(function: &ItemFn, options: &Options) -> Result<TokenStream> {
    check_signature(function, "job")?;
    let (ident, visibility) = (&function.sig.ident, &function.vis);
    let start = options.start();
    let mut has_rest = false;
    let mut values = Vec::new();
    for input in &function.sig.inputs {
        values.push(value(input, start.as_deref(), &mut has_rest)?);
    }
    let id = options.id.as_ref().map_or_else(|| kebab(ident), LitStr::value);
    let text = |option: &Option<LitStr>| option.as_ref().map(LitStr::value).unwrap_or_default();
    let on = text(&options.on);
    let (cron, timezone) = (text(&options.cron), text(&options.timezone));
    let (missed, jitter) = (text(&options.missed), text(&options.jitter));
    let (except, after) = (text(&options.except), text(&options.after));
    let returned = match &function.sig.output {
        ReturnType::Default => ident.span(),
        ReturnType::Type(_, of) => of.span(),
    };
    let end = quote_spanned!(returned=> ::moa_plugin::__private::IntoEnd::into_end(__said));
    Ok(quote! {
        #[doc(hidden)]
        #[allow(non_camel_case_types)]
        #visibility struct #ident {}

        const _: () = {
            impl ::moa_plugin::__private::JobFn for #ident {
                const JOB: ::moa_plugin::__private::Job = ::moa_plugin::__private::Job {
                    id: #id,
                    cron: #cron,
                    on: #on,
                    timezone: #timezone,
                    except: #except,
                    missed: #missed,
                    jitter: #jitter,
                    after: #after,
                    run: __run,
                };
            }

            impl ::moa_plugin::__private::PluginPart for #ident {
                const PART: ::moa_plugin::__private::Part =
                    ::moa_plugin::__private::Part::Job(<Self as ::moa_plugin::__private::JobFn>::JOB);
            }

            // It may take and return nothing.
            #[allow(unused_variables, clippy::let_unit_value)]
            fn __run(__due: &::moa_plugin::Due) -> ::core::result::Result<(), ::moa_plugin::Error> {
                let __said = #ident(#(#values),*);
                #end
            }
        };
    })
}

/// What a parameter gets: what is due, or what follows the part of the name that the id has.
fn value(input: &FnArg, start: Option<&str>, has_rest: &mut bool) -> Result<TokenStream> {
    let FnArg::Typed(typed) = input else {
        return Err(Error::new_spanned(
            input,
            "a job is a free function: take what it needs as arguments, without `self`",
        ));
    };
    if let Some(attribute) = typed.attrs.first() {
        return Err(Error::new_spanned(
            attribute,
            "the parameters of a job have no attributes",
        ));
    }
    let (of, by_reference) = match &*typed.ty {
        Type::Reference(reference) if reference.mutability.is_none() => (&*reference.elem, true),
        other => (other, false),
    };
    if is_named("Due", of) {
        return Ok(match by_reference {
            true => quote!(__due),
            false => quote!(::core::clone::Clone::clone(__due)),
        });
    }
    if is_named("Context", of) {
        return Err(Error::new_spanned(
            &typed.ty,
            "a job has no message and nobody who gave it: take `&Due` instead of the context",
        ));
    }
    let Some(start) = start.filter(|_| !by_reference && !*has_rest) else {
        return Err(Error::new_spanned(
            &typed.ty,
            "a job takes `&Due`, and one value for the `*` if its id ends with `:*`",
        ));
    };
    *has_rest = true;
    Ok(quote_spanned!(of.span()=> ::moa_plugin::__private::name_behind::<#of>(__due, #start)?))
}

#[cfg(test)]
mod tests {
    use super::{is_day, is_jitter, is_when};

    #[test]
    fn times_and_days() {
        for good in ["0 9 * * 1-5", "*/10 0 9 * * *", "@daily", "mon-fri 09:50; sat 11:00"] {
            assert!(is_when(good), "{good}");
        }
        assert!(!is_when("daily") && !is_when("* * *"));
        assert!(is_day("2026-12-25") && is_day("12-25"));
        assert!(!is_day("25") && !is_day("2026-12") && !is_day("x2-25") && !is_day(""));
    }

    #[test]
    fn jitters() {
        for good in ["0s", "500ms", "30s", "5m", "1h"] {
            assert!(is_jitter(good), "{good}");
        }
        for bad in ["", "30", "s", "30 s", "1d", "-1s", "99999999999999999h", "1m30s", "가"] {
            assert!(!is_jitter(bad), "{bad}");
        }
    }
}
