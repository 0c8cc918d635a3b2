//! The dashboard in a browser.

use super::super::support::bot::Bot;
use super::super::support::process::{finish, moa};
use super::super::support::{DEADLINE, GLANCE};
use moa_test_browser::{Browser, Page};
use serde_json::json;
use std::path::{Path, PathBuf};
use std::time::Instant;

/// A link into the dashboard, as the operator gets one.
pub async fn link(bot: &Bot) -> String {
    let ended = finish(moa(bot.home()).arg("dashboard")).await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let link = ended.stdout.lines().next().unwrap().to_owned();
    assert!(link.starts_with("http://127.0.0.1:"), "{link}");
    link
}

/// Where a picture goes.
pub fn picture(name: &str) -> PathBuf {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap();
    target.join(format!("screenshots/{name}.png"))
}

/// A tab.
pub struct Board {
    pub page: Page,
    pub origin: String,
}

impl Board {
    /// Signed in.
    pub async fn enter(browser: &Browser, bot: &Bot) -> Self {
        Self::enter_by(browser, &link(bot).await).await
    }

    /// Signed in by this link.
    pub async fn enter_by(browser: &Browser, link: &str) -> Self {
        let board = Self::open(browser, "", link).await;
        board.press("Sign in").await;
        board.until("document.querySelector('nav a[aria-current=page]')").await;
        board
    }

    /// Another tab.
    pub async fn open(browser: &Browser, origin: &str, path: &str) -> Self {
        let page = browser.open(&format!("{origin}{path}")).await.unwrap();
        let origin = page.eval("location.origin").await.unwrap();
        Self {
            page,
            origin: origin.as_str().unwrap().to_owned(),
        }
    }

    /// Goes elsewhere in it.
    pub async fn go(&self, path: &str) {
        self.page.go(&format!("{}{path}", self.origin)).await.unwrap();
        self.until("document.readyState === 'complete'").await;
    }

    /// Waits until something is so; a page that is just left is no mistake.
    pub async fn until(&self, condition: &str) {
        let begun = Instant::now();
        loop {
            let looked = self.page.eval(&format!("Boolean({condition})")).await;
            if matches!(looked, Ok(serde_json::Value::Bool(true))) {
                return;
            }
            if begun.elapsed() > DEADLINE {
                let shown = self.page.eval("location.href + '\\n' + document.body.innerText").await;
                panic!("`{condition}` never came true: {looked:?}\n{shown:?}");
            }
            tokio::time::sleep(GLANCE).await;
        }
    }

    /// What an element says.
    pub async fn text(&self, selector: &str) -> String {
        let script = format!("document.querySelector({})?.innerText ?? ''", json!(selector));
        self.page.eval(&script).await.unwrap().as_str().unwrap().to_owned()
    }

    /// How many there are.
    pub async fn count(&self, selector: &str) -> u64 {
        let script = format!("document.querySelectorAll({}).length", json!(selector));
        self.page.eval(&script).await.unwrap().as_u64().unwrap()
    }

    /// The row of a plugin.
    pub async fn row(&self, plugin: &str) -> String {
        self.text(&format!("tr:has(a[href='/plugins/{plugin}'])")).await
    }

    /// What came of the last order.
    pub async fn notice(&self) -> String {
        self.text(".notice").await
    }

    /// Does something that leads to another page, and waits for that.
    async fn leave(&self, doing: impl Future<Output = ()>) {
        self.page.eval("window.before = true").await.unwrap();
        doing.await;
        self.until("!window.before && document.readyState === 'complete'").await;
    }

    /// Clicks at what leads elsewhere.
    pub async fn click(&self, selector: &str) {
        self.leave(async { self.page.click(selector).await.unwrap() }).await;
    }

    /// Presses a button by its words.
    pub async fn press(&self, label: &str) {
        self.press_in("body", label).await;
    }

    /// Presses a button by its words, within something. One that only opens something ends with dots.
    pub async fn press_in(&self, within: &str, label: &str) {
        let script = format!(
            "(() => {{ const all = [...document.querySelectorAll({})].flatMap((part) => [...part.querySelectorAll('button, summary')]);
               const found = all.find((one) => one.innerText.trim() === {} && one.checkVisibility());
               for (const old of document.querySelectorAll('[data-chosen]')) delete old.dataset.chosen;
               if (found) found.dataset.chosen = '1'; return all.map((one) => one.innerText); }})()",
            json!(within),
            json!(label)
        );
        let all = self.page.eval(&script).await.unwrap();
        assert_eq!(self.count("[data-chosen]").await, 1, "there is no {label}: {all}");
        match label.ends_with('…') {
            true => self.page.click("[data-chosen]").await.unwrap(),
            false => self.click("[data-chosen]").await,
        }
    }

    /// Presses a key that leads elsewhere.
    pub async fn key(&self, key: &str) {
        self.leave(async { self.page.press(key).await.unwrap() }).await;
    }

    /// What has the keyboard.
    pub async fn focused(&self) -> String {
        let script = "(document.activeElement.innerText ?? '').trim()";
        self.page.eval(script).await.unwrap().as_str().unwrap().to_owned()
    }

    /// Goes on by Tab until something of these words has the keyboard.
    pub async fn tab_to(&self, label: &str) {
        self.tabs("Tab", label).await;
    }

    /// The same backwards.
    pub async fn tab_back_to(&self, label: &str) {
        self.tabs("Shift+Tab", label).await;
    }

    async fn tabs(&self, key: &str, label: &str) {
        for _ in 0..60 {
            if self.focused().await == label {
                return;
            }
            self.page.press(key).await.unwrap();
        }
        panic!("{label} is not reached by the keyboard");
    }

    /// Takes a picture.
    pub async fn shoot(&self, name: &str) {
        self.page.screenshot(&picture(name)).await.unwrap();
    }
}
