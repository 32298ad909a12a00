//! Log lines and questions about them.

/// Whose lines: what is empty is not part of a question.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Scope {
    /// Platform namespace.
    pub namespace: String,
    /// Project.
    pub project: String,
    /// Component.
    pub component: String,
    /// Environment.
    pub environment: String,
    /// Workflow run.
    pub workflow_run: String,
    /// Task of the run.
    pub task: String,
}

impl Scope {
    /// The parts in the order of the columns.
    #[must_use]
    pub fn parts(&self) -> [&str; 6] {
        [
            &self.namespace,
            &self.project,
            &self.component,
            &self.environment,
            &self.workflow_run,
            &self.task,
        ]
    }

    /// Whether a line of scope `other` answers a question about this scope.
    #[must_use]
    pub fn covers(&self, other: &Self) -> bool {
        self.parts()
            .into_iter()
            .zip(other.parts())
            .all(|(own, other)| own.is_empty() || own == other)
    }
}

/// One line.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Entry {
    /// Nanoseconds since 1970.
    pub time_ns: i64,
    /// DEBUG, INFO, WARN or ERROR.
    pub level: String,
    /// What it says; at most 64 KiB.
    pub text: String,
    /// Whose it is.
    pub scope: Scope,
    /// Pod.
    pub pod: String,
    /// Container.
    pub container: String,
    /// Namespace of the pod.
    pub pod_namespace: String,
}

/// Largest text of a line that is kept.
const MAX_TEXT: usize = 64 * 1024;

impl Entry {
    /// Cuts a text that is too long, and finds the level where the sender gave none.
    pub fn normalize(&mut self) {
        if self.text.len() > MAX_TEXT {
            let mut end = MAX_TEXT;
            while !self.text.is_char_boundary(end) {
                end -= 1;
            }
            self.text.truncate(end);
        }
        if self.level.is_empty() {
            level_of(&self.text).clone_into(&mut self.level);
        }
    }
}

/// The level that a text shows in its beginning; INFO when it shows none.
#[must_use]
pub fn level_of(text: &str) -> &'static str {
    let start: String = text
        .chars()
        .take(200)
        .collect::<String>()
        .to_ascii_uppercase();
    let has = |word: &str| {
        start
            .split(|c: char| !c.is_ascii_alphanumeric())
            .any(|part| part == word)
    };
    match () {
        () if has("ERROR") || has("FATAL") || has("PANIC") => "ERROR",
        () if has("WARN") || has("WARNING") => "WARN",
        () if has("DEBUG") || has("TRACE") => "DEBUG",
        () => "INFO",
    }
}

/// A question about lines.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Query {
    /// Whose lines.
    pub scope: Scope,
    /// Nanoseconds since 1970, included; 0: open.
    pub start_ns: i64,
    /// Nanoseconds since 1970, excluded; 0: open.
    pub end_ns: i64,
    /// Most lines of the answer.
    pub limit: u32,
    /// Oldest first.
    pub ascending: bool,
    /// Levels; empty: all.
    pub levels: Vec<String>,
    /// Words that must occur next to each other.
    pub phrase: String,
}
