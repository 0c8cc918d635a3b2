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
        // From two pixels above the ground to one below the top; what is all the same lies in the middle.
        let share = match most > least {
            true => us as f64 / most as f64,
            false => 0.5,
        };
        (at * WIDTH / steps, HEIGHT as f64 - 2.0 - share * (HEIGHT - 3) as f64)
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
    if calls.len() == 1 {
        // A line needs two ends.
        let (_, y) = place(0, most);
        points.push_str(&format!("{WIDTH},{y:.1}"));
    }
    let line = points.trim_end();
    html!("<svg class='spark' viewBox='-2 0 124 28' width='124' height='28' role='img' aria-label='" (label) "'><title>" (label)
        "</title><polygon points='0," (HEIGHT) " " (line) " " (WIDTH) "," (HEIGHT) "'/><polyline points='" (line)
        "'/>" (dots) "</svg>")
}
