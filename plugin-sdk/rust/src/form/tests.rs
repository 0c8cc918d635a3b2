use super::*;

#[test]
fn a_form_is_the_services_own_view() {
    let form = Form::new("order", "점심 주문을 아주 길게 받는 자리입니다 그렇지요")
        .submit("주문하기")
        .data("7")
        .text("name", "이름")
        .placeholder("로지")
        .radio("size", "크기", [("작게", "s"), ("크게", "l")])
        .initial("l")
        .checkboxes("with", "더하기", [("계란", "egg"), ("김", "nori")])
        .initial("nope")
        .date("day", "언제")
        .initial("2026-11-21")
        .hint("오늘부터")
        .optional();
    let option = |label: &str, value: &str| json!({ "text": plain(label), "value": value });
    let input = |name: &str, label: &str, element: Value| json!({ "type": "input", "block_id": name, "label": plain(label), "element": element });
    let mut day = input(
        "day",
        "언제",
        json!({ "type": "datepicker", "action_id": "day", "initial_date": "2026-11-21" }),
    );
    day["hint"] = plain("오늘부터");
    day["optional"] = true.into();
    let json: Value = serde_json::from_str(&form.to_json()).unwrap();
    assert_eq!(
        json,
        json!({
            "type": "modal",
            "callback_id": "order",
            "title": plain("점심 주문을 아주 길게 받는 자리입니다 그…"),
            "submit": plain("주문하기"),
            "private_metadata": "7",
            "blocks": [
                input("name", "이름", json!({
                    "type": "plain_text_input", "action_id": "name", "placeholder": plain("로지"),
                })),
                input("size", "크기", json!({
                    "type": "radio_buttons", "action_id": "size",
                    "options": [option("작게", "s"), option("크게", "l")],
                    "initial_option": option("크게", "l"),
                })),
                input("with", "더하기", json!({
                    "type": "checkboxes", "action_id": "with",
                    "options": [option("계란", "egg"), option("김", "nori")],
                })),
                day,
            ],
        })
    );
    assert_eq!(Form::json(json), form);
    assert_eq!(Form::json("no form").to_json(), r#"{"blocks":[]}"#);
}
