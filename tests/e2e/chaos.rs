//! Killed at random moments, started again each time, and counted by the workspace's own record: every command is
//! answered, none twice, and the books are exactly right.
//!
//! `MOA_TEST_SEED=N` repeats the choices of an earlier run (the moments still depend on the machine).

use super::support::bot::{Bot, Plan};
use super::support::guests::{hello, ledger};
use super::support::sim::{Line, Sim, Workspace};
use super::support::tally::{Said, Tally};
use super::support::{DEADLINE, GLANCE, long};
use fastrand::Rng;
use moa_playground::Options;
use moa_test_redis::Redis;
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

const PEOPLE: [&str; 5] = ["ben", "rosie", "sally", "ally", "vincent"];
const PLACES: [&str; 4] = ["#general", "#lunch", "#dev", "@dm"];
/// The place that is another one for each person.
const DIRECT: usize = 3;
const TWINS: [&str; 3] = ["retry", "same-envelope", "new-event-id"];
/// Commands that are under way at once; below what the queue of one plugin takes.
const WINDOW: usize = 48;
const CONNECTIONS: usize = 2;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_at_random_moments_it_answers_every_command_exactly_once() {
    chaos("redb", "", None).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_on_redis_that_is_killed_too_it_answers_every_command_exactly_once() {
    let Some(redis) = Redis::start_or_skip().unwrap() else {
        return;
    };
    let config = format!("[store]\nurl = \"{}\"\n", redis.url());
    chaos("redis", &config, Some(redis)).await;
}

/// How much of it.
struct Size {
    commands: usize,
    kills: usize,
}

impl Size {
    fn wanted() -> Self {
        let (commands, kills) = if long() { (20_000, 200) } else { (2_000, 20) };
        Self { commands, kills }
    }
}

async fn chaos(store: &str, config: &str, redis: Option<Redis>) {
    let seed = std::env::var("MOA_TEST_SEED").map_or_else(|_| fastrand::u64(..), |seed| seed.parse().unwrap());
    println!("chaos on {store}: MOA_TEST_SEED={seed}");
    let workspace = Workspace::with(Options {
        ack_timeout: Duration::from_secs(1),
        retry_delays: vec![Duration::from_millis(200); 1_000],
        record_capacity: 400_000,
        ..Options::default()
    })
    .await;
    let bot = Plan::new(&workspace)
        .plugin(hello())
        .plugin(ledger())
        .connections(CONNECTIONS)
        .config(config)
        .start()
        .await;
    let mut run = Run::new(workspace.sim(), bot, redis, seed);
    let begun = Instant::now();
    run.kill_at_work(&Size::wanted()).await;
    run.audit().await;
    println!("{}, {:.0} s", run.closing_line(store), begun.elapsed().as_secs_f64());
    run.assert_right();
}

/// One command, by its number: who gives it, where, and which one it is.
struct Given {
    lane: usize,
    what: Kind,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Echo,
    Count,
    Book,
}

/// What `!book` said of one number.
struct Booked {
    mine: usize,
    ours: usize,
    all: usize,
    at: usize,
}

/// When the bot is killed next.
enum Moment {
    /// While it starts, so long after its beginning.
    Starting(Duration),
    /// When so many commands are answered, and a little later.
    AtWork(usize, Duration),
}

struct Run {
    sim: Arc<Sim>,
    bot: Bot,
    redis: Option<Redis>,
    rng: Rng,
    tally: Tally,
    given: Vec<Given>,
    /// how often each line was said
    said: BTreeMap<String, usize>,
    /// how many different commands that names or numbers tell apart are answered
    answered: usize,
    booked: BTreeMap<usize, Booked>,
    /// the last sums that were asked for, and where they were said
    sums: Vec<Said>,
    /// what should never have been said
    strange: Vec<String>,
    kills: usize,
    redis_kills: usize,
    /// commands under way at each kill
    in_flight: Vec<usize>,
}

impl Run {
    fn new(sim: Arc<Sim>, bot: Bot, redis: Option<Redis>, seed: u64) -> Self {
        Self {
            tally: Tally::new(Arc::clone(&sim)),
            sim,
            bot,
            redis,
            rng: Rng::with_seed(seed),
            given: Vec::new(),
            said: BTreeMap::new(),
            answered: 0,
            booked: BTreeMap::new(),
            sums: Vec::new(),
            strange: Vec::new(),
            kills: 0,
            redis_kills: 0,
            in_flight: Vec::new(),
        }
    }

    fn outstanding(&self) -> usize {
        self.given.len() - self.answered
    }

    /// Gives all commands, and kills the bot as often as is wanted meanwhile; ends when all is answered.
    async fn kill_at_work(&mut self, size: &Size) {
        let share = size.commands / size.kills;
        let mut started = Instant::now();
        let mut moment = self.next_moment(share);
        let (mut progress, mut since) = (0, Instant::now());
        while self.answered < size.commands || self.kills < size.kills {
            self.look().await;
            // Never all of them before the last kill, so that every kill meets work.
            let upto = match size.kills - self.kills {
                0 => size.commands,
                left => size.commands - left.min(size.commands / 2),
            };
            self.give(upto).await;
            let come = match moment {
                Moment::Starting(after) => started.elapsed() >= after,
                Moment::AtWork(answered, _) => self.answered >= answered.min(upto.saturating_sub(WINDOW / 2)),
            };
            if self.kills < size.kills && come {
                if let Moment::AtWork(_, later) = moment {
                    tokio::time::sleep(later).await;
                }
                self.kill(upto).await;
                let form = TWINS[self.rng.usize(..TWINS.len())];
                self.sim
                    .fault(json!({"kind": "duplicate", "form": form, "count": self.rng.usize(..4)}))
                    .await;
                self.bot.start_again();
                started = Instant::now();
                moment = self.next_moment(share);
            }
            if self.answered > progress {
                (progress, since) = (self.answered, Instant::now());
            }
            assert!(
                since.elapsed() < DEADLINE,
                "nothing was answered for {} s; {}; {}",
                DEADLINE.as_secs(),
                self.closing_line("it"),
                self.faults().unwrap_or_default()
            );
        }
    }

    /// Kills the bot; where it has a Redis, often that one too, before it or together with it. Work comes in all the while.
    async fn kill(&mut self, upto: usize) {
        let (together, before) = (self.rng.u8(..4) == 0, self.rng.u8(..2) == 0);
        let (away, later) = (self.rng.u64(..400), self.rng.u64(..300));
        match self.redis.take() {
            Some(mut redis) if together || before => {
                redis.kill().unwrap();
                self.redis_kills += 1;
                if together {
                    self.kill_bot().await;
                }
                self.go_on(Duration::from_millis(away), upto).await;
                tokio::task::block_in_place(|| redis.start_again()).unwrap();
                if !together {
                    // It finds its Redis again, or has just done so, or not yet.
                    self.go_on(Duration::from_millis(later), upto).await;
                    self.kill_bot().await;
                }
                self.redis = Some(redis);
            }
            redis => {
                self.redis = redis;
                self.kill_bot().await;
            }
        }
    }

    async fn kill_bot(&mut self) {
        self.bot.kill();
        self.kills += 1;
        self.look().await;
        self.in_flight.push(self.outstanding());
    }

    async fn go_on(&mut self, time: Duration, upto: usize) {
        let begun = Instant::now();
        while begun.elapsed() < time {
            self.look().await;
            self.give(upto).await;
        }
    }

    fn next_moment(&mut self, share: usize) -> Moment {
        match self.rng.u8(..6) {
            0 => Moment::Starting(Duration::from_millis(self.rng.u64(..1_000))),
            _ => {
                let answered = (self.kills * share + self.rng.usize(..share)).max(self.answered + 1);
                Moment::AtWork(answered, Duration::from_millis(self.rng.u64(..30)))
            }
        }
    }

    /// Gives further commands, so many that the window is full, up to the one of this number.
    async fn give(&mut self, upto: usize) {
        let room = WINDOW.saturating_sub(self.outstanding());
        let new = upto.saturating_sub(self.given.len()).min(room);
        if new == 0 {
            return;
        }
        let mut lines = Vec::with_capacity(new);
        for _ in 0..new {
            let number = self.given.len();
            let lane = self.rng.usize(..PEOPLE.len() * PLACES.len());
            let what = [Kind::Echo, Kind::Count, Kind::Book, Kind::Book][self.rng.usize(..4)];
            let text = match what {
                Kind::Echo => format!("!echo word-{number}."),
                Kind::Count => "!count".to_owned(),
                Kind::Book => format!("!book {number}"),
            };
            lines.push(in_lane(lane, text));
            self.given.push(Given { lane, what });
        }
        self.sim.send_all(&lines).await;
    }

    /// Takes in what the bot said meanwhile.
    async fn look(&mut self) {
        for said in self.tally.look(GLANCE).await {
            if said.text.starts_with("sums ") {
                self.sums.push(said);
                continue;
            }
            let Some(key) = self.key(&said.text) else {
                self.strange.push(said.text);
                continue;
            };
            let is_answer = !key.starts_with("booking ") && !key.starts_with("settled ");
            let times = self.said.entry(key).or_default();
            *times += 1;
            if *times == 1 && is_answer {
                self.answered += 1;
            }
        }
    }

    /// What tells a line from all others; none for what nobody asked for.
    fn key(&mut self, text: &str) -> Option<String> {
        let words: Vec<&str> = text.split(' ').collect();
        match words.as_slice() {
            ["booking", number] | ["settled", number] => number.parse::<usize>().ok().map(|_| text.to_owned()),
            ["booked", number, sums @ ..] => {
                let number = number.parse().ok()?;
                let sum = |name: &str| sums.iter().find_map(|part| part.strip_prefix(name)?.parse().ok());
                let booked = Booked {
                    mine: sum("mine=")?,
                    ours: sum("ours=")?,
                    all: sum("all=")?,
                    at: sum("at=")?,
                };
                self.booked.entry(number).or_insert(booked);
                Some(format!("booked {number}"))
            }
            [word] if word.starts_with("word-") => Some(text.to_owned()),
            _ => counted(text).map(|number| format!("count {number}")),
        }
    }

    /// After a proper stop and another start: the last word of everybody everywhere, and the sums as they stand.
    async fn audit(&mut self) {
        self.until("the workspace to be at rest", |run| run.tally.is_quiet())
            .await;
        assert!(self.bot.stop().await.success());
        let opened = self.tally.opened;
        self.bot.start_again();
        self.until("another start", |run| run.tally.opened >= opened + CONNECTIONS)
            .await;
        // What one person says at one place is done in order: whatever was to be said a second time comes before this.
        let last: Vec<Line> = (0..PEOPLE.len() * PLACES.len())
            .map(|lane| in_lane(lane, format!("!echo settled {lane}")))
            .collect();
        self.sim.send_all(&last).await;
        let wanted = last.len();
        self.until("the last words", |run| {
            run.said.keys().filter(|key| key.starts_with("settled ")).count() == wanted
        })
        .await;
        self.audit_counter().await;
        // Everybody's direct conversation, and the channels.
        for person in 0..PEOPLE.len() {
            self.audit_books(person * PLACES.len() + DIRECT).await;
        }
        for channel in 0..DIRECT {
            self.audit_books(channel).await;
        }
    }

    async fn audit_counter(&mut self) {
        let counts = self.asked(Kind::Count).count();
        self.sim.send_all(&[in_lane(0, "!count".to_owned())]).await;
        let wanted = format!("count {}", counts + 1);
        self.until("the last count", |run| run.said.contains_key(&wanted)).await;
        // It was no command of the run.
        self.said.remove(&wanted);
        self.answered -= 1;
    }

    /// The sums and the list of one conversation, as they stand in the brain, are those of what was asked there.
    async fn audit_books(&mut self, lane: usize) {
        let of = |given: &Given| place(given.lane) == place(lane);
        let ours: BTreeSet<usize> = self
            .asked(Kind::Book)
            .filter(|(_, given)| of(given))
            .map(|(n, _)| n)
            .collect();
        let all = self.asked(Kind::Book).count();
        let mine = self
            .asked(Kind::Book)
            .filter(|(_, given)| given.lane / PLACES.len() == lane / PLACES.len())
            .count();
        let mut list = Vec::new();
        for page in 0.. {
            self.sums.clear();
            self.sim.send_all(&[in_lane(lane, format!("!booked {page}"))]).await;
            self.until("the sums", |run| !run.sums.is_empty()).await;
            let text = &self.sums[0].text;
            let (sums, shown) = text.split_once(" list=").unwrap();
            let wanted = format!("sums mine={mine} ours={} all={all}", ours.len());
            assert_eq!(
                sums,
                wanted,
                "in {}, asked by {}",
                self.sums[0].channel,
                PEOPLE[lane / PLACES.len()]
            );
            let before = list.len();
            list.extend(shown.split(',').filter_map(|number| number.parse::<usize>().ok()));
            if list.len() == before {
                break;
            }
        }
        for (at, number) in list.iter().enumerate() {
            assert_eq!(self.booked[number].at, at + 1, "{number} stands elsewhere than it said");
        }
        assert_eq!(list.len(), ours.len(), "the list has something twice, or not at all");
        assert_eq!(list.into_iter().collect::<BTreeSet<_>>(), ours);
    }

    async fn until(&mut self, what: &str, mut done: impl FnMut(&Self) -> bool) {
        let begun = Instant::now();
        while !done(self) {
            self.look().await;
            assert!(begun.elapsed() < DEADLINE, "waited in vain for {what}");
        }
    }

    fn asked(&self, what: Kind) -> impl Iterator<Item = (usize, &Given)> {
        self.given
            .iter()
            .enumerate()
            .filter(move |(_, given)| given.what == what)
    }

    /// What must have been said, each once.
    fn wanted(&self) -> BTreeSet<String> {
        let echoes = self.asked(Kind::Echo).map(|(number, _)| format!("word-{number}."));
        let counts = (1..=self.asked(Kind::Count).count()).map(|number| format!("count {number}"));
        let books = self.asked(Kind::Book);
        let books = books.flat_map(|(number, _)| [format!("booking {number}"), format!("booked {number}")]);
        echoes.chain(counts).chain(books).collect()
    }

    fn twice(&self) -> Vec<&String> {
        self.said
            .iter()
            .filter(|(_, times)| **times > 1)
            .map(|(key, _)| key)
            .collect()
    }

    fn closing_line(&self, store: &str) -> String {
        let in_flight = self.in_flight.iter().sum::<usize>() as f64 / self.in_flight.len().max(1) as f64;
        let redis_kills = self
            .redis
            .as_ref()
            .map_or_else(String::new, |_| format!(" and {} of Redis itself", self.redis_kills));
        format!(
            "chaos on {store}: {} kills{redis_kills} ({in_flight:.1} commands under way at each), {} commands, {} answered, {} twice, \
             {} lost, counters: {} counted, {} booked",
            self.kills,
            self.given.len(),
            self.answered,
            self.twice().len(),
            self.outstanding(),
            self.asked(Kind::Count).count(),
            self.booked.len(),
        )
    }

    /// What was said wrongly, or not at all; nothing if all is right.
    fn faults(&self) -> Option<String> {
        let wanted = self.wanted();
        let is_of_the_run = |key: &&String| !key.starts_with("settled ");
        let missing: Vec<_> = wanted.iter().filter(|key| !self.said.contains_key(*key)).collect();
        let said = self.said.keys().filter(is_of_the_run);
        let unasked: Vec<_> = said.filter(|key| !wanted.contains(*key)).collect();
        let twice = self.twice();
        let none = missing.is_empty() && unasked.is_empty() && twice.is_empty() && self.strange.is_empty();
        (!none).then(|| {
            format!(
                "never said: {missing:?}; said without being asked: {unasked:?}; said twice: {twice:?}; said what it \
                 should not: {:?}",
                self.strange
            )
        })
    }

    fn assert_right(&self) {
        assert_eq!(self.faults(), None);
        // Each sum was handed out once: to every person, in every conversation and over all.
        let (mut mine, mut ours, mut all) = (BTreeMap::new(), BTreeMap::new(), BTreeSet::new());
        for (number, booked) in &self.booked {
            let lane = self.given[*number].lane;
            mine.entry(lane / PLACES.len())
                .or_insert_with(BTreeSet::new)
                .insert(booked.mine);
            ours.entry(place(lane))
                .or_insert_with(BTreeSet::new)
                .insert(booked.ours);
            all.insert(booked.all);
        }
        for sums in mine.values().chain(ours.values()).chain([&all]) {
            assert!(sums.iter().copied().eq(1..=sums.len()), "a sum is missing: {sums:?}");
        }
        assert_eq!(mine.values().map(BTreeSet::len).sum::<usize>(), self.booked.len());
        assert_eq!(ours.values().map(BTreeSet::len).sum::<usize>(), self.booked.len());
        assert_eq!(all.len(), self.booked.len());
        let idle = self.in_flight.iter().filter(|count| **count == 0).count();
        assert!(idle * 10 <= self.kills, "{idle} of {} kills met no work", self.kills);
    }
}

/// The conversation that a lane is in, by its first lane.
fn place(lane: usize) -> usize {
    if lane % PLACES.len() == DIRECT {
        lane
    } else {
        lane % PLACES.len()
    }
}

/// A line of one person at one place.
fn in_lane(lane: usize, text: String) -> Line {
    Line::new(text)
        .by(PEOPLE[lane / PLACES.len()])
        .at(PLACES[lane % PLACES.len()])
}

/// The number in an answer of `!count`, in either language.
fn counted(text: &str) -> Option<usize> {
    let english = text
        .strip_prefix("That was number ")
        .and_then(|rest| rest.strip_suffix('.'));
    english.or_else(|| text.strip_suffix("번째입니다."))?.parse().ok()
}
