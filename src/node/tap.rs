//! A tap on the wire towards peers: for the demo and for tests, never for decisions.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;

use tokio::sync::mpsc::UnboundedSender;

use crate::address::Domain;
use crate::relay::{Bearer, Post, Posted};
use crate::syntax::{Limits, ssp};

/// A POST as the wire saw it.
#[derive(Clone, Debug)]
pub struct Tapped {
    /// Who posted.
    pub from: Domain,
    /// To whom.
    pub to: Domain,
    /// Mode and name of each transaction, in order.
    pub said: Vec<String>,
    /// Size of the body, bytes.
    pub bytes: usize,
    /// How it went.
    pub outcome: Posted,
}

/// A bearer that tells what it carries.
pub(super) struct TappedBearer {
    own: Domain,
    inner: Arc<dyn Bearer>,
    tell: UnboundedSender<Tapped>,
}

impl TappedBearer {
    pub(super) fn new(own: Domain, inner: Arc<dyn Bearer>, tell: UnboundedSender<Tapped>) -> Self {
        Self { own, inner, tell }
    }
}

impl Bearer for TappedBearer {
    fn post(&self, post: Post) -> Pin<Box<dyn Future<Output = Posted> + Send + '_>> {
        Box::pin(async move {
            let (to, body) = (post.peer.clone(), post.body.clone());
            let outcome = self.inner.post(post).await;
            let tapped =
                Tapped { from: self.own.clone(), to, said: said(&body), bytes: body.len(), outcome: outcome.clone() };
            // Whoever listened may have gone.
            let _ = self.tell.send(tapped);
            outcome
        })
    }
}

fn said(body: &[u8]) -> Vec<String> {
    let one = |t: &ssp::Scanned<'_>| format!("{} {}", t.mode.as_str(), t.name);
    match ssp::scan(body, &Limits::default()).map(|envelope| envelope.body) {
        Ok(ssp::Body::Setup(step)) => vec![one(&step)],
        Ok(ssp::Body::Session { transactions, .. }) => transactions.iter().map(one).collect(),
        Err(_) => vec!["unreadable".into()],
    }
}

impl fmt::Display for Tapped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { from, to, said, bytes, outcome } = self;
        let answer = match outcome {
            Posted::Accepted => "acknowledged".to_owned(),
            Posted::Refused(status) => format!("refused with {status}"),
            Posted::Unreachable(why) => format!("unreachable: {why}"),
        };
        write!(f, "{from} → {to}: {} ({bytes} bytes), {answer}", said.join(", "))
    }
}
