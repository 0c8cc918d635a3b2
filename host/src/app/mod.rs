//! The composition root: the one place where everything meets, and the order in which it starts and stops.
//!
//! Start: data directory, store, the operator's socket, engine, plugins, who we are, intake, connection. Stop: connection,
//! calls that run, store. Whatever has not finished by then is in the journal and is taken up by the next start.

mod allowed;
mod audit;
mod course;
mod outside;
pub mod reload;
mod services;
pub mod signal;

pub use allowed::{config_of, grants_of, limits_of};
pub use services::Tokens;

use crate::access::{Access, Names, Roles};
use crate::adapter::{Adapter, Fatal};
use crate::admin::{self, Admin};
use crate::admins::Admins;
use crate::capability::{Grants, Machine, World};
use crate::control::{Decides, Desk, Watched};
use crate::dashboard::{self, Dashboard};
use crate::data::{Data, Unnamed};
use crate::descriptors;
use crate::dispatch::Dispatch;
use crate::grants::{Approvals, Asking};
use crate::health::Health;
use crate::intake::{self, Door, Intake};
use crate::invocation::{Invoker, Work};
use crate::lessons::Lessons;
use crate::log;
use crate::logs::Logs;
use crate::maintenance::Maintenance;
use crate::matching::Matcher;
use crate::metrics::{self, store::Measured};
use crate::outbox::Outbox;
use crate::outward::Outward;
use crate::pending::Pendings;
use crate::questions::Questions;
use crate::rates::Rates;
use crate::registry::{self, Compiler, Locks, Registry, Report, Visit};
use crate::rest::Rests;
use crate::schedule::Schedules;
use crate::service::{self, Life};
use crate::sight::{Eyes, Sight};
use crate::stores::{self, Purpose};
use crate::web::{Endpoints, Hooks, Past, SetUp};
use allowed::allowances;
use anyhow::Context;
use course::{Told, attend, drain, keep_house, report};
use moa_core::access::Rules;
use moa_core::config::Config;
use moa_core::manifest::Manifest;
use moa_core::router::{Me, Settings};
use moa_engine::Engine;
use outside::Outside;
use reload::{Reload, Reread};
use services::{Services, Webhooks};
use std::fs;
use std::io::IsTerminal as _;
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::Path;
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};
use tokio::sync::{Notify, mpsc};
use tokio_util::task::TaskTracker;
use tracing::Instrument as _;

/// How long is waited for what is done beside the calls: reactions that are taken away.
const COURTESIES: Duration = Duration::from_secs(2);

/// How long a start waits for a command that changes plugins.
const PATIENCE: Duration = Duration::from_secs(10);

/// What an operator decided about plugins, in the data directory.
pub const LOCKS: &str = "plugins.lock";

/// What a host is started with.
pub struct Start {
    /// The configuration.
    pub config: Config,
    /// What opens Slack; without it there is only what else the configuration has.
    pub tokens: Option<Tokens>,
    /// Whether plugins get all that they ask for (`moa dev`) or what the configuration grants.
    pub grant_everything: bool,
    /// Whether faults tell file and line, see [`moa_engine::Options::source_lines`] (`moa dev`).
    pub source_lines: bool,
    /// How compiled code is made.
    pub compiler: Compiler,
    /// Is told what the registry does, instead of the log.
    pub reports: Option<mpsc::UnboundedSender<Report>>,
    /// The last lines of the plugins' logs; whoever starts the log fills it.
    pub logs: Arc<Logs>,
    /// Is told how it goes.
    pub life: Life,
    /// How the configuration is read again when that is asked for; where there is none it never is.
    pub reread: Option<Reread>,
}

/// The chat service refused the credentials for good.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct CredentialsRefused(pub Fatal);

/// Runs a host until `stop` returns.
///
/// # Errors
/// What kept it from starting, with the remedy; [`CredentialsRefused`] when the service refuses the credentials, at the
/// start or later.
pub async fn run(start: Start, stop: impl Future<Output = ()>) -> anyhow::Result<()> {
    metrics::process::begin();
    let begun = Instant::now();
    let Start {
        config,
        tokens,
        grant_everything,
        source_lines,
        compiler,
        reports,
        logs,
        life,
        reread,
    } = start;
    life.status("starting");
    // From here on: who is asked to read its configuration again while it starts does not end by that. Where there is a
    // terminal, that this is gone still ends a start.
    let hangups = (reread.is_some() && !std::io::stdin().is_terminal()).then(signal::Hangups::listen);
    let webhooks = Webhooks::read(&config, grant_everything)?;
    let secrets = webhooks.secrets(tokens.as_ref());
    let set_up = SetUp::of(&config, grant_everything)?;
    prepare_data_dir(&config.bot.data_dir)?;
    let store = Measured::over(stores::open(&config.store.url, Purpose::Host).await?);
    // A command that found no host may be at it.
    let locks = Locks::own_within(&config.bot.data_dir.join(LOCKS), PATIENCE).await?;
    let record = audit::Record::open(&config, &store, &secrets).await?;
    let engine = Engine::new(moa_engine::Options {
        source_lines,
        ..Default::default()
    })?;
    let approvals = Approvals::load(Arc::clone(&store)).await?;
    let roles = Roles::load(Arc::clone(&store)).await?;
    let maintenance = Maintenance::load(Arc::clone(&store)).await?;
    let mut allowances = allowances(&config, grant_everything);
    if let Grants::Configured(says) = &mut allowances.grants {
        says.approved = approvals.approved();
    }
    let outward = Arc::new(Outward::of(&config, &secrets)?);
    allowances.outward = Arc::clone(&outward);
    let data = Arc::new(Data::of(&config, unnamed(&config, grant_everything))?);
    allowances.data = Arc::clone(&data);
    let allowances = Arc::new(allowances);
    let (told, heard) = mpsc::unbounded_channel();
    let reporter = tokio::spawn(report(heard, reports));
    let parts = registry::Parts {
        engine,
        dir: config.plugins.dir.clone(),
        cache_dir: config.bot.data_dir.join("compiled"),
        compiler,
        room: descriptors::raise(),
        limits: {
            let allowances = Arc::clone(&allowances);
            Arc::new(move |plugin| allowances.of(plugin).limits.clone())
        },
        config: {
            let allowances = Arc::clone(&allowances);
            Arc::new(move |plugin| Arc::clone(&allowances.of(plugin).config))
        },
        aliases: config.aliases.clone(),
        store: Arc::clone(&store),
        reports: told,
    };
    let registry = Arc::new(Registry::with(parts, locks, Visit::Stay)?);
    logs.know(registry.cell());
    // From here on, so that the operator can look into a bot that cannot connect.
    let health = Arc::<Health>::default();
    let _pulse = health.pulse();
    let _goes_on = service::life::watch(Arc::clone(&store), Arc::clone(&health));
    let endpoints = Arc::new(Endpoints::none(&config.bot.data_dir));
    let sight = Sight::new(
        &config,
        Arc::clone(&health),
        Arc::clone(&store),
        Arc::clone(&registry),
        Arc::clone(&endpoints),
    );
    let ordered = Arc::<Notify>::default();
    let watched = Watched {
        sight: Arc::clone(&sight),
        stop: Arc::clone(&ordered),
    };
    let stop = async move {
        tokio::select! {
            () = stop => {}
            () = ordered.notified() => tracing::info!("the operator asks it to stop"),
        }
    };
    let desk = Desk::open(&config, &store, Arc::clone(&registry), logs, watched).await;
    desk.record(record.audit());
    desk.control().limit({
        let allowances = Arc::clone(&allowances);
        move |plugin| (&*allowances.of(plugin)).into()
    });
    // What else the operator is shown is merged with these.
    let dashboard = Dashboard::new(&desk.control(), dashboard::Settings::of(&config));
    let shown = admin::health::routes(&sight).merge(dashboard.routes());
    let admin = Admin::open(&config, shown, &endpoints, grant_everything).await?;
    if let Some(address) = admin.address() {
        dashboard.opened(&config, address);
        if grant_everything && let Some(link) = desk.control().invitation() {
            println!("  Dashboard    {link} (once, within 10 minutes)");
        }
    }

    let mut stop = std::pin::pin!(stop);
    let services = tokio::select! {
        biased;
        // Slack may be away for long, and asking goes on as long.
        () = &mut stop => {
            life.stopping();
            admin.close().await;
            registry.shutdown().await;
            drop(desk);
            record.close().await;
            return Ok(store.close().await?);
        }
        opened = {
            life.status("signing in to the chat service");
            Services::open(&config, tokens.as_ref(), webhooks)
        } => opened?,
    };
    let adapter = Arc::clone(&services.adapter);
    let outbox = Outbox::new(
        Arc::clone(&adapter),
        config.outbox.per_conversation_per_second,
        config.outbox.burst,
    );
    let outbox = Arc::new(outbox.hiding(outward.redactor.clone()));
    let lessons = Lessons::load(Arc::clone(&store), &registry).await?;
    let questions = Questions::load(Arc::clone(&store)).await?;
    let access = Arc::new(Access::new(
        Rules(config.access.clone()),
        config.bot.admins.clone(),
        Arc::clone(&roles),
    ));
    let names = Arc::new(Names {
        access: Arc::clone(&access),
        plugins: registry.cell(),
    });
    let follower: Weak<Names> = Arc::downgrade(&names);
    registry.follow(follower);
    let pendings = Pendings::load(Arc::clone(&store), config.approval.expires).await?;
    let settings = settings(&config);
    let may = {
        let allowances = Arc::clone(&allowances);
        move |plugin: &str, manifest: &Manifest| allowances.grants.of(plugin, &manifest.requests).schedule().is_ok()
    };
    let rests = Arc::<Rests>::default();
    let is_resting = {
        let (rests, plugins) = (Arc::clone(&rests), registry.cell());
        move |plugin: &str| {
            let snapshot = plugins.load();
            let loaded = snapshot.plugins.get(plugin);
            let resting = loaded.and_then(|loaded| rests.of(plugin, (&loaded.version, loaded.since)));
            // Of one that is tried out it is not known yet.
            resting.is_some_and(|row| row.until.is_none_or(|until| until > Instant::now()))
        }
    };
    let schedules = Schedules::empty(Arc::clone(&store), Arc::clone(&maintenance), &config.bot.timezone)
        .with(Arc::new(may))
        .waiting(Arc::new(is_resting))
        .load(&registry)
        .await?;
    desk.schedule(&schedules);
    let matcher = Arc::new(Matcher {
        me: me(&*adapter),
        voices: services.voices(&settings),
        settings,
        registry: Arc::clone(&registry),
        rates: Arc::new(Rates::new(&config.rate)),
        lessons: Arc::clone(&lessons),
        questions: Arc::clone(&questions),
        access: Arc::clone(&access),
        maintenance: Arc::clone(&maintenance),
        pendings: Arc::clone(&pendings),
        schedules: Arc::clone(&schedules),
    });
    let courtesies = TaskTracker::new();
    let world: Arc<dyn World> = Arc::new(Machine);
    let revoked = outbox.revoked();
    let admins = Arc::new(Admins {
        ids: arc_swap::ArcSwap::from_pointee(config.bot.admins.clone()),
        adapter: Arc::clone(&adapter),
        outbox: Arc::clone(&outbox),
        locale: config.bot.locale,
        beside: courtesies.clone(),
    });
    record.tell(&admins);
    let asking = Asking::new(
        registry.cell(),
        allowances.grants.clone(),
        Arc::clone(&approvals),
        Arc::clone(&admins),
    );
    let follower: Weak<Asking> = Arc::downgrade(&asking);
    registry.follow(follower);
    desk.decide(Decides {
        standing: asking.standing().clone(),
        approvals: Arc::clone(&approvals),
        roles,
        maintenance,
        rests: Arc::clone(&rests),
    });
    let asking = tokio::spawn(asking.watch());
    let reload = reread.map(|reread| {
        let reload = Reload {
            reread,
            own: secrets.clone(),
            allowances: Arc::clone(&allowances),
            access: Arc::clone(&access),
            names: Arc::clone(&names),
            rates: Arc::clone(&matcher.rates),
            admins: Arc::clone(&admins),
            audit: record.audit(),
            registry: Arc::clone(&registry),
            life: life.clone(),
        };
        let hangups = hangups.unwrap_or_else(signal::Hangups::listen);
        tokio::spawn(reload.watch(config.clone(), hangups))
    });
    let invoker = Arc::new(Invoker {
        adapter: Arc::clone(&adapter),
        outbox,
        store: Arc::clone(&store),
        world: Arc::clone(&world),
        allowances: Arc::clone(&allowances),
        matcher: Arc::clone(&matcher),
        approvals,
        rests: Arc::clone(&rests),
        admins,
        audit: record.audit(),
        courtesies: courtesies.clone(),
        locale: config.bot.locale,
        timezone: config.bot.timezone.clone(),
    });
    // A call gives its turn back before its record is closed, so the turns alone do not tell whether all is done.
    let calls = TaskTracker::new();
    let dispatch = Dispatch::new({
        let calls = calls.clone();
        move |work: Work, turn| {
            let invoker = Arc::clone(&invoker);
            let span = log::event(&work.event);
            calls.spawn(async move { invoker.run(work, turn).await }.instrument(span));
        }
    });
    let intake = Intake::new(intake::Parts {
        matcher: Arc::clone(&matcher),
        store: Arc::clone(&store),
        world,
        dispatch: dispatch.clone(),
        allowances,
        max_age: config.journal.max_age,
    })
    .await?;
    desk.attach(
        lessons,
        Arc::clone(&questions),
        Arc::clone(&pendings),
        Arc::clone(&intake),
    );
    sight.open(Eyes {
        intake: Arc::clone(&intake),
        dispatch: dispatch.clone(),
        schedules: Arc::clone(&schedules),
        rests,
        connects: services.connects(),
    });
    let door: Arc<dyn crate::adapter::Intake> = Arc::new(Door(Arc::clone(&intake)));
    let past = Past {
        intake: Arc::clone(&intake),
        store: Arc::clone(&store),
    };
    let hooks = Hooks::start(set_up, matcher, Arc::clone(&door), past).await;
    let routes = services.routes(&door).merge(hooks.routes());
    let outside = Outside::open(&config, routes, &endpoints, grant_everything).await?;
    let listener = services.listen(door);
    let opening = tokio::spawn({
        let intake = Arc::clone(&intake);
        async move { intake.start().await }
    });
    health.goes({
        let (intake, dispatch) = (Arc::clone(&intake), dispatch.clone());
        move || {
            intake.walk();
            dispatch.outstanding();
        }
    });
    let housekeeping = tokio::spawn(keep_house(Arc::clone(&store), Arc::clone(&intake)));
    let waiting = tokio::spawn({
        let intake = Arc::clone(&intake);
        async move {
            let tell = |event| intake.tell(event);
            let hand_in = |event| intake.hand_in(event);
            tokio::join!(
                questions.watch(&Machine, tell),
                pendings.watch(&Machine, tell),
                schedules.watch(&Machine, &hand_in)
            )
        }
    });

    let still_opening = opening.abort_handle();
    let ended = attend(
        &intake,
        &adapter,
        Told {
            registry: &registry,
            life: &life,
            connects: listener.is_some(),
            begun,
        },
        opening,
        revoked,
        &mut stop,
    )
    .await;
    life.stopping();
    if let Some(reload) = reload {
        reload.abort();
    }
    // What it would still take up stays in the journal.
    still_opening.abort();

    sight.stop();
    // What is acknowledged from now on would be work for nobody; what runs may still answer and be acknowledged.
    if let Some(listener) = &listener {
        listener.pause();
    }
    outside.pause();
    waiting.abort();
    asking.abort();
    drain(&dispatch, &calls).await;
    dispatch.stop();
    courtesies.close();
    // Whoever is not thanked in time will not be.
    let _ = tokio::time::timeout(COURTESIES, courtesies.wait()).await;
    outside.close().await;
    data.close().await;
    if let Some(listener) = listener {
        listener.close().await;
    }
    housekeeping.abort();
    registry.shutdown().await;
    reporter.abort();
    admin.close().await;
    drop(desk);
    record.close().await;
    let closed = store.close().await;
    // Why it ended says more than how.
    ended?;
    closed?;
    tracing::info!("stopped");
    Ok(())
}

/// Makes the data directory, for this user alone: it holds what plugins remember and the compiled code that is run.
fn prepare_data_dir(dir: &Path) -> anyhow::Result<()> {
    let remedy = || {
        format!(
            "the data directory {} cannot be used; make it writable, or set another with --data-dir or bot.data-dir",
            dir.display()
        )
    };
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(dir)
        .with_context(remedy)?;
    let mode = fs::metadata(dir).with_context(remedy)?.permissions().mode();
    if mode & 0o1000 != 0 {
        // Such as /tmp: to close it to the others would take it from them.
        anyhow::bail!(
            "the data directory {0} is shared with other users; set one of its own, such as {0}/moa-data",
            dir.display()
        );
    }
    if mode & 0o077 != 0 {
        fs::set_permissions(dir, fs::Permissions::from_mode(0o700)).with_context(remedy)?;
    }
    Ok(())
}

/// What there is under names of databases and buckets that nobody configured: where plugins are tried out, something to try
/// them with.
fn unnamed(config: &Config, trying: bool) -> Unnamed {
    match trying {
        true => Unnamed::Folder(config.bot.data_dir.clone()),
        false => Unnamed::Nothing,
    }
}

fn settings(config: &Config) -> Settings {
    Settings {
        prefixes: config.bot.prefixes.clone(),
        unknown: config.bot.unknown,
        names: vec![config.bot.name.clone()],
        timezone: jiff::tz::TimeZone::get(&config.bot.timezone).unwrap_or(jiff::tz::TimeZone::UTC),
    }
}

fn me(adapter: &dyn Adapter) -> Me {
    let me = adapter.me();
    Me {
        user_id: me.user_id.clone(),
        bot_id: me.bot_id.clone(),
        names: vec![me.name.clone()],
        keywords: Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_data_directory_is_closed_to_others_unless_it_is_theirs_too() {
        let dir = tempfile::tempdir().unwrap();
        let mode = |dir: &Path| fs::metadata(dir).unwrap().permissions().mode() & 0o7777;
        let (new, open, shared) = (
            dir.path().join("a/b"),
            dir.path().join("open"),
            dir.path().join("shared"),
        );
        prepare_data_dir(&new).unwrap();
        assert_eq!(mode(&new), 0o700);
        fs::create_dir(&open).unwrap();
        fs::set_permissions(&open, fs::Permissions::from_mode(0o755)).unwrap();
        prepare_data_dir(&open).unwrap();
        assert_eq!(mode(&open), 0o700);
        fs::create_dir(&shared).unwrap();
        fs::set_permissions(&shared, fs::Permissions::from_mode(0o1777)).unwrap();
        let error = prepare_data_dir(&shared).unwrap_err().to_string();
        assert!(error.contains("shared") && error.contains("moa-data"), "{error}");
        assert_eq!(mode(&shared), 0o1777, "what others use is left as it is");
        fs::write(dir.path().join("file"), "").unwrap();
        let error = format!("{:#}", prepare_data_dir(&dir.path().join("file")).unwrap_err());
        assert!(error.contains("--data-dir"), "{error}");
    }
}
