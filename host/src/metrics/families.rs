//! Every family of numbers: its name, what it is, and its labels. `docs/metrics.md` lists the same.

/// What kind of number it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// It only grows, and begins anew with the process.
    Counter,
    /// It goes up and down.
    Gauge,
    /// How often something was how large.
    Histogram,
}

impl Kind {
    /// As Prometheus calls it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Counter => "counter",
            Self::Gauge => "gauge",
            Self::Histogram => "histogram",
        }
    }
}

/// A family of numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Family {
    /// Its name.
    pub name: &'static str,
    /// What kind of number.
    pub kind: Kind,
    /// Its labels.
    pub labels: &'static [&'static str],
    /// What it tells.
    pub help: &'static str,
}

macro_rules! families {
    ($($id:ident $kind:ident $name:literal [$($label:literal),*] $help:literal;)+) => {
        $(
            #[doc = $help]
            pub const $id: Family = Family {
                name: $name,
                kind: Kind::$kind,
                labels: &[$($label),*],
                help: $help,
            };
        )+
        /// All of them, in the order in which they are shown.
        pub const ALL: &[Family] = &[$($id),+];
    };
}

families! {
    BUILD Gauge "moa_build_info" ["version", "contract"] "Always 1; which moa runs, and the versions of the plugin contract that it runs.";
    READY Gauge "moa_ready" [] "Whether /readyz says yes.";
    LATENESS Gauge "moa_loop_lateness_seconds" [] "How late the last beat of the host's pulse came.";
    RECEIVED Counter "moa_events_received_total" ["service"] "Events that arrived.";
    EVENTS Counter "moa_events_total" ["service", "result"] "What became of events.";
    RESUMED Counter "moa_events_resumed_total" [] "Events of an earlier run that were taken up again.";
    CALLS Counter "moa_calls_total" ["plugin", "kind", "result"] "Calls of plugins that ended.";
    RETRIES Counter "moa_call_retries_total" ["plugin"] "Calls that asked to be tried again.";
    FAULTS Counter "moa_plugin_faults_total" ["plugin", "fault"] "Calls that were ended for what they did, or that the host could not run.";
    TURNED_AWAY Counter "moa_turned_away_total" ["plugin", "why"] "Calls that were not begun.";
    OWN Counter "moa_host_answers_total" [] "What the host itself answered: help, refusals, orders of admins.";
    ANSWERS Histogram "moa_answer_seconds" ["plugin"] "From the arrival of an event until the plugin's answer had left.";
    STAGES Histogram "moa_stage_seconds" ["stage"] "The parts of that: the wait for a turn, the call, the way to disk, the way out.";
    CPU Counter "moa_plugin_cpu_seconds_total" ["plugin"] "Time that a plugin computed.";
    MEMORY Gauge "moa_plugin_memory_peak_bytes" ["plugin"] "The most memory that one call had since the plugin was loaded.";
    STATE Gauge "moa_plugin_state" ["plugin", "state"] "1 for the state that a plugin is in.";
    PLUGINS Gauge "moa_plugins" ["state"] "Plugins in each state; broken ones are files of which nothing is loaded.";
    LOADS Counter "moa_plugin_loads_total" ["code"] "Plugin files of which machine code was found, or made.";
    LOAD_FAILURES Counter "moa_plugin_load_failures_total" [] "Plugin files that could not be loaded.";
    WAITING Gauge "moa_queue_waiting" ["plugin"] "Calls that wait for their turn.";
    RUNNING Gauge "moa_queue_running" ["plugin"] "Calls that run, until their answer has left.";
    IN_FLIGHT Gauge "moa_in_flight" [] "Calls of all plugins and of the host itself that run or wait.";
    JOURNAL_OPEN Gauge "moa_journal_open" [] "Events that were accepted and are not finished.";
    JOURNAL_OLDEST Gauge "moa_journal_oldest_seconds" [] "Age of the oldest of them; 0 where there is none.";
    STORE_UP Gauge "moa_store_up" [] "Whether the store answers.";
    STORE_BYTES Gauge "moa_store_bytes" [] "Size of the store's file; absent for a store that has none.";
    STORE_TIMES Histogram "moa_store_seconds" ["operation"] "How long the store takes.";
    STORE_FAILURES Counter "moa_store_failures_total" ["operation"] "How often the store failed.";
    NOT_SAMPLED Counter "moa_sample_failures_total" ["what"] "How often the store did not say how it is, so that what it said last is shown on.";
    BRAIN_BYTES Gauge "moa_brain_bytes" ["plugin"] "What a plugin remembers.";
    BRAIN_KEYS Gauge "moa_brain_keys" ["plugin"] "How many entries that are.";
    MESSAGES Counter "moa_messages_total" ["result"] "Messages on their way out.";
    AGAIN Counter "moa_message_retries_total" ["why"] "Attempts to send that were repeated.";
    FOUND Counter "moa_messages_found_total" [] "Messages that were not sent again because they stood there already.";
    LINKS Gauge "moa_slack_connections" [] "Websockets to Slack that are open.";
    CONNECTED Counter "moa_slack_connections_opened_total" [] "Websockets to Slack that greeted.";
    ENDED Counter "moa_slack_connections_ended_total" [] "Websockets to Slack that ended.";
    SILENCE Gauge "moa_slack_silence_seconds" [] "How long ago the most talkative websocket was last heard; absent without one.";
    PINGS Counter "moa_slack_pings_total" [] "Pings that were sent to Slack.";
    ROUND_TRIPS Histogram "moa_slack_ping_seconds" [] "How long their answers took.";
    ENVELOPES Counter "moa_slack_envelopes_total" [] "Envelopes that Slack sent.";
    SLACK_CALLS Counter "moa_slack_calls_total" ["result"] "Calls of Slack's Web API.";
    SLACK_TIMES Histogram "moa_slack_call_seconds" [] "How long they took.";
    JOBS Counter "moa_job_runs_total" ["result"] "Jobs that were due.";
    MISSED Counter "moa_jobs_missed_total" [] "How often due times of a job were missed and left out.";
    LATE Histogram "moa_job_lateness_seconds" [] "How much later than due jobs were begun.";
    JOB_STATES Gauge "moa_jobs" ["state"] "Jobs in each state.";
    WEBHOOKS Counter "moa_webhooks_total" ["status"] "Requests of the outside world, by what they were answered.";
    HTTP Counter "moa_http_requests_total" ["plugin", "result"] "Requests that plugins sent to the outside world.";
    SQL Counter "moa_sql_statements_total" ["plugin", "result"] "Statements that plugins gave to databases.";
    OBJECTS Counter "moa_objects_uses_total" ["plugin", "result"] "Uses that plugins made of buckets.";
    CACHE_FILES Gauge "moa_compiled_cache_files" [] "Compiled plugins on disk.";
    CACHE_BYTES Gauge "moa_compiled_cache_bytes" [] "Their size.";
    LOG_LINES Counter "moa_log_lines_total" ["level"] "Warnings and errors in the host's log.";
    STARTED Gauge "process_start_time_seconds" [] "When the process started, in seconds since 1970.";
    RESIDENT Gauge "process_resident_memory_bytes" [] "Memory that the process holds.";
    RESIDENT_PEAK Gauge "process_resident_memory_peak_bytes" [] "The most that it ever held.";
    PROCESS_CPU Counter "process_cpu_seconds_total" [] "Time that the process computed.";
    FILES Gauge "process_open_fds" [] "Files and connections that the process has open.";
    MOST_FILES Gauge "process_max_fds" [] "How many it may have.";
    THREADS Gauge "process_threads" [] "Threads of the process.";
}
