//! One day's file.

use std::path::Path;

use sqlx::{
    AssertSqlSafe, Row, SqlitePool,
    sqlite::{
        SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteRow, SqliteSynchronous,
    },
};

use crate::{Entry, Query, Scope};

const SCHEMA: &str = "
CREATE TABLE IF NOT EXISTS lines (
  id INTEGER PRIMARY KEY, time_ns INTEGER NOT NULL, namespace TEXT NOT NULL, project TEXT NOT NULL,
  component TEXT NOT NULL, environment TEXT NOT NULL, workflow_run TEXT NOT NULL, task TEXT NOT NULL,
  level TEXT NOT NULL, text TEXT NOT NULL, pod TEXT NOT NULL, container TEXT NOT NULL, pod_namespace TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS lines_of_component ON lines (namespace, component, environment, time_ns);
CREATE INDEX IF NOT EXISTS lines_of_run ON lines (namespace, workflow_run, time_ns) WHERE workflow_run != '';
CREATE INDEX IF NOT EXISTS lines_by_time ON lines (time_ns);
CREATE VIRTUAL TABLE IF NOT EXISTS words USING fts5(text, content='lines', content_rowid='id');
CREATE TRIGGER IF NOT EXISTS words_of_lines AFTER INSERT ON lines BEGIN
  INSERT INTO words (rowid, text) VALUES (new.id, new.text);
END;
";

/// Columns in the order of a row.
const COLUMNS: &str = "time_ns, namespace, project, component, environment, workflow_run, task, level, text, pod, \
                       container, pod_namespace";

pub(crate) async fn open(path: &Path) -> Result<SqlitePool, sqlx::Error> {
    let options = SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Normal)
        .busy_timeout(std::time::Duration::from_secs(5));
    let pool = SqlitePoolOptions::new()
        .max_connections(4)
        .connect_with(options)
        .await?;
    sqlx::raw_sql(SCHEMA).execute(&pool).await?;
    Ok(pool)
}

pub(crate) async fn append(pool: &SqlitePool, entries: &[Entry]) -> Result<(), sqlx::Error> {
    let mut transaction = pool.begin().await?;
    for entry in entries {
        let [namespace, project, component, environment, run, task] = entry.scope.parts();
        sqlx::query(
            "INSERT INTO lines (time_ns, namespace, project, component, environment, workflow_run, task, level, text, \
             pod, container, pod_namespace) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
        )
        .bind(entry.time_ns)
        .bind(namespace)
        .bind(project)
        .bind(component)
        .bind(environment)
        .bind(run)
        .bind(task)
        .bind(&entry.level)
        .bind(&entry.text)
        .bind(&entry.pod)
        .bind(&entry.container)
        .bind(&entry.pod_namespace)
        .execute(&mut *transaction)
        .await?;
    }
    transaction.commit().await
}

/// The lines of a day that answer a question, and how many there are in all, up to `cap`.
pub(crate) async fn find(
    pool: &SqlitePool,
    query: &Query,
    limit: u32,
    cap: u32,
) -> Result<(Vec<Entry>, u64), sqlx::Error> {
    let (condition, values) = condition(query);
    let order = if query.ascending { "ASC" } else { "DESC" };
    let select = format!(
        "SELECT {COLUMNS} FROM lines WHERE {condition} ORDER BY time_ns {order}, id {order} LIMIT {limit}"
    );
    // Only column names and placeholders are put together; values are bound.
    let mut rows = sqlx::query(AssertSqlSafe(select));
    let count = format!("SELECT count(*) FROM (SELECT 1 FROM lines WHERE {condition} LIMIT {cap})");
    let mut counted = sqlx::query(AssertSqlSafe(count));
    for value in &values {
        rows = bind(rows, value);
        counted = bind(counted, value);
    }
    let entries = rows
        .fetch_all(pool)
        .await?
        .iter()
        .map(entry)
        .collect::<Result<_, _>>()?;
    let total: i64 = counted.fetch_one(pool).await?.try_get(0)?;
    Ok((entries, u64::try_from(total).unwrap_or_default()))
}

enum Bound {
    Number(i64),
    Text(String),
}

type SqliteQuery<'q> =
    sqlx::query::Query<'q, sqlx::Sqlite, <sqlx::Sqlite as sqlx::Database>::Arguments>;

fn bind<'q>(query: SqliteQuery<'q>, value: &Bound) -> SqliteQuery<'q> {
    match value {
        Bound::Number(number) => query.bind(*number),
        Bound::Text(text) => query.bind(text.clone()),
    }
}

fn condition(query: &Query) -> (String, Vec<Bound>) {
    const NAMES: [&str; 6] = [
        "namespace",
        "project",
        "component",
        "environment",
        "workflow_run",
        "task",
    ];
    let (mut parts, mut values) = (vec!["1=1".to_owned()], Vec::new());
    for (name, value) in NAMES.into_iter().zip(query.scope.parts()) {
        if !value.is_empty() {
            values.push(Bound::Text(value.to_owned()));
            parts.push(format!("{name} = ${}", values.len()));
        }
    }
    for (bound, operator) in [(query.start_ns, ">="), (query.end_ns, "<")] {
        if bound != 0 {
            values.push(Bound::Number(bound));
            parts.push(format!("time_ns {operator} ${}", values.len()));
        }
    }
    if !query.levels.is_empty() {
        let places: Vec<String> = query
            .levels
            .iter()
            .map(|level| {
                values.push(Bound::Text(level.to_ascii_uppercase()));
                format!("${}", values.len())
            })
            .collect();
        parts.push(format!("level IN ({})", places.join(", ")));
    }
    if !query.phrase.trim().is_empty() {
        values.push(Bound::Text(format!(
            "\"{}\"",
            query.phrase.replace('"', "\"\"")
        )));
        parts.push(format!(
            "id IN (SELECT rowid FROM words WHERE words MATCH ${})",
            values.len()
        ));
    }
    (parts.join(" AND "), values)
}

fn entry(row: &SqliteRow) -> Result<Entry, sqlx::Error> {
    let text = |index: usize| row.try_get::<String, _>(index);
    Ok(Entry {
        time_ns: row.try_get(0)?,
        scope: Scope {
            namespace: text(1)?,
            project: text(2)?,
            component: text(3)?,
            environment: text(4)?,
            workflow_run: text(5)?,
            task: text(6)?,
        },
        level: text(7)?,
        text: text(8)?,
        pod: text(9)?,
        container: text(10)?,
        pod_namespace: text(11)?,
    })
}
