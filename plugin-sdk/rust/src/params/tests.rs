use super::*;
use serde_json::json;

const TODAY: &str = "2026-11-22";

fn all(params: serde_json::Value) -> Vec<Param> {
    serde_json::from_value(params).unwrap()
}

/// What is read of words, as people are shown it.
fn shown(params: &[Param], said: &str) -> Result<String, ValueError> {
    let words: Vec<String> = said.split_whitespace().map(str::to_owned).collect();
    read(params, &words, TODAY.parse().unwrap()).map(|values| values.to_string())
}

#[test]
fn values_come_in_order_or_by_name() {
    let params = all(json!([
        { "name": "period", "type": "period", "longest": 31, "max": "오늘" },
        { "name": "grade", "names": ["등급"], "type": "choice", "choices": { "골드": "G", "silver": "S" }, "optional": true },
        { "name": "most", "type": "integer", "default": 5, "min": 1, "max": 1000 },
    ]));
    let good = [
        ("어제", "period=2026-11-21 most=5"),
        ("지난 주 골드", "period=2026-11-09~2026-11-15 grade=골드 most=5"),
        (
            "2026-11-01 ~ 어제 SILVER 1,000",
            "period=2026-11-01~2026-11-21 grade=silver most=1000",
        ),
        ("등급=골드 MOST=7 어제", "period=2026-11-21 grade=골드 most=7"),
    ];
    for (said, wanted) in good {
        assert_eq!(shown(&params, said).as_deref(), Ok(wanted), "{said}");
    }
    for (said, wrong) in [
        ("내일모레", "내일모레"),
        ("2026-10-01~어제", "2026-10-01~어제"),
        ("2026-11-01~2026-11-30", "2026-11-01~2026-11-30"),
        ("어제 G", "G"),
        ("어제 골드 0", "0"),
        ("어제 골드 1e3", "1e3"),
        ("어제 most=1001", "1001"),
        ("어제 골드 7 더", "더"),
    ] {
        assert_eq!(shown(&params, said), Err(ValueError::Wrong(wrong.into())), "{said}");
    }
    assert_eq!(shown(&params, "등급=골드"), Err(ValueError::Missing("period".into())));
}

#[test]
fn values_are_of_their_types() {
    let value = |param: serde_json::Value, said: &str| {
        let params = all(json!([param]));
        let name = params[0].name.clone();
        read(&params, &[said.to_owned()], TODAY.parse().unwrap())
            .ok()?
            .get(&name)
            .cloned()
    };
    let text = |max: u8| json!({ "name": "a", "type": "text", "max": max });
    assert_eq!(value(text(2), "' "), Some(Value::Text("' ".into())));
    assert_eq!(value(text(2), "한글이"), None);
    let long = "가".repeat(101);
    assert_eq!(value(json!({ "name": "a", "type": "text" }), &long), None);
    let number = || json!({ "name": "a", "type": "number", "min": 0, "max": 1.5 });
    assert_eq!(value(number(), "1.5"), Some(Value::Number(1.5)));
    for wrong in ["nan", "inf", "-1", "1.6", ""] {
        assert_eq!(value(number(), wrong), None, "{wrong}");
    }
    let day = |text: &str| text.parse::<Date>().unwrap();
    // Of several days the first; not before the limit.
    let since = || json!({ "name": "a", "type": "date", "min": "1y" });
    assert_eq!(value(since(), "지난달"), Some(Value::Day(day("2026-10-01"))));
    assert_eq!(value(since(), "2y"), None);
    let period = Value::Period {
        from: day("2026-10-01"),
        to: day("2026-10-31"),
        until: day("2026-11-01"),
    };
    assert_eq!(
        value(json!({ "name": "a", "type": "period" }), "last-month"),
        Some(period)
    );
}

#[test]
fn what_the_operator_wrote_is_checked() {
    let check = |param: serde_json::Value| all(json!([param]))[0].check(TODAY.parse().unwrap());
    for good in [
        json!({ "name": "a", "type": "number", "min": 0.5, "default": 7 }),
        json!({ "name": "a", "type": "date", "min": "2020-01-01", "max": "오늘", "default": "7d" }),
        json!({ "name": "a", "type": "choice", "choices": { "a": "b" }, "default": "A" }),
    ] {
        assert_eq!(check(good.clone()), Ok(()), "{good}");
    }
    for (wrong, error) in [
        (
            json!({ "name": "a", "type": "text", "choices": { "a": "b" } }),
            ParamError::Choices,
        ),
        (
            json!({ "name": "a", "type": "integer", "max": 1.5 }),
            ParamError::Limit("1.5".into()),
        ),
        (
            json!({ "name": "a", "type": "period", "min": 7 }),
            ParamError::Limit("7".into()),
        ),
        (
            json!({ "name": "a", "type": "integer", "max": 5, "default": 6 }),
            ParamError::Default("6".into()),
        ),
    ] {
        assert_eq!(check(wrong.clone()), Err(error), "{wrong}");
    }
    let unknown = serde_json::from_value::<Param>(json!({ "name": "a", "type": "day" }));
    assert!(unknown.unwrap_err().to_string().contains("unknown variant `day`"));
}
