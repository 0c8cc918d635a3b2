use super::*;
use crate::manifest::Hear;

fn manifest(hears: &[(&str, &str)]) -> Manifest {
    let hear = |(id, pattern): &(&str, &str)| Hear {
        id: (*id).into(),
        pattern: (*pattern).into(),
        scopes: vec![Scope::Ambient],
    };
    Manifest {
        hears: hears.iter().map(hear).collect(),
        ..Manifest::default()
    }
}

fn ambient(text: &str) -> Said<'_> {
    Said {
        text,
        conversation: "C1",
        scopes: Scopes::default().with(Scope::Ambient),
    }
}

fn ids(hears: &Hears, text: &str) -> Vec<String> {
    hears.hear(&ambient(text)).into_iter().map(|heard| heard.id).collect()
}

fn taught(what: What, scopes: &[Scope], conversation: Option<&str>) -> Taught {
    Taught {
        what,
        scopes: scopes.to_vec(),
        conversation: conversation.map(Into::into),
    }
}

fn keywords(words: &[&str]) -> Hears {
    let all: Vec<_> = words
        .iter()
        .map(|word| {
            let what = What::Keyword((*word).into());
            let pattern = Arc::new(Pattern::new(&what).unwrap().check().unwrap());
            (*word, taught(what, &[Scope::Ambient], None), pattern)
        })
        .collect();
    Hears::of_taught(all.iter().map(|(id, taught, pattern)| ("p", *id, taught, pattern)))
}

#[test]
fn each_pattern_fits_as_it_would_alone() {
    let patterns = [
        ("either", "가이드|guide"),
        ("number", r"^\d+$"),
        ("anything", "^.$"),
        ("greek", "σοφία"),
        ("case", "(?-i)Moa"),
        ("group", r"(?:deploy|ship)\s+(\w+)(?: to (\w+))?"),
        ("factored", "foobar|foobaz|fo"),
        ("many", "(ab){2,}"),
        ("none", "(ab)*x?$"),
        ("kelvin", "kiss"),
        ("class", "[s][t]op"),
    ];
    let hears = Hears::of_manifests(&[("p", &manifest(&patterns))]);
    let texts = [
        "",
        "가이드",
        "The GUIDE",
        "123",
        "a1",
        "하",
        "ΣΟΦΊΑ",
        "σοφίας",
        "moa",
        "Moa",
        "Deploy web to PROD",
        "ship it",
        "FOO",
        "xfobx",
        "ab",
        "abAB",
        "\u{212a}iSS",
        "ki\u{17f}\u{17f}",
        "STOP",
        "\u{17f}top",
        "점심 먹자",
    ];
    for text in texts {
        let expected: Vec<_> = patterns
            .iter()
            .filter(|(_, pattern)| compile(pattern).unwrap().is_match(text))
            .map(|(id, _)| (*id).to_owned())
            .collect();
        assert_eq!(ids(&hears, text), expected, "{text:?}");
    }
    let heard = hears.hear(&ambient("please DEPLOY web"));
    let captures = &heard.iter().find(|heard| heard.id == "group").unwrap().captures;
    assert_eq!(captures, &[Some("DEPLOY web".into()), Some("web".into()), None]);
}

#[test]
fn a_keyword_is_a_whole_word_or_several() {
    let hears = keywords(&["가이드", "C++", "점심 메뉴", "a.b", "Ship it"]);
    let cases: [(&str, &[&str]); 10] = [
        ("가이드", &["가이드"]),
        ("가이드 좀요", &["가이드"]),
        ("(가이드)", &["가이드"]),
        ("새가이드", &[]),
        ("I like c++.", &["C++"]),
        ("오늘 점심   메뉴?", &["점심 메뉴"]),
        ("점심메뉴", &[]),
        ("A.B", &["a.b"]),
        ("axb", &[]),
        ("SHIP\nIT", &["Ship it"]),
    ];
    for (text, expected) in cases {
        assert_eq!(ids(&hears, text), expected, "{text:?}");
    }
}

#[test]
fn scopes_and_conversations_limit_it() {
    let what = || What::Keyword("hi".into());
    let pattern = Arc::new(Pattern::new(&what()).unwrap());
    let all = [
        ("direct", taught(what(), &[Scope::Direct], None)),
        ("both", taught(what(), &[Scope::Ambient, Scope::Mention], None)),
        ("here", taught(what(), &[Scope::Ambient], Some("C1"))),
        ("there", taught(what(), &[Scope::Ambient], Some("C2"))),
    ];
    let hears = Hears::of_taught(all.iter().map(|(id, taught)| ("p", *id, taught, &pattern)));
    assert_eq!(ids(&hears, "hi"), ["both", "here"]);
    let mentioned = Said {
        scopes: Scopes::default().with(Scope::Mention),
        ..ambient("hi")
    };
    let heard = hears.hear(&mentioned);
    assert_eq!(heard.len(), 1);
    assert!(heard.iter().all(|heard| heard.id == "both" && !heard.ambient));
}

#[test]
fn what_is_no_pattern_is_refused() {
    for what in [
        What::Keyword(" ".into()),
        What::Keyword("k".repeat(201)),
        What::Regex(String::new()),
        What::Regex("(".into()),
        What::Regex(r"(a)\1".into()),
        What::Regex("x".repeat(MAX_HEARD_TEXT * 2)),
        What::Regex(r"\w{500}".into()),
    ] {
        let refused = Pattern::new(&what).and_then(Pattern::check);
        assert!(refused.is_err(), "{what:?}");
    }
}

#[test]
fn a_thousand_patterns_are_few_to_a_message_that_fits_none() {
    let words: Vec<String> = (0..1_000).map(|n| format!("키워드{n}")).collect();
    let hears = keywords(&words.iter().map(String::as_str).collect::<Vec<_>>());
    assert_eq!((hears.len(), hears.sets.len(), hears.alone.len()), (1_000, 0, 0));
    let mut candidates = Vec::new();
    hears.by_needles("오늘 점심 뭐 먹어요? 키워드는 아니고", &mut candidates);
    assert_eq!(candidates, [] as [usize; 0], "nothing has to be looked at by itself");
    assert_eq!(ids(&hears, "여기 키워드999 있어요"), ["키워드999"]);
}

#[test]
fn the_end_of_a_very_long_message_is_not_looked_at() {
    let hears = keywords(&["가이드"]);
    let long = "점".repeat(MAX_HEARD_TEXT);
    assert_eq!(ids(&hears, &format!("가이드 {long}")), ["가이드"]);
    assert_eq!(ids(&hears, &format!("{long} 가이드")), [] as [String; 0]);
}

#[test]
fn too_many_loose_patterns_are_several_sets() {
    let sources: Vec<(String, String)> = (0..70)
        .map(|n| (format!("n{n}"), format!("^[0-9]{{{}}}$", n % 5 + 1)))
        .collect();
    let sources: Vec<(&str, &str)> = sources
        .iter()
        .map(|(id, source)| (id.as_str(), source.as_str()))
        .collect();
    let hears = Hears::of_manifests(&[("p", &manifest(&sources))]);
    assert_eq!(hears.sets.len(), 2);
    let heard = ids(&hears, "123");
    assert_eq!(
        (
            heard.len(),
            heard.first().unwrap().as_str(),
            heard.last().unwrap().as_str()
        ),
        (14, "n2", "n67")
    );
}

#[test]
fn patterns_that_are_too_large_together_are_tried_apart() {
    let sources = [("a", r"^\w{100}$"), ("b", r"^\w{101}$"), ("c", r"^\w$")];
    let ears = Hears::of_manifests(&[("p", &manifest(&sources))]);
    assert!(ears.sets.len() + ears.alone.len() > 1, "{} sets", ears.sets.len());
    assert_eq!(ids(&ears, "가"), ["c"]);
}
