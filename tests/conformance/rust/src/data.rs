//! What SDKs have for what was found: rows as people see them, the thread of a day, a server outside.

use crate::{Refused, answer};
use moa_plugin::prelude::*;

#[command]
pub fn rows(ctx: &Context, #[choice("table", "csv")] how: String) -> String {
    let tour = || {
        let found = sql::query(
            "main",
            "SELECT name AS 이름, data, price, sold FROM dishes ORDER BY id",
            (),
        )?;
        if how == "table" {
            return Ok(found.table());
        }
        let file = found.send_csv(ctx.place(), "dishes.csv", "a *file*")?;
        Ok(format!("{} bytes", chat::download(&file)?.len()))
    };
    answer(tour())
}

#[command]
pub fn daily(ctx: &Context, day: Date) -> Result<String> {
    let place = Place::of(&ctx.place().conversation);
    let thread = chat::daily_thread(&place, day, format!("*Feed {day}*"), "Reports come here.")?;
    chat::send(&thread, "news")?;
    Ok("done".into())
}

#[command]
pub fn web(address: String) -> Result<String> {
    let sent = http::post(address).header("x-moa", "soup").body("안녕").send();
    Ok(match sent {
        Ok(response) => format!(
            "{} {} {}",
            response.status,
            response.header("x-there").unwrap_or("-"),
            response.text()?
        ),
        Err(error) => answer(Err(Refused::from(error))),
    })
}
