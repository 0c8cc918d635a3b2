//! What people do with the bot's elements on the page: an order form from the button to the edited message.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test"
)]

mod support;

use moa_playground::{Features, Playground, Shortcut, ShortcutPlace, SlashCommand};
use moa_test_browser::{Browser, Page};
use serde_json::{Value, json};
use support::page::{appears, goes, open_in, picture, stage, text};
use support::{Socket, act, hasty, ok, record, say, start};

fn plain(text: &str) -> Value {
    json!({"type": "plain_text", "text": text})
}

async fn open_dev(sim: &Playground, browser: &Browser) -> Page {
    let page = open_in(sim, browser, "en").await;
    page.click("[data-conversation=C000000DEV0]").await.unwrap();
    page
}

/// The next interactive envelope; events are acknowledged on the way.
async fn interactive(bot: &mut Socket) -> Value {
    loop {
        let frame = bot.next().await;
        if frame["type"] == "interactive" {
            return frame;
        }
        bot.ack(&frame).await;
    }
}

async fn answer(bot: &mut Socket, envelope: &Value, payload: Value) {
    let frame = json!({"envelope_id": envelope["envelope_id"], "payload": payload});
    bot.send(frame.to_string()).await;
}

fn option(value: &str) -> Value {
    json!({"text": plain(value), "value": value})
}

fn form() -> Value {
    json!({"type": "modal", "callback_id": "order", "title": plain("Order"), "submit": plain("Send"),
    "notify_on_close": true, "blocks": [
        {"type": "input", "block_id": "menu", "label": plain("Menu"), "element":
            {"type": "static_select", "action_id": "m", "options": [option("rice"), option("soup")], "initial_option": option("soup")}},
        {"type": "input", "block_id": "count", "label": plain("How many"), "hint": plain("1 to 9"),
         "element": {"type": "plain_text_input", "action_id": "n"}},
        {"type": "input", "block_id": "with", "label": plain("With"), "optional": true, "element":
            {"type": "checkboxes", "action_id": "w", "options": [option(":star: egg"), {"text": {"type": "mrkdwn", "text": "*ham*"}, "value": "ham"}]}},
        {"type": "input", "block_id": "day", "label": plain("Day"), "element":
            {"type": "datepicker", "action_id": "d", "initial_date": "2026-11-21"}},
    ]})
}

#[tokio::test]
async fn an_order_form_is_played_from_button_to_edited_message() {
    let Some((sim, browser)) = stage().await else {
        return;
    };
    let mut bot = Socket::greeted(&sim).await;
    let page = open_dev(&sim, &browser).await;
    let blocks = json!([
        {"type": "section", "text": {"type": "mrkdwn", "text": "*Lunch* is at 12"}},
        {"type": "actions", "block_id": "a", "elements": [
            {"type": "button", "action_id": "order", "text": plain("Order"), "style": "primary", "value": "1"},
            {"type": "static_select", "action_id": "quick", "placeholder": plain("Quick"), "options": [option("rice")]},
        ]},
    ]);
    let posted = ok(
        &sim,
        "chat.postMessage",
        json!({"channel": "#dev", "text": "Lunch", "blocks": blocks}),
    )
    .await;
    appears(&page, "[data-action=order]").await;

    // Choosing tells the bot at once.
    page.eval("(() => { const s = document.querySelector('[data-action=quick]'); s.value = 'rice'; s.dispatchEvent(new Event('change', {bubbles: true})); })()")
        .await
        .unwrap();
    let envelope = interactive(&mut bot).await;
    assert_eq!(envelope["payload"]["actions"][0]["selected_option"]["value"], "rice");
    bot.ack(&envelope).await;

    page.click("[data-action=order]").await.unwrap();
    let envelope = interactive(&mut bot).await;
    let payload = &envelope["payload"];
    assert_eq!(
        payload["state"]["values"]["a"]["quick"]["selected_option"]["value"],
        "rice"
    );
    bot.ack(&envelope).await;
    ok(
        &sim,
        "views.open",
        json!({"trigger_id": payload["trigger_id"], "view": form()}),
    )
    .await;
    appears(&page, "#modal[open][data-callback=order]").await;
    assert_eq!(text(&page, "#modal h2").await, "Order");
    assert_eq!(text(&page, "#modal [data-block=with]").await, "⭐ eggham");
    assert_eq!(text(&page, "#modal [data-block=with] strong").await, "ham");
    for dark in [false, true] {
        page.prefer_dark(dark).await.unwrap();
        let name = if dark {
            "playground-modal-dark"
        } else {
            "playground-modal"
        };
        page.screenshot(&picture(name)).await.unwrap();
    }

    // What is missing is seen before the bot hears of anything.
    page.click("#modal-submit").await.unwrap();
    appears(&page, "#modal [data-in-block=count] .wrong").await;
    page.focus("#modal [data-action=n]").await.unwrap();
    page.type_text("many").await.unwrap();
    page.click("#modal [data-block=with] input[value=ham]").await.unwrap();
    page.click("#modal-submit").await.unwrap();
    let envelope = interactive(&mut bot).await;
    let values = &envelope["payload"]["view"]["state"]["values"];
    assert_eq!(values["menu"]["m"]["selected_option"]["value"], "soup");
    assert_eq!(values["count"]["n"]["value"], "many");
    assert_eq!(values["with"]["w"]["selected_options"][0]["value"], "ham");
    assert_eq!(values["day"]["d"]["selected_date"], "2026-11-21");
    let errors = json!({"response_action": "errors", "errors": {"count": "a number, please"}});
    answer(&mut bot, &envelope, errors).await;
    page.wait_for("document.querySelector('#modal [data-in-block=count] .wrong')?.textContent === 'a number, please'")
        .await
        .unwrap();
    let kept = "document.querySelector('#modal [data-action=n]').value";
    assert_eq!(page.eval(kept).await.unwrap(), "many", "what was entered stays");

    // By keyboard: the field has it already.
    page.eval("document.activeElement.select()").await.unwrap();
    page.type_text("3").await.unwrap();
    page.press("Enter").await.unwrap();
    let envelope = interactive(&mut bot).await;
    assert_eq!(
        envelope["payload"]["view"]["state"]["values"]["count"]["n"]["value"],
        "3"
    );
    bot.ack(&envelope).await;
    goes(&page, "#modal[open]").await;
    let edit = json!({"channel": "C000000DEV0", "ts": posted["ts"], "text": "3 × soup, thank you"});
    ok(&sim, "chat.update", edit).await;
    page.wait_for("document.querySelector('#messages').textContent.includes('3 × soup, thank you')")
        .await
        .unwrap();
    goes(&page, "#messages [data-action=order]").await;

    // Whoever writes the bot sees what each frame was about.
    page.click("#author-toggle").await.unwrap();
    page.click("[data-tab=frames]").await.unwrap();
    for what in ["block_actions · order", "view_submission · order"] {
        page.wait_for(&format!(
            "document.querySelector('#frame-list').textContent.includes('{what}')"
        ))
        .await
        .unwrap();
    }
}

#[tokio::test]
async fn modals_stand_over_each_other_belong_to_one_and_close_by_escape() {
    let Some((sim, browser)) = stage().await else {
        return;
    };
    let mut bot = Socket::greeted(&sim).await;
    let page = open_dev(&sim, &browser).await;
    act(&sim, "shortcut", json!({"user": "로지", "callback_id": "x"})).await;
    let trigger = interactive(&mut bot).await["payload"]["trigger_id"].clone();
    ok(&sim, "views.open", json!({"trigger_id": trigger, "view": form()})).await;
    appears(&page, "#modal[open]").await;
    act(&sim, "submit", json!({"user": "로지", "values": {"count": {"n": "1"}}})).await;
    let envelope = interactive(&mut bot).await;
    let mut second = form();
    second["title"] = plain("Second");
    answer(&mut bot, &envelope, json!({"response_action": "push", "view": second})).await;
    page.wait_for("document.querySelector('#modal h2').textContent === 'Second'")
        .await
        .unwrap();

    // Another person has no modal.
    page.press("Escape").await.unwrap();
    let closed = interactive(&mut bot).await;
    assert_eq!(closed["payload"]["type"], "view_closed");
    bot.ack(&closed).await;
    page.wait_for("document.querySelector('#modal h2').textContent === 'Order'")
        .await
        .unwrap();
    page.eval("document.querySelector('[data-person=U00000SALLY]').click()")
        .await
        .unwrap();
    goes(&page, "#modal[open]").await;
    page.eval("document.querySelector('[data-person=U00000ROSIE]').click()")
        .await
        .unwrap();
    appears(&page, "#modal[open]").await;

    // A submission that nobody answers in time says so, and can be tried again.
    drop(bot);
    page.wait_for("document.querySelector('#bot-state').dataset.connections === '0'")
        .await
        .unwrap();
    page.focus("#modal [data-action=n]").await.unwrap();
    page.type_text("1").await.unwrap();
    page.click("#modal-submit").await.unwrap();
    appears(&page, "#modal .problem").await;
    page.wait_for("!document.querySelector('#modal-submit').disabled")
        .await
        .unwrap();
}

#[tokio::test]
async fn a_button_that_nobody_answers_shows_it() {
    let Some((sim, browser)) = stage().await else {
        return;
    };
    let page = open_dev(&sim, &browser).await;
    let confirm =
        json!({"title": plain("Sure?"), "text": plain("All of it"), "confirm": plain("Yes"), "deny": plain("No")});
    let button = json!({"type": "button", "action_id": "go", "text": plain("Go"), "confirm": confirm});
    let blocks = json!([{"type": "actions", "elements": [button]}]);
    ok(
        &sim,
        "chat.postMessage",
        json!({"channel": "#dev", "text": "x", "blocks": blocks}),
    )
    .await;
    appears(&page, "[data-action=go]").await;
    page.click("[data-action=go]").await.unwrap();
    appears(&page, ".confirm[open]").await;
    page.click(".confirm [data-confirm=false]").await.unwrap();
    goes(&page, ".confirm").await;
    assert!(record(&sim, "interaction").await.is_empty());
    page.click("[data-action=go]").await.unwrap();
    appears(&page, ".confirm[open]").await;
    page.click(".confirm [data-confirm=true]").await.unwrap();
    appears(&page, ".message .trouble").await;

    // The same where there is a bot that is too slow.
    let sim = start(hasty()).await;
    let _bot = Socket::greeted(&sim).await;
    let page = open_dev(&sim, &browser).await;
    let button = json!({"type": "button", "action_id": "go", "text": plain("Go")});
    let blocks = json!([{"type": "section", "text": plain("x"), "accessory": button}]);
    let whisper = json!({"channel": "#dev", "user": "U00000ROSIE", "text": "x", "blocks": blocks});
    ok(&sim, "chat.postEphemeral", whisper).await;
    appears(&page, "[data-action=go]").await;
    page.click("[data-action=go]").await.unwrap();
    appears(&page, ".message .trouble").await;
    page.eval("document.querySelector('[data-person=U00000SALLY]').click()")
        .await
        .unwrap();
    goes(&page, "[data-action=go]").await;
}

#[tokio::test]
async fn slash_commands_and_shortcuts_are_offered() {
    let Some((sim, browser)) = stage().await else {
        return;
    };
    let shortcut = |name: &str, callback_id: &str, place| Shortcut {
        name: name.into(),
        callback_id: callback_id.into(),
        place,
        ..Shortcut::default()
    };
    sim.set_features(Features {
        slash_commands: vec![SlashCommand {
            command: "/lunch".into(),
            description: "what to eat".into(),
            usage_hint: "[who]".into(),
        }],
        shortcuts: vec![
            shortcut("New order", "new-order", ShortcutPlace::Global),
            shortcut("Remember", "remember", ShortcutPlace::Message),
        ],
    });
    let mut bot = Socket::greeted(&sim).await;
    let page = open_dev(&sim, &browser).await;
    page.focus("#composer").await.unwrap();
    page.type_text("/lu").await.unwrap();
    page.wait_for("document.querySelector('.choices:not([hidden]) [data-choice=\"/lunch\"]')")
        .await
        .unwrap();
    page.press("Tab").await.unwrap();
    page.type_text("@샐리").await.unwrap();
    page.press("Enter").await.unwrap();
    page.press("Enter").await.unwrap();
    let frame = bot.next().await;
    assert_eq!(
        (&frame["type"], &frame["payload"]["command"]),
        (&json!("slash_commands"), &json!("/lunch"))
    );
    assert_eq!(frame["payload"]["text"], "<@U00000SALLY>");
    answer(&mut bot, &frame, json!({"text": "soup", "response_type": "ephemeral"})).await;
    appears(&page, "#messages [data-ephemeral=true][data-author=U0000000MOA]").await;

    page.type_text("/new").await.unwrap();
    page.wait_for("document.querySelector('.choices:not([hidden]) li')")
        .await
        .unwrap();
    page.press("Enter").await.unwrap();
    let frame = interactive(&mut bot).await;
    assert_eq!(
        (&frame["payload"]["type"], &frame["payload"]["callback_id"]),
        (&json!("shortcut"), &json!("new-order"))
    );

    let said = say(&sim, "샐리", "#dev", "내일 회식").await;
    let item = format!("#messages [data-ts='{}']", said["ts"].as_str().unwrap());
    appears(&page, &item).await;
    page.eval(&format!(
        "document.querySelector(\"{item} [data-tool=shortcut-remember]\").click()"
    ))
    .await
    .unwrap();
    let frame = interactive(&mut bot).await;
    assert_eq!(frame["payload"]["message"]["text"], "내일 회식");

    page.type_text("/unknown x").await.unwrap();
    page.press("Enter").await.unwrap();
    page.wait_for("document.querySelector('[data-for=channel] .problem').textContent.includes('/unknown')")
        .await
        .unwrap();
}

#[tokio::test]
async fn files_are_dropped_in_and_shown() {
    let Some((sim, browser)) = stage().await else {
        return;
    };
    let mut bot = Socket::greeted(&sim).await;
    let page = open_dev(&sim, &browser).await;
    let drop = "(() => { const all = new DataTransfer(); all.items.add(new File(['메뉴,값\\n국밥,9000'], 'menu.csv'));
        all.items.add(new File([new Uint8Array([1, 2, 3])], 'x.bin'));
        document.querySelector('#main').dispatchEvent(new DragEvent('drop', {dataTransfer: all, bubbles: true, cancelable: true})); })()";
    page.eval(drop).await.unwrap();
    page.wait_for("document.querySelectorAll('.attached li').length === 2")
        .await
        .unwrap();
    page.focus("#composer").await.unwrap();
    page.type_text("보세요").await.unwrap();
    page.press("Enter").await.unwrap();
    page.wait_for("document.querySelectorAll('#messages .file').length === 2")
        .await
        .unwrap();
    page.screenshot(&picture("playground-files")).await.unwrap();
    assert_eq!(text(&page, "#messages .snippet pre").await, "메뉴,값\n국밥,9000");
    page.wait_for("!document.querySelector('.attached li')").await.unwrap();
    let frame = bot.next().await;
    let event = &frame["payload"]["event"];
    assert_eq!(
        (&event["subtype"], &event["text"]),
        (&json!("file_share"), &json!("보세요"))
    );
    assert_eq!(event["files"][0]["name"], "menu.csv");
}

#[tokio::test]
async fn faults_are_switched_on_the_page() {
    let Some((sim, browser)) = stage().await else {
        return;
    };
    let bot = Socket::greeted(&sim).await;
    let page = open_dev(&sim, &browser).await;
    page.click("#author-toggle").await.unwrap();
    page.click("[data-tab=faults]").await.unwrap();
    appears(&page, "[data-fault=api-error]").await;
    page.eval("(() => { const f = document.querySelector('[data-fault=api-error]'); f.elements.error.value = 'missing_scope'; f.elements.method.value = 'reactions.add'; })()")
        .await
        .unwrap();
    page.click("[data-fault=api-error] button").await.unwrap();
    page.wait_for("document.querySelector('.in-force').textContent.includes('missing_scope')")
        .await
        .unwrap();
    let refused = support::api(&sim, "reactions.add", json!({})).await;
    assert_eq!(
        (&refused["error"], &refused["needed"]),
        (&json!("missing_scope"), &json!("reactions:write"))
    );
    page.wait_for("!document.querySelector('.in-force').textContent.includes('missing_scope')")
        .await
        .unwrap();
    page.eval("(() => { const f = document.querySelector('[data-fault=rate-limit]'); f.elements.method.value = 'chat.update'; f.elements.every.value = 7; })()")
        .await
        .unwrap();
    page.click("[data-fault=rate-limit] button").await.unwrap();
    page.wait_for("document.querySelector('.in-force').textContent.includes('chat.update · 1/7')")
        .await
        .unwrap();
    page.screenshot(&picture("playground-faults")).await.unwrap();
    page.click("[data-fault=close] button").await.unwrap();
    page.wait_for("document.querySelector('#bot-state').dataset.connections === '0'")
        .await
        .unwrap();
    drop(bot);
}

#[tokio::test]
async fn every_fault_of_the_page_is_one_that_the_workspace_knows() {
    let Some((sim, browser)) = stage().await else {
        return;
    };
    let page = open_dev(&sim, &browser).await;
    page.click("#author-toggle").await.unwrap();
    page.click("[data-tab=faults]").await.unwrap();
    appears(&page, "[data-fault]").await;
    let kinds = page
        .eval("[...document.querySelectorAll('[data-fault]')].map((form) => form.dataset.fault)")
        .await
        .unwrap();
    let kinds: Vec<&str> = kinds.as_array().unwrap().iter().filter_map(Value::as_str).collect();
    for kind in [
        "refresh",
        "close",
        "silent",
        "duplicate",
        "rate-limit",
        "slow",
        "api-error",
    ] {
        assert!(kinds.contains(&kind), "{kind} is not among {kinds:?}");
    }
    for kind in kinds {
        page.click(&format!("[data-fault={kind}] button")).await.unwrap();
        page.wait_for(&format!(
            "document.querySelector('[data-fault={kind}] > .note').textContent"
        ))
        .await
        .unwrap();
        assert_eq!(
            text(&page, &format!("[data-fault={kind}] > .note")).await,
            "✓",
            "{kind}"
        );
    }
}

#[tokio::test]
async fn slacks_own_commands_and_replies_to_the_channel() {
    let Some((sim, browser)) = stage().await else {
        return;
    };
    let page = open_dev(&sim, &browser).await;
    let type_and_send = async |text: &str| {
        page.focus("#composer").await.unwrap();
        page.type_text(text).await.unwrap();
        page.press("Enter").await.unwrap();
    };
    type_and_send("/topic 배포는 금요일에 안 합니다").await;
    page.wait_for("document.querySelector('#conversation-topic').textContent === '배포는 금요일에 안 합니다'")
        .await
        .unwrap();
    type_and_send("/remove @moa").await;
    appears(&page, "[data-conversation=C000000DEV0].away").await;
    type_and_send("/invite @moa").await;
    goes(&page, "[data-conversation=C000000DEV0].away").await;
    type_and_send("/me 손을 흔든다").await;
    page.wait_for("document.querySelector('#messages .message.me')")
        .await
        .unwrap();

    let said = say(&sim, "샐리", "#dev", "언제?").await;
    let item = format!("#messages [data-ts='{}']", said["ts"].as_str().unwrap());
    appears(&page, &item).await;
    page.eval(&format!(
        "document.querySelector(\"{item} [data-tool=thread]\").click()"
    ))
    .await
    .unwrap();
    appears(&page, "#thread:not([hidden])").await;
    page.click("#broadcast").await.unwrap();
    page.focus("#thread-composer").await.unwrap();
    page.type_text("지금").await.unwrap();
    page.press("Enter").await.unwrap();
    page.wait_for("[...document.querySelectorAll('#messages .message')].at(-1).textContent.includes('지금')")
        .await
        .unwrap();
    assert_eq!(
        page.eval("document.querySelector('#broadcast').checked").await.unwrap(),
        false
    );
    page.press("Escape").await.unwrap();
    type_and_send("/leave ").await;
    goes(&page, "[data-conversation=C000000DEV0]").await;
}
