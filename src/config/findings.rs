//! What is wrong in a configuration, and what to do about it.

use std::fmt;

/// One thing wrong in a configuration file.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Finding {
    /// The file, relative to the configuration's folder; `environment` for a variable.
    pub file: String,
    /// The line, from 1.
    pub line: usize,
    /// How bad.
    pub severity: Severity,
    /// What is wrong.
    pub what: String,
    /// What to do.
    pub remedy: String,
}

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// The node can't run with it.
    Error,
    /// The node runs, but look at it.
    Warning,
}

/// A file and a line in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Place {
    /// Relative to the configuration's folder.
    pub(super) file: String,
    /// From 1.
    pub(super) line: usize,
}

/// Findings as they are collected.
#[derive(Debug, Default)]
pub(super) struct Findings {
    all: Vec<Finding>,
    unreadable: Vec<Place>,
}

// === impl Finding ===

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}: {}", self.file, self.line, self.what, self.remedy)
    }
}

// === impl Findings ===

impl Findings {
    /// Adds something the node can't run with.
    pub(super) fn error(&mut self, at: Place, what: impl Into<String>, remedy: impl Into<String>) {
        self.add(at, Severity::Error, what.into(), remedy.into());
    }

    /// Adds a line that is no TOML: what else seems wrong in it is not worth a finding.
    pub(super) fn unreadable(&mut self, at: Place, what: impl Into<String>, remedy: impl Into<String>) {
        if !self.unreadable.contains(&at) {
            self.error(at.clone(), what, remedy);
            self.unreadable.push(at);
        }
    }

    /// Adds something to look at.
    pub(super) fn warning(&mut self, at: Place, what: impl Into<String>, remedy: impl Into<String>) {
        self.add(at, Severity::Warning, what.into(), remedy.into());
    }

    /// How many errors there are so far.
    pub(super) fn errors(&self) -> usize {
        self.all.iter().filter(|f| f.severity == Severity::Error).count()
    }

    /// These and those.
    pub(super) fn joined(mut self, other: Self) -> Self {
        self.all.extend(other.all);
        self
    }

    /// All of them, by file and line.
    pub(super) fn sorted(self) -> Vec<Finding> {
        let mut all = self.all;
        all.sort_by(|a, b| (&a.file, a.line).cmp(&(&b.file, b.line)));
        all
    }

    fn add(&mut self, at: Place, severity: Severity, what: String, remedy: String) {
        if self.unreadable.contains(&at) {
            return;
        }
        let one_line = |text: String| text.split_whitespace().collect::<Vec<_>>().join(" ");
        let finding =
            Finding { file: at.file, line: at.line, severity, what: one_line(what), remedy: one_line(remedy) };
        if !self.all.contains(&finding) {
            self.all.push(finding);
        }
    }
}
