use super::*;
use moa_plugin::testing::Host;

fn korean() -> Host {
    Host::new().speaker("로지").locale("ko", "Asia/Seoul")
}

/// Up to the question.
fn submitted(host: &Host, fields: &[(&str, &str)]) -> Result<PressReply> {
    host.run::<order>("")?;
    host.press::<open>("주문하기")?;
    host.submit::<ordered>(fields)
}

#[test]
fn an_order_from_the_button_to_the_list() -> Result<()> {
    let host = korean();
    host.run::<order>("목록")?;
    host.run::<order>("")?;
    host.press::<open>("주문하기")?;
    let form = host.form().ok_or_else(|| Error::internal("no form"))?;
    assert_eq!(form.fields, ["dish", "size", "quantity", "note"]);

    // Too many: the form stays open and says so.
    let fields = [("dish", "gimbap"), ("quantity", "21"), ("note", "*단무지* 많이")];
    host.submit::<ordered>(&fields)?;
    let errors = host.form().map(|form| form.errors);
    let expected = ("quantity".to_owned(), "1개부터 20개까지 주문할 수 있어요.".to_owned());
    assert_eq!(errors, Some(vec![expected]));

    host.submit::<ordered>(&[("dish", "gimbap"), ("quantity", "2"), ("note", "단무지 많이")])?;
    assert!(host.form().is_none());
    assert_eq!(
        host.texts()[2],
        "로지님: 김밥 보통 2개 (단무지 많이)\n이대로 주문할까요?"
    );
    host.press::<confirm>("확정")?;
    host.run::<order>("목록")?;
    assert_eq!(
        host.texts(),
        [
            "확정한 주문이 아직 없습니다. `!주문`으로 시작합니다.",
            "점심 주문을 받습니다.",
            "✅ 주문 1번 확정. 로지님: 김밥 보통 2개 (단무지 많이)",
            "```\n누가 메뉴      수량 남긴 말\n---- --------- ---- -----------\n로지 김밥 보통    2 단무지 많이\n```",
        ]
    );
    // The buttons are gone.
    assert!(host.press::<confirm>("확정").is_err());
    Ok(())
}

#[test]
fn only_who_ordered_decides() -> Result<()> {
    let host = korean();
    submitted(&host, &[("dish", "ramyeon"), ("size", "large")])?;
    let host = host.speaker("샐리");
    let PressReply::Say(told) = host.press::<confirm>("확정")? else {
        panic!("somebody else's press changes nothing");
    };
    assert_eq!(told.text, "로지님의 주문이라 로지님만 정할 수 있어요.");
    assert_eq!(told.audience, Audience::Asker);
    let host = host.speaker("로지");
    assert_eq!(
        host.press::<cancel>("취소")?,
        PressReply::update("주문을 취소했습니다. 로지님: 라면 곱빼기 1개")
    );
    assert!(matches!(host.run::<order>("list")?, Some(said) if said.text.starts_with("확정한 주문이 아직")));
    Ok(())
}

#[test]
fn an_order_that_waited_too_long_is_gone() -> Result<()> {
    let host = Host::new().speaker("Ben");
    host.run::<order>("")?;
    host.press::<open>("Order")?;
    host.submit::<ordered>(&[("dish", "bibimbap"), ("quantity", "20")])?;
    assert_eq!(host.texts()[1], "Ben: 20 × Bibimbap regular\nIs that right?");
    host.advance(KEPT);
    assert_eq!(
        host.press::<confirm>("Confirm")?,
        PressReply::update("This order is gone.")
    );
    Ok(())
}

#[test]
fn what_is_no_quantity_is_told_at_its_field() -> Result<()> {
    let host = korean();
    for quantity in ["0", "-1", "21", "둘"] {
        let reply = submitted(&host, &[("dish", "gimbap"), ("quantity", quantity)])?;
        let PressReply::Errors(errors) = reply else {
            panic!("{quantity} is accepted");
        };
        assert_eq!(errors.len(), 1, "{quantity}");
        assert_eq!(errors[0].0, "quantity");
    }
    Ok(())
}
