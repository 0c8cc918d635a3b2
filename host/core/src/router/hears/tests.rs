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

fn ear(id: &str, what: What) -> Arc<Ear> {
    Arc::new(Ear::new("p", id, &taught(what, &[Scope::Ambient], None)).unwrap())
}

fn together(ears: Vec<Arc<Ear>>) -> Hears {
    Hears::new(ears, &Hears::default())
}

fn keywords(words: &[&str]) -> Hears {
    let ear = |word: &&str| ear(word, What::Keyword((*word).into()));
    together(words.iter().map(ear).collect())
}

fn patterns(sources: &[(&str, &str)]) -> Hears {
    together(Ear::of_manifest(&manifest(sources)))
}

#[test]
fn each_pattern_fits_as_it_would_alone() {
    let sources = [
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
    let hears = patterns(&sources);
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
        let expected: Vec<_> = sources
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
    let all = [
        ("direct", taught(what(), &[Scope::Direct], None)),
        ("both", taught(what(), &[Scope::Ambient, Scope::Mention], None)),
        ("here", taught(what(), &[Scope::Ambient], Some("C1"))),
        ("there", taught(what(), &[Scope::Ambient], Some("C2"))),
    ];
    let ears = all
        .iter()
        .map(|(id, taught)| Arc::new(Ear::new("p", id, taught).unwrap()));
    let hears = together(ears.collect());
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
    assert_eq!((hears.len(), hears.loose.len()), (1_000, (0, 0)));
    let candidates = |text: &str| {
        let mut candidates = Vec::new();
        (hears.by_needles(text, &mut candidates), candidates)
    };
    let none = (true, Vec::new());
    assert_eq!(
        candidates("오늘 점심 뭐 먹어요? 키워드는 아니고"),
        none,
        "nothing has to be looked at by itself"
    );
    assert_eq!(candidates("키워드7 키워드7"), (true, vec![7]));
    // Degrees Kelvin: nothing but another look at the text.
    let (plain, _) = candidates("300 \u{212a}");
    assert!(!plain && candidates(&plainly("300 \u{212a}")) == none);
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
    let hears = patterns(&sources);
    assert_eq!(hears.loose.len(), (2, 0));
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
    let hears = patterns(&sources);
    let (sets, alone) = hears.loose.len();
    assert!(sets + alone > 1, "{sets} sets");
    assert_eq!(ids(&hears, "가"), ["c"]);
}

#[test]
fn one_pattern_more_or_less_leaves_the_sets_of_the_others_as_they_are() {
    let number = |n: usize| ear(&n.to_string(), What::Regex(format!("^[0-9]{{{}}}$", n + 1)));
    let mut ears: Vec<_> = (0..3 * 64 + 1).map(number).collect();
    let before = together(ears.clone());
    assert_eq!(before.loose.len(), (4, 0));
    let said = |digits: usize| "7".repeat(digits);

    // Somewhere among the others, so that all that follow have another place.
    ears.insert(5, number(500));
    let more = Hears::new(ears.clone(), &before);
    assert_eq!((more.loose.len(), more.loose.kept(&before.loose)), ((4, 0), 3));
    assert_eq!(ids(&more, &said(501)), ["500"]);
    assert_eq!(ids(&more, &said(193)), ["192"]);

    ears.remove(0);
    let less = Hears::new(ears, &more);
    assert_eq!((less.loose.len(), less.loose.kept(&more.loose)), ((4, 0), 2));
    assert_eq!(ids(&less, &said(1)), [] as [String; 0]);
    for n in (1..193).chain([500]) {
        assert_eq!(ids(&less, &said(n + 1)), [n.to_string()]);
    }
}

#[test]
fn patterns_that_need_the_same_text_are_told_apart() {
    let hears = patterns(&[("a", "deploy .*a$"), ("b", "DEPLOY .*b$"), ("c", "deploy .*b$")]);
    assert_eq!(hears.needed_by.len(), 3, "one needle, and the letters alike");
    assert_eq!(ids(&hears, "Deploy deploy deploy web b"), ["b", "c"]);
}
