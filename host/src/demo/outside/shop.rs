//! A shop: its goods, the file that was exported of them, and a cache in front of it.

use super::json;
use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use serde_json::{Value, json};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::SystemTime;

/// The folder in the data directory that stands for a bucket.
const BUCKET: &str = "exports";

struct Shop {
    data_dir: PathBuf,
    /// How often the file was asked for.
    asked: AtomicUsize,
}

pub(super) fn routes(data_dir: PathBuf) -> Router {
    let shop = Arc::new(Shop {
        data_dir,
        asked: AtomicUsize::new(0),
    });
    Router::new()
        .route("/shop/products.json", get(async || json(&products())))
        .route("/shop/export.tsv", get(export))
        .route("/shop/cache/invalidate", post(async || StatusCode::NO_CONTENT))
        .with_state(shop)
}

/// Sixty goods; some are sold out, some have no picture, one has a tabulator in its name.
fn products() -> Value {
    let kinds = ["sofa", "table", "lamp", "chair", "shelf", "rug"];
    let one = |number: usize| {
        let kind = kinds.get(number % kinds.len()).copied().unwrap_or_default();
        let title = match number {
            13 => "lamp\twith a tabulator in its name".to_owned(),
            _ => format!("{kind} no. {number}"),
        };
        json!({
            "id": 1000 + number,
            "title": title,
            "price": (number * 7919) % 90_000 + 9_900,
            "stock": (number * 5) % 7,
            "category": kind,
            "image": if number.is_multiple_of(20) { Value::Null } else { json!(format!("https://img.shop.example/{number}.jpg")) },
            "updated": jiff::Timestamp::now().to_string(),
        })
    };
    (1..=60).map(one).collect()
}

async fn export(State(shop): State<Arc<Shop>>) -> Response {
    let asked = shop.asked.fetch_add(1, Ordering::Relaxed) + 1;
    let Some((at, text)) = newest(&shop.data_dir.join(BUCKET)) else {
        return (StatusCode::NOT_FOUND, "nothing was exported yet\n").into_response();
    };
    let modified = httpdate(at);
    let headers = [
        ("content-type", "text/tab-separated-values; charset=utf-8".to_owned()),
        ("last-modified", modified),
    ];
    (headers, damaged(&text, asked)).into_response()
}

/// The file that was put there last, at whatever depth.
fn newest(dir: &Path) -> Option<(SystemTime, String)> {
    let mut folders = vec![dir.to_owned()];
    let mut newest: Option<(SystemTime, PathBuf)> = None;
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            let (path, Ok(metadata)) = (entry.path(), entry.metadata()) else {
                continue;
            };
            if metadata.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|end| end == "tsv")
                && let Ok(at) = metadata.modified()
                && newest.as_ref().is_none_or(|(known, _)| at > *known)
            {
                newest = Some((at, path));
            }
        }
    }
    let (at, path) = newest?;
    Some((at, fs::read_to_string(path).ok()?))
}

/// Each fourth time something else is wrong with it.
fn damaged(text: &str, asked: usize) -> String {
    let lines: Vec<&str> = text.lines().collect();
    let Some((head, rows)) = lines.split_first() else {
        return text.to_owned();
    };
    let joined = |head: &str, rows: &[&str]| format!("{head}\n{}\n", rows.join("\n"));
    match asked % 12 {
        4 => {
            // The last column is gone.
            let cut = |line: &str| line.rsplit_once('\t').map_or(line, |(kept, _)| kept).to_owned();
            lines.iter().map(|line| cut(line) + "\n").collect()
        }
        8 => {
            let twice: Vec<&str> = rows.iter().take(1).chain(rows).copied().collect();
            joined(head, &twice)
        }
        0 => joined(head, rows.get(..rows.len() / 3).unwrap_or_default()),
        _ => text.to_owned(),
    }
}

/// As HTTP writes an instant (RFC 9110, section 5.6.7).
fn httpdate(at: SystemTime) -> String {
    let at = jiff::Timestamp::try_from(at).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
    at.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_is_wrong_each_fourth_time_in_another_way() {
        let text = "id\ttitle\n1\ta\n2\tb\n3\tc\n";
        let wrong: Vec<usize> = (1..=12).filter(|asked| damaged(text, *asked) != text).collect();
        assert_eq!(wrong, [4, 8, 12]);
        assert_eq!(damaged(text, 4), "id\n1\n2\n3\n");
        assert_eq!(damaged(text, 8), "id\ttitle\n1\ta\n1\ta\n2\tb\n3\tc\n");
        assert_eq!(damaged(text, 12), "id\ttitle\n1\ta\n");
        assert_eq!(httpdate(SystemTime::UNIX_EPOCH), "Thu, 01 Jan 1970 00:00:00 GMT");
    }

    #[test]
    fn the_newest_export_is_found_at_any_depth() {
        let dir = tempfile::tempdir().unwrap();
        assert!(newest(dir.path()).is_none());
        fs::create_dir_all(dir.path().join("goods/2026")).unwrap();
        fs::write(dir.path().join("goods/2026/a.tsv"), "new").unwrap();
        fs::write(dir.path().join("other.txt"), "no export").unwrap();
        assert_eq!(newest(dir.path()).unwrap().1, "new");
    }
}
