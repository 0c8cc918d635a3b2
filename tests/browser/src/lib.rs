//! Drives a headless Chromium over its DevTools protocol, for tests of the web pages.
//!
//! ```no_run
//! # async fn example() -> Result<(), moa_test_browser::Error> {
//! let Some(browser) = moa_test_browser::Browser::start_or_skip().await? else { return Ok(()) };
//! let page = browser.open("http://127.0.0.1:7710/").await?;
//! page.wait_for("document.body.dataset.ready === 'true'").await?;
//! page.focus("#composer").await?;
//! page.type_text("!help").await?;
//! page.press("Enter").await?;
//! # Ok(())
//! # }
//! ```

mod devtools;

use devtools::Devtools;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tempfile::TempDir;
use tokio::process::{Child, Command};
use tokio::time::sleep;

/// How long Chromium may take to start, and a condition to become true.
const PATIENCE: Duration = Duration::from_secs(20);
const LOOK_EVERY: Duration = Duration::from_millis(20);
const NAMES: [&str; 3] = ["chromium", "chromium-browser", "google-chrome"];

/// Why the browser couldn't be driven.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// No browser, although `MOA_TEST_REQUIRE=all` asks for every check.
    #[error("no Chromium found (looked for {NAMES:?} in PATH); install one, or set MOA_TEST_CHROMIUM to its path")]
    NotFound,
    /// The program or its files.
    #[error("Chromium can't be used: {0}")]
    Io(#[from] std::io::Error),
    /// It started but opened no DevTools port.
    #[error("Chromium opened no DevTools port within {PATIENCE:?}; does it start by hand with --headless?")]
    NoPort,
    /// The DevTools connection broke.
    #[error("the connection to Chromium broke: {0}")]
    Connection(String),
    /// Chromium refused a command.
    #[error("Chromium refused {method}: {message}")]
    Refused {
        /// the DevTools method
        method: String,
        /// what it said
        message: String,
    },
    /// A script threw.
    #[error("the script `{script}` threw: {message}")]
    Script {
        /// the expression
        script: String,
        /// the exception's text
        message: String,
    },
    /// A condition stayed false.
    #[error("`{0}` wasn't true within {PATIENCE:?}")]
    Timeout(String),
}

/// A running headless Chromium with an empty profile. It ends when dropped.
#[derive(Debug)]
pub struct Browser {
    devtools: Arc<Devtools>,
    // Killed, then its profile removed: in order of declaration.
    _child: Child,
    _profile: TempDir,
}

impl Browser {
    /// Starts Chromium; without one prints `skipped: chromium not found` and gives `None`.
    ///
    /// # Errors
    /// [`Error::NotFound`] instead of skipping where the environment says `MOA_TEST_REQUIRE=all`; otherwise what goes
    /// wrong while starting.
    pub async fn start_or_skip() -> Result<Option<Self>, Error> {
        match find() {
            Some(program) => Self::start(&program).await.map(Some),
            None if std::env::var("MOA_TEST_REQUIRE").is_ok_and(|v| v == "all") => Err(Error::NotFound),
            None => {
                println!("skipped: chromium not found");
                Ok(None)
            }
        }
    }

    async fn start(program: &Path) -> Result<Self, Error> {
        let profile = TempDir::new()?;
        let mut command = Command::new(program);
        command.args([
            "--headless",
            "--disable-gpu",
            "--disable-quic",
            "--no-first-run",
            "--no-default-browser-check",
        ]);
        command.args([
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
        ]);
        command.args([
            "--disable-dev-shm-usage",
            "--disable-extensions",
            "--mute-audio",
            "--lang=en-US",
        ]);
        // The sandbox needs user namespaces, which containers and root don't have. Only our own pages are opened.
        command.arg("--no-sandbox").arg("--remote-debugging-port=0");
        command
            .arg(format!("--user-data-dir={}", profile.path().display()))
            .arg("about:blank");
        command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .kill_on_drop(true);
        let child = command.spawn()?;
        let address = devtools_address(&profile.path().join("DevToolsActivePort")).await?;
        let devtools = Arc::new(Devtools::connect(&address).await?);
        Ok(Self {
            devtools,
            _child: child,
            _profile: profile,
        })
    }

    /// Opens a page of 1280 × 800 and waits until it is loaded.
    ///
    /// # Errors
    /// When Chromium refuses, or the page doesn't load in time.
    pub async fn open(&self, url: &str) -> Result<Page, Error> {
        let created = self
            .devtools
            .call(None, "Target.createTarget", json!({"url": "about:blank"}))
            .await?;
        let target = json!({"targetId": created.get("targetId"), "flatten": true});
        let attached = self.devtools.call(None, "Target.attachToTarget", target).await?;
        let session = attached
            .get("sessionId")
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned();
        let page = Page {
            devtools: self.devtools.clone(),
            session,
        };
        page.resize(1280, 800).await?;
        page.go(url).await?;
        Ok(page)
    }
}

fn find() -> Option<PathBuf> {
    if let Some(path) = std::env::var_os("MOA_TEST_CHROMIUM") {
        return Some(path.into());
    }
    let path = std::env::var_os("PATH")?;
    let folders: Vec<PathBuf> = std::env::split_paths(&path).collect();
    NAMES
        .iter()
        .flat_map(|name| folders.iter().map(move |folder| folder.join(name)))
        .find(|p| p.is_file())
}

/// Chromium writes the port, then the path of its websocket, into a file of its profile.
async fn devtools_address(file: &Path) -> Result<String, Error> {
    let until = Instant::now() + PATIENCE;
    while Instant::now() < until {
        if let Ok(text) = std::fs::read_to_string(file)
            && let Some((port, path)) = text.trim().split_once('\n')
        {
            return Ok(format!("ws://127.0.0.1:{port}{path}"));
        }
        sleep(LOOK_EVERY).await;
    }
    Err(Error::NoPort)
}

/// A tab.
#[derive(Debug)]
pub struct Page {
    devtools: Arc<Devtools>,
    session: String,
}

impl Page {
    async fn call(&self, method: &str, params: Value) -> Result<Value, Error> {
        self.devtools.call(Some(&self.session), method, params).await
    }

    /// Goes to another address and waits until it is loaded.
    ///
    /// # Errors
    /// When it can't be loaded.
    pub async fn go(&self, url: &str) -> Result<(), Error> {
        let went = self.call("Page.navigate", json!({"url": url})).await?;
        if let Some(message) = went.get("errorText").and_then(Value::as_str) {
            let method = format!("Page.navigate to {url}");
            return Err(Error::Refused {
                method,
                message: message.to_owned(),
            });
        }
        self.wait_for("document.readyState === 'complete' && location.href !== 'about:blank'")
            .await
    }

    /// The value of a script, which may be a promise. Elements and functions become `null` or `{}`.
    ///
    /// # Errors
    /// [`Error::Script`] when it throws.
    pub async fn eval(&self, script: &str) -> Result<Value, Error> {
        let params = json!({"expression": script, "returnByValue": true, "awaitPromise": true, "userGesture": true});
        let answer = self.call("Runtime.evaluate", params).await?;
        if let Some(thrown) = answer.get("exceptionDetails") {
            let text = thrown.pointer("/exception/description").or(thrown.get("text"));
            let message = text.and_then(Value::as_str).unwrap_or_default().to_owned();
            return Err(Error::Script {
                script: script.to_owned(),
                message,
            });
        }
        Ok(answer.pointer("/result/value").cloned().unwrap_or_default())
    }

    /// Waits until a script's value is true.
    ///
    /// # Errors
    /// [`Error::Timeout`] after 20 s; [`Error::Script`] when it throws.
    pub async fn wait_for(&self, condition: &str) -> Result<(), Error> {
        let until = Instant::now() + PATIENCE;
        while Instant::now() < until {
            if self.eval(&format!("Boolean({condition})")).await? == Value::Bool(true) {
                return Ok(());
            }
            sleep(LOOK_EVERY).await;
        }
        Err(Error::Timeout(condition.to_owned()))
    }

    /// Gives an element the keyboard.
    ///
    /// # Errors
    /// [`Error::Script`] when there is none.
    pub async fn focus(&self, selector: &str) -> Result<(), Error> {
        self.eval(&format!("document.querySelector({}).focus()", json!(selector)))
            .await
            .map(drop)
    }

    /// Clicks the middle of an element with the mouse.
    ///
    /// # Errors
    /// [`Error::Script`] when there is none.
    pub async fn click(&self, selector: &str) -> Result<(), Error> {
        let script = format!(
            "(() => {{ const e = document.querySelector({}); e.scrollIntoView({{block: 'nearest'}}); \
             const b = e.getBoundingClientRect(); return [b.x + b.width / 2, b.y + b.height / 2]; }})()",
            json!(selector)
        );
        let at = self.eval(&script).await?;
        let (x, y) = (
            at.get(0).cloned().unwrap_or_default(),
            at.get(1).cloned().unwrap_or_default(),
        );
        for kind in ["mouseMoved", "mousePressed", "mouseReleased"] {
            let button = if kind == "mouseMoved" { "none" } else { "left" };
            let params = json!({"type": kind, "x": x, "y": y, "button": button, "clickCount": 1});
            self.call("Input.dispatchMouseEvent", params).await?;
        }
        Ok(())
    }

    /// Types text into the focused element, as an input method commits it.
    ///
    /// # Errors
    /// When Chromium refuses.
    pub async fn type_text(&self, text: &str) -> Result<(), Error> {
        self.call("Input.insertText", json!({"text": text})).await.map(drop)
    }

    /// Begins or goes on with the composition of an input method; [`Page::type_text`] ends it.
    ///
    /// # Errors
    /// When Chromium refuses.
    pub async fn compose(&self, text: &str) -> Result<(), Error> {
        let end = text.encode_utf16().count();
        let params = json!({"text": text, "selectionStart": end, "selectionEnd": end});
        self.call("Input.imeSetComposition", params).await.map(drop)
    }

    /// Presses and releases a key, such as `Enter`, `Shift+Enter`, `Alt+ArrowUp`, `Escape`, `Tab`.
    ///
    /// # Errors
    /// When Chromium refuses.
    pub async fn press(&self, key: &str) -> Result<(), Error> {
        let (alt, key) = key.strip_prefix("Alt+").map_or((0, key), |key| (1, key));
        let (shift, key) = key.strip_prefix("Shift+").map_or((0, key), |key| (8, key));
        let code = match key {
            "Enter" => 13,
            "Escape" => 27,
            "Tab" => 9,
            "ArrowDown" => 40,
            "ArrowUp" => 38,
            _ => 0,
        };
        self.key(key, code, alt | shift).await
    }

    /// Presses Enter as it arrives while an input method composes: with key code 229.
    ///
    /// # Errors
    /// When Chromium refuses.
    pub async fn press_enter_while_composing(&self) -> Result<(), Error> {
        self.key("Enter", 229, 0).await
    }

    async fn key(&self, key: &str, code: u32, modifiers: u32) -> Result<(), Error> {
        let mut params = json!({"key": key, "code": key, "windowsVirtualKeyCode": code, "nativeVirtualKeyCode": code, "modifiers": modifiers});
        for kind in ["keyDown", "keyUp"] {
            if let Some(members) = params.as_object_mut() {
                members.insert("type".to_owned(), json!(kind));
                // A text makes keyDown insert it: Shift+Enter is a new line.
                let text = (kind == "keyDown" && key == "Enter" && code == 13).then_some("\r");
                members.insert("text".to_owned(), json!(text.unwrap_or_default()));
            }
            self.call("Input.dispatchKeyEvent", params.clone()).await?;
        }
        Ok(())
    }

    /// Changes the size of the page, in CSS pixels.
    ///
    /// # Errors
    /// When Chromium refuses.
    pub async fn resize(&self, width: u32, height: u32) -> Result<(), Error> {
        let params = json!({"width": width, "height": height, "deviceScaleFactor": 1, "mobile": false});
        self.call("Emulation.setDeviceMetricsOverride", params).await.map(drop)
    }

    /// Pretends that the person prefers a dark page, or a light one.
    ///
    /// # Errors
    /// When Chromium refuses.
    pub async fn prefer_dark(&self, dark: bool) -> Result<(), Error> {
        let scheme = if dark { "dark" } else { "light" };
        let params = json!({"features": [{"name": "prefers-color-scheme", "value": scheme}]});
        self.call("Emulation.setEmulatedMedia", params).await.map(drop)
    }

    /// Writes a picture of the page (PNG), making the folder if need be.
    ///
    /// # Errors
    /// When Chromium refuses or the file can't be written.
    pub async fn screenshot(&self, file: &Path) -> Result<(), Error> {
        let answer = self.call("Page.captureScreenshot", json!({"format": "png"})).await?;
        let data = answer.get("data").and_then(Value::as_str).unwrap_or_default();
        if let Some(folder) = file.parent() {
            std::fs::create_dir_all(folder)?;
        }
        Ok(std::fs::write(file, from_base64(data))?)
    }
}

/// Decodes base64; other characters than its own are skipped.
fn from_base64(text: &str) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(text.len() / 4 * 3);
    let (mut held, mut bits) = (0u32, 0);
    for byte in text.bytes() {
        let value = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            _ => continue,
        };
        held = held << 6 | u32::from(value);
        bits += 6;
        if bits >= 8 {
            bits -= 8;
            bytes.push((held >> bits) as u8);
            held &= (1 << bits) - 1;
        }
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_is_decoded() {
        for (text, bytes) in [
            ("", ""),
            ("Zg==", "f"),
            ("Zm8=", "fo"),
            ("Zm9v", "foo"),
            ("Zm9v\nYmFy", "foobar"),
        ] {
            assert_eq!(from_base64(text), bytes.as_bytes());
        }
    }
}
