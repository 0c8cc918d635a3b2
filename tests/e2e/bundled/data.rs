//! Questions of data, on a real MariaDB with the table of members that a team wrote about.

use crate::support::bot::{Bot, Plan};
use crate::support::guests::data;
use crate::support::process::{finish, moa};
use crate::support::record::Record;
use crate::support::sim::{Line, Workspace};
use moa_sql::{Connection, Database, Limits, Settings};
use moa_test_databases::{PASSWORD, mariadb_or_skip};
use std::path::Path;

const ROSIE: &str = "U00000ROSIE";
const SALLY: &str = "U00000SALLY";
const CONFIG: &str = r#"
[sql.members]
url = { env = "MEMBERS" }
seconds = 4

[plugin.data.grant]
sql = ["members"]

[[access]]
command = "data:data"
argument = { query = ["신규회원", "recent-members"] }
effect = "allow"

[[access]]
command = "data:data"
role = "analyst"
effect = "allow"

[[access]]
command = "data:data"
argument = { query = "*" }
effect = "deny"

[plugin.data.config.queries.recent-members]
names = ["신규회원"]
database = "members"
sql = "SELECT MEMBER_NAME AS 이름 FROM MEMBER_INFO WHERE MEMBER_REGIST_DATE >= :since ORDER BY MEMBER_NO ASC"
params = [{ name = "since", type = "date", default = "7d" }]

[plugin.data.config.queries.joined]
names = ["가입"]
database = "members"
sql = """
SELECT MEMBER_NO, MEMBER_NAME, MEMBER_REGIST_DATE FROM MEMBER_INFO
WHERE MEMBER_REGIST_DATE >= :period_from AND MEMBER_REGIST_DATE < :period_until AND (:name IS NULL OR MEMBER_NAME = :name)
ORDER BY MEMBER_NO -- the oldest first
"""
params = [{ name = "period", type = "period" }, { name = "name", type = "text", optional = true }]
times = 5
"#;

/// Members who joined this many days ago; for each a name.
const MEMBERS: [(&str, u32); 4] = [("로지", 90), ("샐리", 10), ("앨리", 6), ("빈센트", 0)];

async fn made(url: &str) -> Connection {
    let settings = Settings {
        database: Database::parse("made", url, Path::new("")).unwrap(),
        write: true,
        limits: Limits::default(),
    };
    let connection = Connection::open("made", settings).unwrap();
    let table = "CREATE TABLE MEMBER_INFO (MEMBER_NO INT AUTO_INCREMENT PRIMARY KEY, MEMBER_NAME VARCHAR(50) NOT NULL, \
                 MEMBER_REGIST_DATE DATETIME NOT NULL)";
    connection.execute(table, vec![]).await.unwrap();
    for (name, days) in MEMBERS {
        let insert = format!(
            "INSERT INTO MEMBER_INFO (MEMBER_NAME, MEMBER_REGIST_DATE) VALUES ('{name}', NOW() - INTERVAL {days} DAY)"
        );
        connection.execute(&insert, vec![]).await.unwrap();
    }
    connection
}

async fn start(workspace: &Workspace, url: &str) -> Bot {
    let plan = Plan::new(workspace).plugin(data()).config(CONFIG);
    plan.env("MEMBERS", url).env("MOA_BOT__ADMINS", ROSIE).start().await
}

/// What the person alone is told.
async fn told(workspace: &Workspace, line: &Line, id: &str) -> String {
    let sent = workspace.send(line).await;
    let own = |record: &Record| {
        let mut answers = workspace.answers(record, &sent).into_iter();
        answers.find(|post| post.only_for.as_deref() == Some(id))
    };
    workspace.until("what one person is told", own).await.text
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn members_are_asked_for_in_words_and_nothing_that_is_said_becomes_a_statement() {
    let Some(server) = mariadb_or_skip().unwrap() else {
        return;
    };
    let watcher = made(&server.url()).await;
    let workspace = Workspace::start().await;
    let bot = start(&workspace, &server.url()).await;
    let rosie = |text: &str| Line::new(text).by("rosie");

    let overview = workspace.ask(&rosie("!데이터")).await.text;
    assert!(overview.contains("!데이터 신규회원 [since: 날짜 = 7d]"), "{overview}");
    let week = workspace.ask(&rosie("!데이터 신규회원 7일")).await.text;
    assert!(
        week.contains("2행") && week.contains("앨리\n빈센트") && !week.contains("샐리"),
        "{week}"
    );
    let count = workspace.ask(&Line::new("!data recent-members 100d count")).await.text;
    assert!(count.ends_with(": 4"), "{count}");
    let today = workspace.ask(&Line::new("!data recent-members today")).await.text;
    assert!(today.contains("1 rows") && today.contains("빈센트"), "{today}");

    // Roles are the host's: whoever has none is told, and whoever gets one may.
    let denied = told(&workspace, &Line::new("!data joined 7d").by("sally"), SALLY).await;
    assert!(denied.contains("analyst"), "{denied}");
    workspace.ask(&rosie("!역할 부여 analyst @sally")).await;
    let sally = |text: &str| Line::new(text).by("sally");
    let joined = workspace.ask(&sally("!데이터 가입 2020-01-01~오늘 개수")).await.text;
    assert!(joined.ends_with(": 4"), "{joined}");
    // The message of the file; its content is what the transcripts show.
    let file = workspace.ask(&sally("!데이터 가입 2주 파일")).await.text;
    assert!(file.starts_with("*가입*") && file.ends_with(": 3행"), "{file}");

    // What is said is a value, whatever it looks like.
    for said in [
        "name=\"' OR '1'='1\"",
        "name=\"'; DROP TABLE MEMBER_INFO; -- \"",
        "name=\"\\\\' OR 1=1 -- \"",
    ] {
        let nobody = workspace
            .ask(&sally(&format!("!데이터 가입 100일 {said} 개수")))
            .await
            .text;
        assert!(nobody.ends_with(": 0"), "{said}: {nobody}");
    }
    let rows = watcher
        .query("SELECT COUNT(*) FROM MEMBER_INFO", vec![])
        .await
        .unwrap()
        .rows;
    assert_eq!(rows, [[moa_sql::Cell::Integer(4)]]);
    let enough = workspace.ask(&sally("!데이터 가입 100일")).await.text;
    assert!(enough.contains("60분에 5번까지"), "{enough}");

    // Who asked what: for admins, and in the host's audit log.
    let refused = told(&workspace, &sally("!데이터기록"), SALLY).await;
    assert!(!refused.contains("joined"), "{refused}");
    let log = told(&workspace, &rosie("!데이터기록"), ROSIE).await;
    for part in ["recent-members", "joined", "name='; DROP TABLE", SALLY] {
        assert!(log.contains(part), "{part}: {log}");
    }
    let audit = finish(moa(bot.home()).args(["audit", "--user", SALLY, "--json"])).await;
    assert_eq!(audit.code, Some(0), "{audit:?}");
    assert!(
        audit.stdout.contains("데이터") && audit.stdout.contains("denied"),
        "{}",
        audit.stdout
    );
    watcher.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_is_away_or_not_granted_is_told_and_its_address_is_not() {
    let workspace = Workspace::start().await;
    let bot = start(&workspace, "mysql://moa:pass%2Fword%3A1@127.0.0.1:1/moa").await;
    let away = workspace.ask(&Line::new("!data recent-members")).await.text;
    assert!(away.contains("cannot be reached now"), "{away}");
    drop(bot);
    let ungranted = CONFIG.replace("sql = [\"members\"]", "sql = []");
    let plan = Plan::new(&workspace).plugin(data()).config(&ungranted);
    let bot = plan.env("MEMBERS", "sqlite::memory:").start().await;
    let told = workspace.ask(&Line::new("!data recent-members")).await.text;
    assert!(told.contains("not granted"), "{told}");
    let all: String = workspace
        .record()
        .await
        .posts()
        .iter()
        .map(|post| post.text.clone())
        .collect();
    assert!(!all.contains(PASSWORD) && !all.contains("127.0.0.1"), "{all}");
    drop(bot);
}
