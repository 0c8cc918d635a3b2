//! A browser at a playground's page.

use super::{quick, start};
use moa_playground::Playground;
use moa_test_browser::{Browser, Page};
use serde_json::{Value, json};
use std::path::PathBuf;

/// A playground and a browser; nothing where there is no browser, which the browser's own words tell then.
pub async fn stage() -> Option<(Playground, Browser)> {
    let browser = Browser::start_or_skip().await.unwrap()?;
    Some((start(quick()).await, browser))
}

/// The page, once it shows what there is.
pub async fn open(sim: &Playground, browser: &Browser) -> Page {
    let page = browser.open(&sim.page_url()).await.unwrap();
    ready(&page).await;
    page
}

/// Waits until the page shows what there is.
pub async fn ready(page: &Page) {
    page.wait_for("document.body.dataset.ready === 'true'").await.unwrap();
}

/// The page in a language, as if it had been chosen there before.
pub async fn open_in(sim: &Playground, browser: &Browser, language: &str) -> Page {
    let page = open(sim, browser).await;
    page.eval(&format!("localStorage.setItem('moa.language', '{language}')"))
        .await
        .unwrap();
    page.go(&sim.page_url()).await.unwrap();
    ready(&page).await;
    page
}

/// What stands in an element; null where there is none.
pub async fn text(page: &Page, selector: &str) -> Value {
    let selector = json!(selector);
    let text = format!("document.querySelector({selector})?.textContent ?? null");
    page.eval(&text).await.unwrap()
}

/// Waits until there is such an element.
pub async fn appears(page: &Page, selector: &str) {
    let selector = json!(selector);
    page.wait_for(&format!("document.querySelector({selector})"))
        .await
        .unwrap();
}

/// Waits until there is no such element.
pub async fn goes(page: &Page, selector: &str) {
    let selector = json!(selector);
    page.wait_for(&format!("!document.querySelector({selector})"))
        .await
        .unwrap();
}

/// Where a picture is put: for people, and for the documents.
pub fn picture(name: &str) -> PathBuf {
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| "../target".into(), PathBuf::from);
    target.join("screenshots").join(format!("{name}.png"))
}
