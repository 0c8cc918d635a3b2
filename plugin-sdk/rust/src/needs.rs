//! Things of which some need others first: servers, steps of a deployment.

use std::collections::BTreeMap;

/// The entries of a map in the order of their needs: each behind all that it needs, by name where that leaves a choice. What
/// needs itself, be it around corners, or what is not there, is left out.
///
/// ```
/// use moa_plugin::needs;
/// use std::collections::BTreeMap;
///
/// let step = |name: &str, needs: &[&str]| (name.to_owned(), needs.iter().map(|need| (*need).to_owned()).collect());
/// let steps: BTreeMap<String, Vec<String>> =
///     [step("bake", &["knead", "heat"]), step("heat", &[]), step("knead", &[]), step("sell", &["sell"])].into();
/// let names: Vec<&str> = needs::sorted(&steps, |needs| needs).into_iter().map(|(name, _)| name).collect();
/// assert_eq!(names, ["heat", "knead", "bake"]);
/// ```
pub fn sorted<T>(all: &BTreeMap<String, T>, needs: impl Fn(&T) -> &[String]) -> Vec<(&str, &T)> {
    let mut left: Vec<(&str, &T)> = all.iter().map(|(name, one)| (name.as_str(), one)).collect();
    let mut sorted: Vec<(&str, &T)> = Vec::with_capacity(left.len());
    let is_next = |sorted: &[(&str, &T)], one: &T| {
        let is_there = |need: &String| sorted.iter().any(|(name, _)| name == need);
        needs(one).iter().all(is_there)
    };
    while let Some(next) = left.iter().position(|(_, one)| is_next(&sorted, one)) {
        sorted.push(left.remove(next));
    }
    sorted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_is_behind_what_it_needs_and_what_never_can_be_is_left_out() {
        for (written, expected) in [
            ("", ""),
            ("b a c", "a b c"),
            ("app:db,web db web:db", "db web app"),
            ("a:z b z", "b z a"),
            ("a:b b:a c", "c"),
            ("a:b b:b c:a d", "d"),
            ("a:nothing b", "b"),
        ] {
            let entry = |word: &str| {
                let (name, needs) = word.split_once(':').unwrap_or((word, ""));
                let needs = needs.split(',').filter(|need| !need.is_empty()).map(str::to_owned);
                (name.to_owned(), needs.collect::<Vec<String>>())
            };
            let all: BTreeMap<String, Vec<String>> = written.split_whitespace().map(entry).collect();
            let names: Vec<&str> = sorted(&all, |needs| needs).into_iter().map(|(name, _)| name).collect();
            assert_eq!(names.join(" "), expected, "{written}");
        }
    }
}
