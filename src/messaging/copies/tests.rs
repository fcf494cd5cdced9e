//! An entry for several sessions, over the store in memory.

use std::time::Duration;

use bytes::Bytes;

use super::*;
use crate::config::{Messages, Offline};
use crate::messaging::{Message, Waiting};
use crate::store::{Store, memory};

const NOW: Timestamp = Timestamp(1_000_000);

fn bob() -> Address {
    "wv:bob@south.example".to_owned().try_into().unwrap()
}

fn ids(names: &[&str]) -> Vec<SessionId> {
    names.iter().map(|name| SessionId::new(*name)).collect()
}

/// Bob's mailbox with one message, and its place.
async fn with_message() -> (Messaging, Store, Seq) {
    let store = memory();
    let settings = Messages { offline: Offline::Store, default_validity: Duration::from_secs(86_400), max_size: 100 };
    let element = Messaging::new(store.clone(), settings);
    let message = Message {
        id: "one".into(),
        sender: "wv:alice@north.example".to_owned().try_into().unwrap(),
        sender_name: None,
        sender_client: None,
        recipients: vec![bob()],
        targets: Vec::new(),
        report: true,
        content_type: "text/plain".into(),
        content_name: None,
        content: Bytes::new(),
        font: None,
        uri: None,
        sent: NOW,
        expires: NOW + Duration::from_secs(60),
    };
    let mut changes = Changes::default();
    element.accept(NOW, &message, &bob(), true, &mut changes).await.unwrap();
    let seq = store.commit(changes).await.unwrap().appended[0];
    (element, store, seq)
}

/// A session's answer while these others are open: the code of the report, and who is left.
async fn settle(
    element: &Messaging,
    (seq, session): (Seq, &str),
    others: &[&str],
    fate: Code,
    changes: &mut Changes,
) -> Option<(Option<Code>, Vec<SessionId>)> {
    let (session, others) = (SessionId::new(session), ids(others));
    let settled = element.settle_for(NOW, (&bob(), seq), &session, |_| others, fate, changes).await.unwrap()?;
    Some((settled.report.map(|report| report.code), settled.open))
}

async fn has(
    element: &Messaging,
    store: &Store,
    seq: Seq,
    session: &str,
    others: &[&str],
) -> Option<(Option<Code>, Vec<SessionId>)> {
    let mut changes = Changes::default();
    let settled = settle(element, (seq, session), others, Code::SUCCESS, &mut changes).await;
    store.commit(changes).await.unwrap();
    settled
}

async fn waiting(element: &Messaging) -> Vec<Waiting> {
    element.waiting(&bob(), 0, 9).await.unwrap()
}

async fn records(store: &Store) -> usize {
    store.list(&Copies::prefix(), None, 9).await.unwrap().len()
}

#[tokio::test]
async fn the_first_reports_the_last_empties_and_nobody_counts_twice() {
    let (element, store, seq) = with_message().await;
    assert_eq!(has(&element, &store, seq, "a", &["b", "c"]).await, Some((Some(Code::SUCCESS), ids(&["b", "c"]))));
    assert_eq!(has(&element, &store, seq, "a", &["b", "c"]).await, None, "it has it");
    assert_eq!(has(&element, &store, seq, "d", &["b", "c"]).await, None, "it came too late");
    // Who is open now does not matter any more.
    assert_eq!(has(&element, &store, seq, "c", &["a", "d"]).await, Some((None, ids(&["b"]))));
    assert_eq!((waiting(&element).await.len(), records(&store).await), (1, 1));
    assert_eq!(has(&element, &store, seq, "b", &[]).await, Some((None, ids(&[]))));
    assert_eq!((waiting(&element).await.len(), records(&store).await), (0, 0));
    assert_eq!(has(&element, &store, seq, "b", &[]).await, None);
}

#[tokio::test]
async fn of_two_first_ones_at_once_one_is_the_first() {
    for (others_of_a, others_of_b) in [(&["b"][..], &["a"][..]), (&[], &["a"]), (&["b"], &[]), (&[], &[])] {
        let (element, store, seq) = with_message().await;
        let (mut a, mut b) = (Changes::default(), Changes::default());
        settle(&element, (seq, "a"), others_of_a, Code::SUCCESS, &mut a).await.unwrap();
        settle(&element, (seq, "b"), others_of_b, Code::SUCCESS, &mut b).await.unwrap();
        store.commit(a).await.unwrap();
        assert!(matches!(store.commit(b).await, Err(StoreError::Conflict { .. })), "{others_of_a:?} {others_of_b:?}");
        let again = has(&element, &store, seq, "b", others_of_b).await;
        assert!(again.is_none_or(|(report, _)| report.is_none()), "a second report");
        assert_eq!((waiting(&element).await.len(), records(&store).await), (0, 0));
    }
}

#[tokio::test]
async fn refusals_are_reported_if_the_last_one_refuses_and_nobody_took_it() {
    for (fates, report) in [([415, 410], Some(410)), ([415, 200], Some(200)), ([200, 415], None)] {
        let (element, store, seq) = with_message().await;
        let mut last = None;
        for (session, fate) in ["a", "b"].into_iter().zip(fates) {
            let mut changes = Changes::default();
            last = settle(&element, (seq, session), &["a", "b"], Code(fate), &mut changes).await;
            store.commit(changes).await.unwrap();
        }
        assert_eq!(last.unwrap().0.map(|code| code.0), report, "{fates:?}");
        assert_eq!((waiting(&element).await.len(), records(&store).await), (0, 0));
    }
}

#[tokio::test]
async fn what_a_session_has_does_not_expire_for_its_sender() {
    let (element, store, seq) = with_message().await;
    has(&element, &store, seq, "a", &["b"]).await;
    let (end, mut expired, mut late) = (NOW + Duration::from_secs(60), Changes::default(), Changes::default());
    assert!(element.expire(end, 9, &mut expired).await.unwrap().is_empty());
    settle(&element, (seq, "b"), &[], Code::SUCCESS, &mut late).await.unwrap();
    store.commit(expired).await.unwrap();
    assert!(matches!(store.commit(late).await, Err(StoreError::Conflict { .. })));
    assert_eq!((waiting(&element).await.len(), records(&store).await), (0, 0));
}

#[tokio::test]
async fn a_message_that_one_refused_expires_for_its_sender() {
    let (element, store, seq) = with_message().await;
    let mut changes = Changes::default();
    settle(&element, (seq, "a"), &["b"], Code::UNSUPPORTED_MEDIA, &mut changes).await.unwrap();
    store.commit(changes).await.unwrap();
    let mut expired = Changes::default();
    let reports = element.expire(NOW + Duration::from_secs(60), 9, &mut expired).await.unwrap();
    assert_eq!(reports.iter().map(|report| report.code).collect::<Vec<_>>(), [Code::EXPIRED]);
    store.commit(expired).await.unwrap();
    assert_eq!(records(&store).await, 0);
}

#[tokio::test]
async fn sessions_that_are_over_are_not_waited_for() {
    let over = |name: &'static str| move |session: &SessionId| *session == SessionId::new(name);
    for (fate, left) in [(Code::SUCCESS, 0), (Code::UNSUPPORTED_MEDIA, 1)] {
        let (element, store, seq) = with_message().await;
        let mut changes = Changes::default();
        settle(&element, (seq, "a"), &["b", "c"], fate, &mut changes).await.unwrap();
        store.commit(changes).await.unwrap();
        for (gone, open) in [("b", ids(&["c"])), ("c", ids(&[]))] {
            let mut changes = Changes::default();
            assert_eq!(element.forsake(&bob(), seq, over("d"), &mut changes).await.unwrap(), None);
            assert_eq!(element.forsake(&bob(), seq, over(gone), &mut changes).await.unwrap(), Some(open));
            store.commit(changes).await.unwrap();
        }
        assert_eq!((waiting(&element).await.len(), records(&store).await), (left, 0), "{fate}");
        assert_eq!(element.forsake(&bob(), seq, over("c"), &mut Changes::default()).await.unwrap(), None);
    }
}

#[tokio::test]
async fn taking_an_entry_for_all_tells_no_sender_twice() {
    let (element, store, seq) = with_message().await;
    has(&element, &store, seq, "a", &["b"]).await;
    let mut changes = Changes::default();
    assert_eq!(element.settle(NOW, &bob(), seq, Code::UNKNOWN_USER, &mut changes).await.unwrap(), None);
    store.commit(changes).await.unwrap();
    assert_eq!((waiting(&element).await.len(), records(&store).await), (0, 0));
}

#[test]
fn a_record_is_found_by_the_name_it_is_written_under() {
    assert_eq!(Copies::entry_of(&key(&bob(), 7)), Some((bob(), 7)));
    for other in ["copies/", "copies/wv:bob@south.example", "copies/wv:bob@south.example/x", "mail/wv:b@s.example/7"] {
        assert_eq!(Copies::entry_of(&Key::of(&[other])), None, "{other}");
    }
}
