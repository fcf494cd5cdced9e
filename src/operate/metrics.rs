//! Every metric of the node, described in one place (`docs/operations.md`, "Metrics").
//!
//! Rooms count with the `metrics` crate wherever something happens; what can be looked up is sampled when it is
//! asked for. Labels name peers, listeners and primitives, never users.

use std::fmt::Write as _;
use std::sync::OnceLock;

use axum::extract::State;
use axum::http::header;
use axum::response::IntoResponse;
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};

use super::AdminState;
use crate::time::Timestamp;

/// What rooms count, and gauges they keep: name, meaning. Only names of this table may be used.
pub const COUNTED: &[(&str, &str)] = &[
    ("postern_connections", "Open connections, by listener"),
    ("postern_connections_refused_total", "Connections refused because there were too many, by listener"),
    ("postern_peer_certificates_refused_total", "TLS handshakes refused because of the certificate shown"),
    ("postern_peer_requests_refused_total", "POSTs of a peer refused because of its rate, by peer"),
];

/// What is counted in this process.
#[derive(Clone, Debug)]
pub struct Metrics {
    counted: Option<PrometheusHandle>,
}

/// Text in the Prometheus exposition format, metric by metric.
struct Exposition(String);

// === impl Metrics ===

impl Metrics {
    /// Starts counting. Nodes of one process share the counters; each samples its own gauges.
    pub fn install() -> Self {
        static COUNTERS: OnceLock<Option<PrometheusHandle>> = OnceLock::new();
        let counted = COUNTERS.get_or_init(|| {
            let handle = PrometheusBuilder::new().install_recorder();
            if let Err(error) = &handle {
                tracing::warn!(%error, "nothing is counted");
            }
            for (name, meaning) in COUNTED {
                if name.ends_with("_total") {
                    metrics::describe_counter!(*name, *meaning);
                } else {
                    metrics::describe_gauge!(*name, *meaning);
                }
            }
            handle.ok()
        });
        Self { counted: counted.clone() }
    }
}

// === impl Exposition ===

impl Exposition {
    /// A gauge with one value per row: labels, value.
    fn gauge<'a>(&mut self, name: &str, meaning: &str, rows: impl IntoIterator<Item = (&'a [(&'a str, &'a str)], u64)>) {
        // Writing to a String cannot fail.
        let _ = writeln!(self.0, "# HELP {name} {meaning}\n# TYPE {name} gauge");
        for (labels, value) in rows {
            let labels: Vec<_> = labels.iter().map(|(key, text)| format!("{key}=\"{}\"", escape(text))).collect();
            let labels = if labels.is_empty() { String::new() } else { format!("{{{}}}", labels.join(",")) };
            let _ = writeln!(self.0, "{name}{labels} {value}");
        }
    }
}

/// `GET /metrics`.
pub(super) async fn render(State(state): State<AdminState>) -> impl IntoResponse {
    let mut out = Exposition(state.metrics.counted.as_ref().map(PrometheusHandle::render).unwrap_or_default());
    sample(&state, Timestamp::now(), &mut out);
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], out.0)
}

fn escape(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}
