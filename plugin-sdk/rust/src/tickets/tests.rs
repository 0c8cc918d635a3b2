use super::*;
use crate::testing::Host;

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Plain;

impl Subject for Plain {
    fn title(&self) -> String {
        "plain".into()
    }

    fn head(ticket: &Ticket<Self>) -> Content {
        let state = if ticket.is_open() { "open" } else { "closed" };
        format!(
            "{} {state} [{}] {}",
            ticket.number,
            ticket.people(),
            ticket.newest(2).join("; ")
        )
        .into()
    }
}

fn all() -> Tickets<Plain> {
    Tickets::of("case")
}

fn open(ctx: &crate::Context, line: &str) -> Ticket<Plain> {
    let line = line.to_owned();
    all().open(&Desk::of(ctx), Instant::now(), Plain, |_| line).unwrap()
}

#[test]
fn the_first_message_tells_how_it_stands_and_the_thread_how_it_went() {
    let host = Host::new().speaker("로지");
    host.with(|ctx| {
        let ticket = open(ctx, "began");
        all()
            .change(ticket.number, |ticket| ticket.toggle(ctx.who()).then(|| "taken".into()))
            .unwrap();
        all().change(ticket.number, |_| None).unwrap();
        all().change(7, |_| Some("there is none".into())).unwrap();
    });
    assert_eq!(
        host.texts(),
        [
            "1 open [로지] `03:00:00` began; `03:00:00` taken",
            "`03:00:00` began",
            "`03:00:00` taken"
        ]
    );
    assert_eq!(host.messages()[0].edits, 1);
    host.advance(Duration::from_secs(90));
    host.with(|ctx| {
        let close = |ticket: &mut Ticket<Plain>| {
            ticket.closed = Some(Instant::now());
            Some(format!("took {} s", ticket.lasted().as_secs()))
        };
        all().change(1, close).unwrap();
        all()
            .change(1, |ticket| (!ticket.toggle(ctx.who())).then(|| "let go".into()))
            .unwrap();
    });
    assert_eq!(host.texts()[0], "1 closed [] `03:01:30` took 90 s; `03:01:30` let go");
}

#[test]
fn the_one_that_is_meant_is_the_threads_or_the_only_open_one() {
    Host::new().with(|ctx| {
        let meant = |place: &Place| all().meant(place).unwrap().map(|ticket| ticket.number);
        assert_eq!(meant(ctx.place()), None);
        let first = open(ctx, "a");
        let thread = first.message.as_ref().unwrap().thread();
        assert_eq!(meant(ctx.place()), Some(1));
        open(ctx, "b");
        assert_eq!(meant(ctx.place()), None, "two are open");
        assert_eq!(meant(&thread), Some(1));
        let numbers = |tickets: Vec<Ticket<Plain>>| tickets.iter().map(|ticket| ticket.number).collect::<Vec<_>>();
        assert_eq!(numbers(all().all_open().unwrap()), [1, 2]);
        all()
            .change(1, |ticket| {
                ticket.closed = Some(Instant::now());
                None
            })
            .unwrap();
        assert_eq!(numbers(all().all_open().unwrap()), [2]);
        assert_eq!(numbers(all().newest(5).unwrap()), [2, 1]);
        assert_eq!((meant(ctx.place()), meant(&thread)), (Some(2), Some(1)));
    });
}

#[test]
fn what_was_said_in_the_thread_is_not_repeated_there() {
    let host = Host::new();
    host.with(|ctx| {
        let ticket = open(ctx, "began");
        let thread = ticket.message.as_ref().unwrap().thread();
        all().note(&thread, 1, "here").unwrap();
        all().note(ctx.place(), 1, "elsewhere").unwrap();
    });
    assert_eq!(
        host.texts(),
        [
            "1 open [] `03:00:00` here; `03:00:00` elsewhere",
            "`03:00:00` began",
            "`03:00:00` elsewhere"
        ]
    );
}

#[test]
fn an_old_timeline_is_forgotten() {
    let host = Host::new();
    host.with(|ctx| {
        let ticket = open(ctx, "began");
        for at in 0..250 {
            all().change(1, |_| Some(at.to_string())).unwrap();
        }
        let ticket = all().get(ticket.number).unwrap().unwrap();
        assert_eq!(ticket.newest(1_000).len(), LINES);
        assert_eq!(ticket.newest(1), ["`03:00:00` 249"]);
        assert_eq!(ticket.began().unwrap(), "2026-11-20 03:00:00");
    });
}

#[test]
fn the_open_one_that_fits_is_told_or_a_new_one() {
    let host = Host::new();
    host.with(|ctx| {
        let tell = |fits: bool, new: bool, line: &str| {
            let new = new.then(|| (Instant::now(), Plain));
            let told = all().tell(&Desk::of(ctx), |_| fits, new, |_| Some(line.into()));
            told.unwrap();
        };
        tell(true, false, "nothing is open");
        tell(true, true, "a");
        tell(true, true, "b");
        tell(false, false, "none fits");
        assert_eq!(
            all()
                .table(5, "no., since, what, lasted, who", "en")
                .unwrap()
                .unwrap()
                .lines()
                .count(),
            5
        );
        tell(false, true, "c");
    });
    assert_eq!(
        host.texts(),
        [
            "1 open [] `03:00:00` a; `03:00:00` b",
            "`03:00:00` a",
            "`03:00:00` b",
            "2 open [] `03:00:00` c",
            "`03:00:00` c"
        ]
    );
    host.advance(Duration::from_secs(60));
    host.with(|ctx| {
        let close = |ticket: &mut Ticket<Plain>| {
            ticket.closed = Some(Instant::now());
            ticket.toggle(ctx.who());
            None
        };
        all().change(2, close).unwrap();
    });
    let table = host
        .with(|_| all().table(1, "no., since, what, lasted, who", "en"))
        .unwrap()
        .unwrap();
    assert!(table.contains("2 2026-11-20 03:00:00 plain ✅ 1m  tester"), "{table}");
    let none: Tickets<Plain> = Tickets::of("none");
    assert_eq!(host.with(|_| none.table(1, "a, b", "en")).unwrap(), None);
}
