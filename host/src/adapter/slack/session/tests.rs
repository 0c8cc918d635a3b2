use super::*;

const T: Duration = Duration::from_secs(10);

/// A session and its clock.
struct Bench {
    session: Session,
    start: Instant,
    now: Instant,
}

impl Bench {
    fn new() -> Self {
        let start = Instant::now();
        Self {
            session: Session::new(T, 1, start),
            start,
            now: start,
        }
    }

    fn on(&mut self, input: Input) -> Vec<Output> {
        self.session.on(self.now, input)
    }

    fn pass(&mut self, time: Duration) -> Vec<Output> {
        self.now += time;
        self.on(Input::Tick)
    }

    /// Goes to the next deadline and ticks there.
    fn wake(&mut self) -> Vec<Output> {
        self.now = self.session.deadline().unwrap().max(self.now);
        self.on(Input::Tick)
    }

    /// The way of one connection up to its `hello`.
    fn greet(&mut self, id: SocketId) -> Vec<Output> {
        assert_eq!(self.on(Input::Opened(id)), [Output::Connect(id)]);
        assert_eq!(self.on(Input::Connected(id)), []);
        self.on(Input::Hello(id))
    }

    fn live() -> Self {
        let mut bench = Self::new();
        assert_eq!(bench.on(Input::Tick), [Output::Open(1)]);
        assert_eq!(bench.greet(1), [Output::Up]);
        bench
    }

    fn waits(&self) -> Duration {
        self.session.deadline().unwrap() - self.now
    }
}

fn opens(outputs: &[Output]) -> Option<SocketId> {
    outputs.iter().find_map(|output| match output {
        Output::Open(id) => Some(*id),
        _ => None,
    })
}

#[test]
fn the_next_connection_is_greeted_before_the_old_one_closes() {
    let mut bench = Bench::live();
    bench.on(Input::Worked(1));
    assert_eq!(bench.on(Input::Disconnect(1, Reason::Refresh)), [Output::Open(2)]);
    assert_eq!(
        bench.on(Input::Disconnect(1, Reason::Refresh)),
        [],
        "the second announcement changes nothing"
    );
    assert_eq!(bench.greet(2), [], "neither up nor down: one was always there");
    assert_eq!(bench.session.current(), Some(2));
    // The old one lingers for what may still come, then closes.
    bench.on(Input::Pong(2));
    let mut closed = Vec::new();
    while closed.is_empty() {
        let outputs = bench.wake();
        bench.on(Input::Pong(2));
        closed.extend(outputs.into_iter().filter(|output| *output == Output::Close(1)));
    }
    assert_eq!(bench.now - bench.start, T, "a ping timeout that is shorter than LINGER");
}

#[test]
fn an_old_connection_that_ends_by_itself_is_no_loss() {
    let mut bench = Bench::live();
    bench.on(Input::Worked(1));
    bench.on(Input::Disconnect(1, Reason::Refresh));
    bench.greet(2);
    assert_eq!(bench.on(Input::Closed(1)), []);
    assert_eq!(bench.on(Input::Closed(1)), []);
    assert_eq!(bench.session.current(), Some(2));
}

#[test]
fn while_the_next_one_fails_the_old_one_stays() {
    let mut bench = Bench::live();
    bench.on(Input::Worked(1));
    bench.on(Input::Disconnect(1, Reason::Refresh));
    assert_eq!(bench.on(Input::OpenFailed(2, OpenFailure::Other)), []);
    assert_eq!(bench.session.current(), Some(1));
    let again = opens(&bench.wake());
    assert_eq!(again, Some(3));
    assert_eq!(bench.on(Input::Closed(1)), [Output::Down]);
    assert_eq!(bench.greet(3), [Output::Up]);
}

#[test]
fn refreshes_in_a_row_do_not_hammer() {
    let mut bench = Bench::live();
    let mut opened = 0;
    let mut id = 1;
    while bench.now - bench.start < Duration::from_secs(60) {
        let mut outputs = bench.on(Input::Disconnect(id, Reason::Refresh));
        while opens(&outputs).is_none() {
            outputs = bench.wake();
            bench.on(Input::Pong(id));
        }
        id = opens(&outputs).unwrap();
        opened += 1;
        bench.greet(id);
    }
    assert!(
        opened < 30,
        "{opened} connections in a minute, none of which brought anything"
    );
}

#[test]
fn too_many_websockets_closes_first_and_waits() {
    let mut bench = Bench::live();
    bench.on(Input::Worked(1));
    let outputs = bench.on(Input::Disconnect(1, Reason::TooMany));
    assert_eq!(
        outputs[..3],
        [Output::Note(Note::TooMany), Output::Close(1), Output::Down]
    );
    assert!(bench.waits() >= Duration::from_secs(1));
    assert_eq!(opens(&outputs), None);
    assert_eq!(opens(&bench.wake()), Some(2));
}

#[test]
fn too_many_websockets_instead_of_hello_backs_off_further_each_time() {
    let mut bench = Bench::new();
    let mut longest = Duration::ZERO;
    let mut outputs = bench.on(Input::Tick);
    for _ in 0..12 {
        let id = opens(&outputs).unwrap();
        bench.on(Input::Opened(id));
        bench.on(Input::Connected(id));
        bench.on(Input::Disconnect(id, Reason::TooMany));
        longest = longest.max(bench.waits());
        outputs = bench.wake();
    }
    assert!(longest > Duration::from_secs(15), "{longest:?}");
}

#[test]
fn socket_mode_switched_off_is_told_and_tried_slowly() {
    let mut bench = Bench::live();
    let outputs = bench.on(Input::Disconnect(1, Reason::LinkDisabled));
    assert_eq!(
        outputs[..3],
        [Output::Note(Note::LinkDisabled), Output::Close(1), Output::Down]
    );
    assert!(bench.waits() >= MAX_WAIT);
}

#[test]
fn refused_credentials_end_it() {
    let mut bench = Bench::live();
    bench.on(Input::Worked(1));
    bench.on(Input::Disconnect(1, Reason::Refresh));
    let outputs = bench.on(Input::OpenFailed(2, OpenFailure::Fatal("invalid_auth".into())));
    assert_eq!(
        outputs,
        [Output::Close(1), Output::Down, Output::Fatal("invalid_auth".into())]
    );
    assert!(bench.session.is_over());
    assert_eq!(bench.session.deadline(), None);
    assert_eq!(bench.pass(MAX_WAIT), []);
}

#[test]
fn retry_after_is_honoured() {
    let mut bench = Bench::new();
    bench.on(Input::Tick);
    bench.on(Input::OpenFailed(1, OpenFailure::Wait(Duration::from_secs(30))));
    assert!(bench.waits() >= Duration::from_secs(30));
}

#[test]
fn back_off_grows_to_a_minute_with_jitter_and_never_ends() {
    let (mut all, mut shortest_late) = (Vec::new(), MAX_WAIT);
    for seed in 0..50 {
        let now = Instant::now();
        let mut bench = Bench {
            session: Session::new(T, seed, now),
            start: now,
            now,
        };
        let mut outputs = bench.on(Input::Tick);
        for attempt in 0..40 {
            let id = opens(&outputs).unwrap();
            bench.on(Input::OpenFailed(id, OpenFailure::Other));
            let wait = bench.waits();
            assert!(wait <= MAX_WAIT);
            assert!(attempt > 0 || wait <= QUICK_WAIT, "the first retry is quick");
            if attempt > 10 {
                shortest_late = shortest_late.min(wait);
                all.push(wait);
            }
            outputs = bench.wake();
        }
    }
    let mean = all.iter().sum::<Duration>() / u32::try_from(all.len()).unwrap();
    assert!(
        mean > MAX_WAIT / 3 && mean < MAX_WAIT * 2 / 3,
        "full jitter over a minute: {mean:?}"
    );
    assert!(shortest_late < MAX_WAIT / 10);
}

#[test]
fn failures_are_forgotten_only_after_a_connection_proved_itself() {
    // (what a connection did before it was lost, whether the next retry is a quick one)
    type Life = fn(&mut Bench, SocketId);
    let cases: [(&str, Life, bool); 4] = [
        ("a hello alone", |_, _| {}, false),
        ("an envelope", |bench, id| drop(bench.on(Input::Worked(id))), true),
        (
            "a long life",
            |bench, id| {
                for _ in 0..6 {
                    bench.pass(Duration::from_secs(5));
                    bench.on(Input::Pong(id));
                }
            },
            true,
        ),
        (
            "a short life",
            |bench, _| drop(bench.pass(Duration::from_secs(4))),
            false,
        ),
    ];
    for (name, live, quick) in cases {
        let mut bench = Bench::new();
        let mut outputs = bench.on(Input::Tick);
        for _ in 0..8 {
            let id = opens(&outputs).unwrap();
            bench.on(Input::OpenFailed(id, OpenFailure::Other));
            outputs = bench.wake();
        }
        let id = opens(&outputs).unwrap();
        bench.greet(id);
        live(&mut bench, id);
        let outputs = bench.on(Input::Closed(id));
        let told = outputs
            .iter()
            .any(|output| matches!(output, Output::Note(Note::Waiting(n, _)) if *n > 1));
        assert_eq!(!told, quick, "{name}: {outputs:?}");
    }
}

#[test]
fn a_silent_connection_is_replaced_before_it_is_dead() {
    let mut bench = Bench::live();
    bench.on(Input::Worked(1));
    assert_eq!(bench.wake(), [Output::Ping(1)]);
    assert_eq!(bench.now - bench.start, T / 3);
    let outputs = bench.wake();
    assert_eq!(outputs, [Output::Ping(1), Output::Open(2)], "under suspicion");
    assert_eq!(bench.now - bench.start, T / 3 * 2);
    assert_eq!(
        bench.greet(2),
        [Output::Note(Note::Silent), Output::Abandon(1)],
        "there always was one"
    );
    assert_eq!(bench.session.current(), Some(2));
}

#[test]
fn a_silent_connection_is_dead_within_the_ping_timeout_even_where_none_can_be_opened() {
    let mut bench = Bench::live();
    bench.on(Input::Worked(1));
    let mut outputs = Vec::new();
    while !outputs.contains(&Output::Abandon(1)) {
        outputs = bench.wake();
        if let Some(id) = opens(&outputs) {
            bench.on(Input::OpenFailed(id, OpenFailure::Other));
        }
    }
    assert_eq!(bench.now - bench.start, T);
    assert_eq!(
        outputs[..3],
        [Output::Note(Note::Silent), Output::Abandon(1), Output::Down]
    );
    assert!(bench.session.deadline().is_some(), "and it goes on trying");
}

#[test]
fn a_connection_that_speaks_again_is_acquitted() {
    type Step = fn(&mut Bench);
    // (how far the next one came, whether it still takes over)
    let cases: [(&str, Step, bool); 3] = [
        ("no address", |_| {}, false),
        (
            "an attempt that failed",
            |bench| drop(bench.on(Input::OpenFailed(2, OpenFailure::Other))),
            false,
        ),
        ("a socket", |bench| drop(bench.on(Input::Opened(2))), true),
    ];
    for (name, step, takes_over) in cases {
        let mut bench = Bench::live();
        bench.on(Input::Worked(1));
        bench.wake();
        assert_eq!(opens(&bench.wake()), Some(2), "{name}");
        step(&mut bench);
        bench.now += T / 10;
        bench.on(Input::Pong(1));
        bench.on(Input::Opened(2));
        bench.on(Input::Connected(2));
        let outputs = bench.on(Input::Hello(2));
        assert_eq!(outputs, [], "{name}: nobody is dropped");
        let current = if takes_over { 2 } else { 1 };
        assert_eq!(bench.session.current(), Some(current), "{name}");
        assert!(bench.waits() <= T / 3, "{name}: pings go on");
    }
}

#[test]
fn a_connection_that_announces_its_end_under_suspicion_is_not_dropped() {
    let mut bench = Bench::live();
    bench.on(Input::Worked(1));
    bench.wake();
    assert_eq!(opens(&bench.wake()), Some(2));
    assert_eq!(bench.on(Input::Disconnect(1, Reason::Refresh)), [], "one is under way");
    assert_eq!(bench.greet(2), [], "the old one drains");
    assert_eq!(bench.session.current(), Some(2));
}

#[test]
fn a_host_that_stood_still_blames_nobody_else() {
    let mut bench = Bench::live();
    bench.wake();
    let outputs = bench.pass(T * 100);
    assert_eq!(outputs, [Output::Ping(1)]);
    // A connection that really is dead is found out a little later.
    let still = bench.now;
    while bench.session.current() == Some(1) {
        bench.wake();
    }
    assert_eq!(bench.now - still, T - T / 3);
}

#[test]
fn any_frame_keeps_it_alive_for_a_while_and_pongs_for_ever() {
    let mut bench = Bench::live();
    for _ in 0..1_000 {
        bench.wake();
        bench.on(Input::Pong(1));
        assert_eq!(bench.session.current(), Some(1));
    }
    // Frames come, but nobody answers our pings: what we write does not arrive.
    let start = bench.now;
    while bench.session.current() == Some(1) {
        bench.wake();
        bench.now += Duration::from_millis(1);
        let now = bench.now;
        bench.on(Input::Seen(1, now));
    }
    let took = bench.now - start;
    assert!(took > T * 2 && took <= T * 4, "{took:?}");
}

#[test]
fn frames_and_then_silence_is_found_out_in_time() {
    let mut bench = Bench::live();
    bench.wake();
    // A frame arrives just behind the ping, then nothing more.
    bench.now += Duration::from_millis(1);
    let seen = bench.now;
    bench.on(Input::Seen(1, seen));
    while bench.session.current() == Some(1) {
        bench.wake();
    }
    assert_eq!(bench.now - seen, T);
}

#[test]
fn steps_that_hang_are_given_up() {
    let mut bench = Bench::new();
    bench.on(Input::Tick);
    bench.pass(STEP);
    assert_eq!(opens(&bench.wake()), Some(2), "no address came");
    bench.on(Input::Opened(2));
    assert!(bench.pass(STEP).contains(&Output::Abandon(2)), "no socket came");
    let id = opens(&bench.wake()).unwrap();
    bench.on(Input::Opened(id));
    bench.on(Input::Connected(id));
    assert!(bench.pass(STEP).contains(&Output::Abandon(id)), "no hello came");
    // What comes too late changes nothing.
    assert_eq!(bench.on(Input::Hello(id)), []);
    assert_eq!(bench.on(Input::Opened(2)), []);
}

#[test]
fn stopping_closes_everything() {
    let mut bench = Bench::live();
    bench.on(Input::Worked(1));
    bench.on(Input::Disconnect(1, Reason::Refresh));
    bench.greet(2);
    bench.on(Input::Worked(2));
    bench.on(Input::Disconnect(2, Reason::Refresh));
    bench.on(Input::Opened(3));
    let outputs = bench.on(Input::Stop);
    assert_eq!(
        outputs,
        [Output::Abandon(3), Output::Close(1), Output::Close(2), Output::Down]
    );
    assert!(bench.session.is_over());
}

/// Every input in every state that random walks reach: no panic, and what must always hold, holds.
#[test]
fn whatever_happens_it_stays_sane() {
    let mut random = fastrand::Rng::with_seed(3);
    for seed in 0..300 {
        let now = Instant::now();
        let mut bench = Bench {
            session: Session::new(T, seed, now),
            start: now,
            now,
        };
        let (mut up, mut fatal) = (0, 0);
        let (mut connected, mut gone) = (Vec::new(), Vec::new());
        for _ in 0..400 {
            let id = bench.session.last_id.saturating_sub(random.u64(0..3));
            let reasons = [Reason::Refresh, Reason::TooMany, Reason::LinkDisabled];
            let outputs = match random.u32(0..40) {
                0..12 => bench.wake_if_any(),
                12..18 => bench.on(Input::Opened(id)),
                18 => bench.on(Input::OpenFailed(id, OpenFailure::Other)),
                19 => bench.on(Input::OpenFailed(id, OpenFailure::Wait(Duration::from_secs(3)))),
                20..24 => bench.on(Input::Connected(id)),
                24..30 => bench.on(Input::Hello(id)),
                30..32 => bench.on(Input::Disconnect(id, reasons[random.usize(0..3)])),
                32 => bench.on(Input::Worked(id)),
                33 => bench.on(Input::Pong(id)),
                34 => bench.on(Input::Seen(id, bench.now)),
                35..37 => bench.on(Input::Closed(id)),
                37 => bench.pass(Duration::from_millis(random.u64(0..20_000))),
                38 if random.u32(0..50) == 0 => bench.on(Input::Stop),
                39 if random.u32(0..50) == 0 => bench.on(Input::OpenFailed(id, OpenFailure::Fatal("x".into()))),
                _ => Vec::new(),
            };
            for output in outputs {
                match output {
                    Output::Up => up += 1,
                    Output::Down => up -= 1,
                    Output::Fatal(_) => fatal += 1,
                    Output::Connect(id) => {
                        assert!(!connected.contains(&id), "one connection for one address");
                        connected.push(id);
                    }
                    Output::Close(id) | Output::Abandon(id) => {
                        assert!(connected.contains(&id) && !gone.contains(&id), "{id} is ended once");
                        gone.push(id);
                    }
                    Output::Ping(id) => assert_eq!(bench.session.current(), Some(id)),
                    Output::Open(_) | Output::Note(_) => {}
                }
                assert!((0..=1).contains(&up) && fatal <= 1);
            }
            assert_eq!(up == 1, bench.session.current().is_some());
            // It always has something to wait for, or it is over: it never just stops trying.
            assert_eq!(bench.session.is_over(), bench.session.deadline().is_none());
        }
    }
}

impl Bench {
    fn wake_if_any(&mut self) -> Vec<Output> {
        if self.session.deadline().is_some() {
            self.wake()
        } else {
            Vec::new()
        }
    }
}
