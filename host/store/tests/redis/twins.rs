//! The rules of the brain stand twice, in Rust and in the scripts: random batches must come out the same.

use crate::*;
use moa_store::{Change, ManualClock, MemoryStore};

const KEYS: [&str; 6] = ["", "a", "ab", "\"quoted\\\"/\u{7f}\n", "\0\u{1}", "가"];
const NUMBERS: [&str; 14] = [
    "0",
    "-0",
    "7",
    "007",
    "-12",
    "999999999999999",
    "1000000000000000",
    "9007199254740993",
    "9223372036854775807",
    "-9223372036854775808",
    "9223372036854775808",
    "00000000000000000001",
    "1.5",
    "x y",
];

struct Twins {
    memory: MemoryStore,
    redis: RedisStore,
    clock: Arc<ManualClock>,
    random: fastrand::Rng,
}

impl Twins {
    fn space(&mut self) -> Space {
        let scope = match self.random.u8(0..4) {
            0 => Scope::User("U1".into()),
            1 => Scope::Conversation("C\0".into()),
            _ => Scope::Plugin,
        };
        Space::new("memo", scope)
    }

    async fn write(&mut self) -> Write {
        let space = self.space();
        let cell = space.cell(*self.random.choice(&KEYS).unwrap());
        let value = match self.random.u8(0..4) {
            0 => vec![0xff; self.random.usize(0..40)],
            _ => self.random.choice(&NUMBERS).unwrap().as_bytes().to_vec(),
        };
        let ttl_ms = match self.random.u8(0..6) {
            0 => Some(u64::MAX),
            1 | 2 => Some(self.random.u64(0..6)),
            _ => None,
        };
        let change = match self.random.u8(0..6) {
            0 | 1 => Change::Set { value, ttl_ms },
            2 => Change::Delete,
            3 => Change::CompareAndSwap {
                expected: match self.random.u8(0..4) {
                    0 => None,
                    1 => Some("12 x".to_owned()),
                    _ => self.memory.get(&cell).await.unwrap().map(|entry| entry.version),
                },
                value,
                ttl_ms,
            },
            _ => Change::Increment {
                by: match self.random.u8(0..5) {
                    0 => i64::MAX,
                    1 => i64::MIN,
                    2 => 9_007_199_254_740_993,
                    _ => self.random.i64(-9..10),
                },
            },
        };
        let limit = self.random.bool().then(|| self.random.u64(0..120));
        Write { cell, change, limit }
    }
}

#[tokio::test]
async fn random_batches_come_out_the_same() {
    let mut refused = 0;
    let Some(server) = server() else { return };
    for seed in 0..4 {
        server.say("FLUSHALL").unwrap();
        let clock = Arc::new(ManualClock::at(1_750_000_000_000));
        let options = RedisOptions {
            clock: Box::new(Arc::clone(&clock)),
            ..RedisOptions::default()
        };
        let mut twins = Twins {
            memory: MemoryStore::new(Arc::clone(&clock)),
            redis: RedisStore::open(&server.url(), options).await.unwrap(),
            clock,
            random: fastrand::Rng::with_seed(seed),
        };
        let seq = accept(&twins.memory, "e").await;
        assert_eq!(accept(&twins.redis, "e").await, seq);
        for round in 0..250 {
            twins.clock.advance(twins.random.i64(0..2));
            let mut writes = Vec::new();
            for _ in 0..twins.random.usize(0..5) {
                writes.push(twins.write().await);
            }
            let effect = twins.random.bool().then(|| effect(seq, twins.random.u32(0..40)));
            let wanted = twins.memory.write(writes.clone(), effect.clone()).await;
            let found = twins.redis.write(writes.clone(), effect.clone()).await;
            assert_eq!(found, wanted, "seed {seed}, round {round}: {writes:?} {effect:?}");
            refused += usize::from(wanted.is_err());
            if twins.random.u8(0..20) == 0 {
                let now = moa_store::Clock::now_ms(&twins.clock);
                let wanted = twins.memory.purge(now).await.unwrap();
                assert_eq!(
                    twins.redis.purge(now).await.unwrap(),
                    wanted,
                    "seed {seed}, round {round}"
                );
            }
            if round % 5 == 0 {
                let wanted = everything(&twins.memory).await;
                assert_eq!(everything(&twins.redis).await, wanted, "seed {seed}, round {round}");
                let wanted = twins.memory.usage().await.unwrap();
                assert_eq!(twins.redis.usage().await.unwrap(), wanted, "seed {seed}, round {round}");
            }
        }
        let wanted = twins.memory.effects(seq, "call").await.unwrap();
        assert_eq!(twins.redis.effects(seq, "call").await.unwrap(), wanted);
        twins.redis.close().await.unwrap();
    }
    assert!((100..900).contains(&refused), "{refused} of 1000 were refused");
}

async fn everything(store: &dyn Store) -> Vec<(Cell, moa_store::Entry)> {
    let mut scan = store.scan(None).await.unwrap();
    let mut all = Vec::new();
    loop {
        let page = scan.next(7).await.unwrap();
        if page.is_empty() {
            return all;
        }
        all.extend(page);
    }
}
