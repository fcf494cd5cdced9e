//! Every metric of the node, described in one place (`docs/operations.md`, "Metrics").
//!
//! Rooms count with the `metrics` crate wherever something happens; what can be looked up is sampled when it is
//! asked for. A counter appears at its first event. Labels name peers, listeners and primitives, never users.

use std::collections::BTreeMap;
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
    ("postern_client_logins_total", "Logins of clients, by status code"),
    ("postern_client_refusals_total", "Clients kept out, by reason"),
    ("postern_client_registrations_total", "Accounts made at a subscriber's first login"),
    ("postern_client_sessions_ended_total", "Sessions of clients that ended, by reason"),
    ("postern_client_transactions_total", "Requests of clients, by primitive"),
    ("postern_connections", "Open connections, by listener"),
    ("postern_connections_refused_total", "Connections refused because there were too many, by listener"),
    ("postern_conversion_losses_total", "What a version or syntax could not carry and was left out, by element"),
    ("postern_messages_delivered_total", "Messages and reports that clients confirmed"),
    ("postern_messages_taken_total", "Messages taken, from clients or from peers"),
    ("postern_peer_certificates_refused_total", "TLS handshakes refused because of the certificate shown"),
    ("postern_peer_requests_refused_total", "POSTs of a peer refused because of its rate, by peer"),
    ("postern_relay_duplicates_total", "Repeated requests answered alike, by peer"),
    ("postern_relay_posts_total", "POSTs to a peer, by peer and outcome"),
    ("postern_relay_refused_total", "Requests of a peer refused by the relay, by peer and status code"),
    ("postern_relay_requests_total", "Requests of a peer handed to a service element, by peer"),
    ("postern_relay_settled_total", "Requests to a peer that found their end, by peer and outcome"),
    ("postern_relay_setups_total", "Session set-ups that ended, by peer, our role and outcome"),
    ("postern_relay_stray_responses_total", "Answers nobody waited for, by peer"),
    ("postern_relay_unknown_sessions_total", "POSTs on a session that is not known, by peer"),
    ("postern_server_requests_dropped_total", "Requests to clients dropped because too many waited"),
    ("postern_wake_ups_total", "Wake-ups of clients, by method; none = no way was open"),
];

/// What is looked up when `/metrics` is asked for, node by node: name, meaning.
pub const SAMPLED: &[(&str, &str)] = &[
    ("postern_build_info", "1, by version of the program and home domain"),
    ("postern_client_sessions", "Sessions of clients"),
    ("postern_lane_bytes", "Bytes of primitives that wait for a peer, by peer and lane"),
    ("postern_lane_depth", "Transactions that wait for a peer, by peer and lane"),
    ("postern_lane_oldest_ms", "Age of the oldest request that waits for a peer, by peer and lane"),
    ("postern_peer_certificate_days", "Days the certificate a peer showed last has left, by peer"),
    ("postern_peer_in_flight", "Requests whose result is waited for, by peer"),
    ("postern_peer_sessions", "Open sessions with a peer, by peer"),
    ("postern_peer_up", "1 if a session with the peer is open and POSTs succeed, by peer"),
    ("postern_store_bytes", "Bytes of the store on disk; 0 = unknown"),
];

/// What is counted in this process.
#[derive(Clone, Debug)]
pub struct Metrics {
    counted: Option<PrometheusHandle>,
}

/// Samples, metric by metric: labels and value.
#[derive(Debug, Default)]
struct Samples(BTreeMap<&'static str, Vec<(String, i64)>>);

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

// === impl Samples ===

impl Samples {
    fn add(&mut self, name: &'static str, labels: &[(&str, &str)], value: impl TryInto<i64>) {
        let labels: Vec<_> = labels.iter().map(|(key, text)| format!("{key}=\"{}\"", escape(text))).collect();
        let labels = if labels.is_empty() { String::new() } else { format!("{{{}}}", labels.join(",")) };
        self.0.entry(name).or_default().push((labels, value.try_into().unwrap_or(i64::MAX)));
    }

    /// The Prometheus exposition format.
    fn render(&self) -> String {
        let mut out = String::new();
        for (name, meaning) in SAMPLED {
            let Some(rows) = self.0.get(name) else { continue };
            // Writing to a String cannot fail.
            let _ = writeln!(out, "# HELP {name} {meaning}\n# TYPE {name} gauge");
            for (labels, value) in rows {
                let _ = writeln!(out, "{name}{labels} {value}");
            }
        }
        out
    }
}

/// `GET /metrics`.
pub(super) async fn render(State(state): State<AdminState>) -> impl IntoResponse {
    let mut text = state.metrics.counted.as_ref().map(PrometheusHandle::render).unwrap_or_default();
    text.push_str(&sample(&state).await.render());
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], text)
}

async fn sample(state: &AdminState) -> Samples {
    let facts = state.facts.peers().await;
    let now = Timestamp::now();
    let mut samples = Samples::default();
    let build = [("version", env!("CARGO_PKG_VERSION")), ("domain", state.sap.domain().as_str())];
    samples.add("postern_build_info", &build, 1);
    samples.add("postern_client_sessions", &[], state.sap.sessions().len());
    samples.add("postern_store_bytes", &[], state.store.size());
    let sessions = state.sap.relay().sessions(now);
    for peer in state.sap.relay().peers(now) {
        let domain = [("peer", peer.domain.as_str())];
        let open = sessions.iter().filter(|s| s.peer == peer.domain && s.state == "open").count();
        samples.add("postern_peer_sessions", &domain, open);
        samples.add("postern_peer_up", &domain, i64::from(peer.state == "open"));
        samples.add("postern_peer_in_flight", &domain, peer.in_flight);
        for lane in &peer.lanes {
            let labels = [("peer", peer.domain.as_str()), ("lane", lane.lane)];
            samples.add("postern_lane_depth", &labels, lane.depth);
            samples.add("postern_lane_bytes", &labels, lane.bytes);
            samples.add("postern_lane_oldest_ms", &labels, lane.oldest_ms.unwrap_or(0));
        }
        if let Some(certificate) = facts.get(&peer.domain).and_then(|f| f.certificate.as_ref()) {
            samples.add("postern_peer_certificate_days", &domain, certificate.days_left(now));
        }
    }
    samples
}

fn escape(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use super::*;

    /// Names of metrics in the code of a folder.
    fn names_used(folder: &Path, found: &mut Vec<String>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                names_used(&path, found);
            } else {
                let text = fs::read_to_string(&path).unwrap();
                // `count(` is the relay's shorthand for a counter with the peer as its label.
                for quoted in ["counter!(", "gauge!(", "histogram!(", ".count("] {
                    let calls = text.split(quoted).skip(1).filter_map(|rest| rest.trim_start().strip_prefix('"'));
                    found.extend(calls.filter_map(|rest| rest.split('"').next().map(str::to_owned)));
                }
            }
        }
    }

    #[test]
    fn every_metric_that_is_counted_is_described_and_the_other_way_round() {
        let mut used = Vec::new();
        names_used(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut used);
        used.retain(|name| name.starts_with("postern_"));
        used.sort();
        used.dedup();
        let mut described: Vec<_> = COUNTED.iter().map(|(name, _)| (*name).to_owned()).collect();
        described.sort();
        assert_eq!(used, described);
    }

    #[test]
    fn the_operators_guide_names_every_metric() {
        let guide = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/operations.md")).unwrap();
        for (name, _) in COUNTED.iter().chain(SAMPLED) {
            assert!(guide.contains(&format!("| `{name}` |")), "{name} is not in docs/operations.md");
        }
    }

    #[test]
    fn samples_are_written_with_their_labels_escaped() {
        let mut samples = Samples::default();
        samples.add("postern_peer_up", &[("peer", "a\"b")], 1);
        samples.add("postern_store_bytes", &[], u64::MAX);
        let text = samples.render();
        assert!(text.contains("# TYPE postern_peer_up gauge\npostern_peer_up{peer=\"a\\\"b\"} 1\n"), "{text}");
        assert!(text.contains(&format!("\npostern_store_bytes {}\n", i64::MAX)), "{text}");
    }
}
