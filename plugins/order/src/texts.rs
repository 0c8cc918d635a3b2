//! What people read, in Korean and English.

use crate::Order;
use moa_plugin::{Context, text};
use std::ops::RangeInclusive;

/// What there is: the value in the form, then its names in Korean and English.
pub type Menu = &'static [(&'static str, &'static str, &'static str)];

/// The dishes.
pub const DISHES: Menu = &[
    ("gimbap", "김밥", "Gimbap"),
    ("ramyeon", "라면", "Ramyeon"),
    ("bibimbap", "비빔밥", "Bibimbap"),
];

/// The sizes.
pub const SIZES: Menu = &[("regular", "보통", "regular"), ("large", "곱빼기", "large")];

/// The texts for a person.
pub struct Texts {
    is_korean: bool,
}

impl Texts {
    pub fn of(ctx: &Context) -> Self {
        Self {
            is_korean: ctx.language() == "ko",
        }
    }

    fn pick<T>(&self, korean: T, english: T) -> T {
        if self.is_korean { korean } else { english }
    }

    pub fn invitation(&self) -> &'static str {
        self.pick("점심 주문을 받습니다.", "Orders for lunch, please.")
    }

    pub fn open(&self) -> &'static str {
        self.pick("주문하기", "Order")
    }

    pub fn heading(&self) -> &'static str {
        self.pick("점심 주문", "Order lunch")
    }

    pub fn dish(&self) -> &'static str {
        self.pick("메뉴", "Dish")
    }

    pub fn size(&self) -> &'static str {
        self.pick("크기", "Size")
    }

    pub fn quantity(&self) -> &'static str {
        self.pick("수량", "How many")
    }

    pub fn note(&self) -> &'static str {
        self.pick("남길 말", "Note")
    }

    pub fn range(&self, range: &RangeInclusive<i64>) -> String {
        let (least, most) = (range.start(), range.end());
        self.pick(
            format!("{least}개부터 {most}개까지 주문할 수 있어요."),
            format!("From {least} to {most}."),
        )
    }

    pub fn choices(&self, menu: Menu) -> impl Iterator<Item = (&'static str, &'static str)> {
        menu.iter()
            .map(|(value, korean, english)| (self.pick(*korean, *english), *value))
    }

    pub fn confirm(&self) -> &'static str {
        self.pick("확정", "Confirm")
    }

    pub fn cancel(&self) -> &'static str {
        self.pick("취소", "Cancel")
    }

    /// Dish and size.
    pub fn item(&self, order: &Order) -> String {
        format!("{} {}", self.name(DISHES, &order.dish), self.name(SIZES, &order.size))
    }

    /// A value that is no longer on the menu stands for itself.
    fn name(&self, menu: Menu, value: &str) -> String {
        let known = menu.iter().find(|(known, ..)| *known == value);
        known.map_or_else(
            || text::plain(value),
            |(_, korean, english)| self.pick(*korean, *english).into(),
        )
    }

    /// All of an order in one line.
    fn line(&self, order: &Order) -> String {
        let (name, item, quantity) = (text::plain(&order.name), self.item(order), order.quantity);
        let line = self.pick(
            format!("{name}님: {item} {quantity}개"),
            format!("{name}: {quantity} × {item}"),
        );
        match order.note.as_str() {
            "" => line,
            note => format!("{line} ({})", text::plain(note)),
        }
    }

    pub fn question(&self, order: &Order) -> String {
        let line = self.line(order);
        self.pick(format!("{line}\n이대로 주문할까요?"), format!("{line}\nIs that right?"))
    }

    pub fn confirmed(&self, number: i64, order: &Order) -> String {
        let line = self.line(order);
        self.pick(
            format!("✅ 주문 {number}번 확정. {line}"),
            format!("✅ Order {number} is confirmed. {line}"),
        )
    }

    pub fn cancelled(&self, order: &Order) -> String {
        let line = self.line(order);
        self.pick(format!("주문을 취소했습니다. {line}"), format!("Cancelled. {line}"))
    }

    pub fn gone(&self) -> &'static str {
        self.pick("이 주문은 이제 없습니다.", "This order is gone.")
    }

    pub fn not_yours(&self, order: &Order) -> String {
        let name = text::plain(&order.name);
        self.pick(
            format!("{name}님의 주문이라 {name}님만 정할 수 있어요."),
            format!("This is for {name} to decide."),
        )
    }

    pub fn columns(&self) -> [&'static str; 4] {
        self.pick(["누가", "메뉴", "수량", "남긴 말"], ["Who", "Dish", "Number", "Note"])
    }

    pub fn none(&self) -> &'static str {
        self.pick(
            "확정한 주문이 아직 없습니다. `!주문`으로 시작합니다.",
            "Nothing is ordered yet. `!order` begins.",
        )
    }
}
