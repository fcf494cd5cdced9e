//! What the relay is doing: `/api/v1/sessions`, `/api/v1/transactions`, `/api/v1/peers`.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use serde::{Deserialize, Serialize};

use super::AdminState;
use super::facts::{AgreementView, CertificateView, PeerFacts};
use super::fault::Fault;
use super::page::{List, Page, parameters};
use crate::address::Domain;
use crate::relay;
use crate::time::Timestamp;

/// A session with a peer.
#[derive(Debug, Serialize)]
pub(super) struct SessionView {
    #[serde(flatten)]
    session: relay::SessionView,
    certificate: Option<CertificateView>,
}

/// A peer.
#[derive(Debug, Serialize)]
pub(super) struct PeerView {
    #[serde(flatten)]
    peer: relay::PeerView,
    url: Option<String>,
    urls: Vec<String>,
    agreement: Option<AgreementView>,
    certificate: Option<CertificateView>,
}

/// Which transactions are asked for.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Which {
    #[serde(default)]
    answered: bool,
    limit: Option<usize>,
    after: Option<String>,
}

/// Place in a list that is ordered by age, oldest first: when it began, and a name that tells equals apart.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Place(u64, String);

// === impl Place ===

impl Place {
    fn of(now: Timestamp, age_ms: u64, name: String) -> Self {
        Self(now.0.saturating_sub(age_ms), name)
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.0, self.1)
    }
}

impl FromStr for Place {
    type Err = ();
    fn from_str(text: &str) -> Result<Self, ()> {
        let (began, name) = text.split_once('-').ok_or(())?;
        Ok(Self(began.parse().map_err(|_| ())?, name.to_owned()))
    }
}

// === impl PeerView ===

impl PeerView {
    fn new(peer: relay::PeerView, known: &BTreeMap<Domain, PeerFacts>, now: Timestamp) -> Self {
        let facts = known.get(&peer.domain);
        let urls = facts.map(|f| f.urls.clone()).unwrap_or_default();
        Self {
            url: urls.first().cloned(),
            urls,
            agreement: facts.map(|f| AgreementView::from(&f.agreement)),
            certificate: facts.and_then(|f| f.certificate.as_ref()).map(|c| c.view(now)),
            peer,
        }
    }
}

/// `GET /api/v1/sessions`: oldest first.
pub(super) async fn sessions(
    State(state): State<AdminState>,
    query: Result<Query<Page>, QueryRejection>,
) -> Result<List<SessionView>, Fault> {
    let page = parameters(query)?;
    let facts = state.facts.peers().await;
    let now = Timestamp::now();
    let view = |session: relay::SessionView| {
        let certificate = facts.get(&session.peer).and_then(|f| f.certificate.as_ref()).map(|c| c.view(now));
        SessionView { session, certificate }
    };
    let all = state.sap.relay().sessions(now).into_iter().map(view).collect();
    page.of(all, |SessionView { session, .. }| {
        let name = format!("{}-{}", session.peer, session.own_id.as_deref().unwrap_or_default());
        Place::of(now, session.age_ms, name)
    })
}

/// `GET /api/v1/transactions[?answered=true]`: oldest first.
pub(super) async fn transactions(
    State(state): State<AdminState>,
    query: Result<Query<Which>, QueryRejection>,
) -> Result<List<relay::TransactionView>, Fault> {
    let Which { answered, limit, after } = parameters(query)?;
    let now = Timestamp::now();
    let all = state.sap.relay().transactions(now, answered);
    Page { limit, after }.of(all, |row| {
        let end = if answered { &row.upstream } else { &row.downstream };
        let peer = end.peer.as_ref().map_or("", Domain::as_str);
        Place::of(now, row.age_ms, format!("{peer}-{}", end.transaction.as_deref().unwrap_or_default()))
    })
}

/// `GET /api/v1/peers`: in order of domains.
pub(super) async fn peers(
    State(state): State<AdminState>,
    query: Result<Query<Page>, QueryRejection>,
) -> Result<List<PeerView>, Fault> {
    parameters(query)?
        .of(all_peers(&state).await.into_values().collect(), |view: &PeerView| view.peer.domain.to_string())
}

/// `GET /api/v1/peers/{domain}`.
pub(super) async fn peer(State(state): State<AdminState>, Path(domain): Path<String>) -> Result<Json<PeerView>, Fault> {
    let known = match domain.parse::<Domain>() {
        Ok(domain) => all_peers(&state).await.remove(&domain),
        Err(_) => None,
    };
    let missing = || Fault::not_found(format!("{domain} is no peer"), "see GET /api/v1/peers for who is");
    known.map(Json).ok_or_else(missing)
}

async fn all_peers(state: &AdminState) -> BTreeMap<Domain, PeerView> {
    let facts = state.facts.peers().await;
    let now = Timestamp::now();
    let view = |peer: relay::PeerView| (peer.domain.clone(), PeerView::new(peer, &facts, now));
    state.sap.relay().peers(now).into_iter().map(view).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_read_as_they_are_written() {
        let place = Place::of(Timestamp(1_000), 10, "south.example-t-1".to_owned());
        assert_eq!(place.to_string().parse(), Ok(place.clone()));
        assert!(place > Place::of(Timestamp(1_000), 11, "z".to_owned()));
        assert_eq!("".parse::<Place>(), Err(()));
    }
}
