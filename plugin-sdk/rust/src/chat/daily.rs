//! One thread a day.

use super::send;
use crate::bindings::moa::plugin::types::{Content, Place};
use crate::time::Date;
use crate::{Brain, Error, chat};

/// The thread of a day in a conversation: what is sent there hangs below one message. The first call for a day sends
/// that message, `head`, and `guide` below it (empty text: nothing); every later one finds it in the plugin's brain.
///
/// ```
/// use moa_plugin::prelude::*;
/// use moa_plugin::testing::Host;
///
/// /// Reports.
/// #[job(cron = "50 9 * * 1-5", timezone = "Asia/Seoul")]
/// fn report(due: &Due) -> Result<()> {
///     let today = due.date("Asia/Seoul")?;
///     let thread = chat::daily_thread(&Place::of("C012"), today, format!("*Feed, {today}*"), "Reports come here.")?;
///     chat::send(&thread, "all is well")?;
///     Ok(())
/// }
///
/// plugin! {
///     name: "report",
///     jobs: [report],
///     requests: { conversations: ["C012"] },
/// }
///
/// let host = Host::new();
/// host.run_job::<report>()?;
/// host.run_job::<report>()?;
/// assert_eq!(
///     host.texts(),
///     ["*Feed, 2026-11-20*", "Reports come here.", "all is well", "all is well"]
/// );
/// # Ok::<(), Error>(())
/// ```
///
/// # Errors
/// Those of [`chat::send`](send), and of the brain.
pub fn daily_thread(
    at: &Place,
    date: Date,
    head: impl Into<Content>,
    guide: impl Into<Content>,
) -> Result<Place, Error> {
    let brain = Brain::plugin();
    let key = format!("daily/{}/{date}", at.conversation);
    let thread = match brain.get::<String>(&key)? {
        Some(thread) => thread,
        None => {
            let head = send(at, head)?;
            match brain.compare_and_swap(&key, &head.id, None) {
                Ok(_) => {
                    let guide = guide.into();
                    if !guide.text.is_empty() || !guide.cards.is_empty() {
                        send(&within(at, &head.id), guide)?;
                    }
                    head.id
                }
                // Another call was first: one thread a day, not two.
                Err(error) if error.is_conflict() => {
                    chat::delete(&head)?;
                    brain.get::<String>(&key)?.unwrap_or(head.id)
                }
                Err(error) => return Err(error.into()),
            }
        }
    };
    Ok(within(at, &thread))
}

fn within(at: &Place, thread: &str) -> Place {
    Place {
        thread: Some(thread.to_owned()),
        ..at.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Host;

    #[test]
    fn each_day_and_each_conversation_has_its_own_thread() {
        let host = Host::new();
        host.with(|ctx| {
            let (here, there) = (ctx.place().clone(), Place::of("C2"));
            let day = |text: &str| text.parse::<Date>().unwrap();
            let open = |at: &Place, date: &str| daily_thread(at, day(date), date, "").unwrap();
            let first = open(&here, "2026-11-20");
            assert_eq!(open(&here, "2026-11-20"), first);
            assert_ne!(open(&here, "2026-11-21").thread, first.thread);
            assert_eq!(open(&there, "2026-11-20").conversation, "C2");
        });
        assert_eq!(
            host.texts(),
            ["2026-11-20", "2026-11-21", "2026-11-20"],
            "no guide, no message"
        );
    }
}
