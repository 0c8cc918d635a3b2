//! The latencies of a plugin's last calls as a small picture.

use super::html::{Html, html};
use super::view::{View, micros};
use crate::control::Took;

const WIDTH: usize = 120;
const HEIGHT: usize = 28;

/// The picture; nothing where there were no calls.
pub fn spark(view: &View, calls: &[Took]) -> Html {
    let Some(most) = calls.iter().map(|call| call.us).max() else {
        return html!("<span class='soft'>–</span>");
    };
    let least = calls.iter().map(|call| call.us).min().unwrap_or(0);
    let failed = calls.iter().filter(|call| call.failed).count();
    let steps = calls.len().saturating_sub(1).max(1);
    let place = |at: usize, us: u64| {
        let x = if calls.len() == 1 { WIDTH } else { at * WIDTH / steps };
        // From one pixel above the ground to one below the top.
        let share = us as f64 / most.max(1) as f64;
        let y = (HEIGHT - 1) as f64 - share * (HEIGHT - 3) as f64;
        (x, y)
    };
    let mut points = String::new();
    let mut dots = Html::new();
    for (at, call) in calls.iter().enumerate() {
        let (x, y) = place(at, call.us);
        points.push_str(&format!("{x},{y:.1} "));
        if call.failed {
            super::html::put!(&mut dots; "<circle cx='" (x) "' cy='" (format!("{y:.1}")) "' r='2'/>");
        }
    }
    let label = match failed {
        0 => format!(
            "{} {}: {}–{}",
            view.t("최근 호출", "last calls"),
            calls.len(),
            micros(least),
            micros(most)
        ),
        _ => format!(
            "{} {}: {}–{}, {} {failed}",
            view.t("최근 호출", "last calls"),
            calls.len(),
            micros(least),
            micros(most),
            view.t("실패", "failed")
        ),
    };
    let line = points.trim_end();
    let first = if calls.len() == 1 { WIDTH } else { 0 };
    html!("<svg class='spark' viewBox='-2 0 124 28' width='124' height='28' role='img' aria-label='" (label) "'><title>" (label)
        "</title><polygon points='" (first) "," (HEIGHT) " " (line) " " (WIDTH) "," (HEIGHT) "'/><polyline points='" (line)
        "'/>" (dots) "</svg>")
}
