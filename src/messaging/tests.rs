//! What the element promises, over the store in memory.

use std::time::Duration;

use bytes::Bytes;

use super::{Mail, Message, Messaging, Report, Waiting};
use crate::address::Address;
use crate::config::{Messages, Offline};
use crate::store::{Changes, Key, Store, StoreError, memory};
use crate::time::Timestamp;
use crate::vocabulary::status::Code;

const NOW: Timestamp = Timestamp(1_000_000);

fn element(offline: Offline) -> (Messaging, Store) {
    let store = memory();
    let settings = Messages { offline, default_validity: Duration::from_secs(86_400), max_size: 100 };
    (Messaging::new(store.clone(), settings), store)
}

fn user(name: &str) -> Address {
    format!("wv:{name}").try_into().unwrap()
}

fn alice() -> Address {
    user("alice@north.example")
}

fn bob() -> Address {
    user("bob@south.example")
}

fn message(id: &str, report: bool) -> Message {
    Message {
        id: id.into(),
        sender: alice(),
        sender_name: None,
        sender_client: None,
        recipients: vec![bob()],
        targets: Vec::new(),
        report,
        content_type: "text/plain".into(),
        content_name: None,
        content: Bytes::copy_from_slice(id.as_bytes()),
        font: None,
        uri: None,
        sent: NOW,
        expires: NOW + Duration::from_secs(60),
    }
}

async fn accept(element: &Messaging, store: &Store, message: &Message) -> Result<(), Code> {
    let mut changes = Changes::default();
    element.accept(NOW, message, &bob(), false, &mut changes).await?;
    store.commit(changes).await.unwrap();
    Ok(())
}

async fn ids(element: &Messaging, user: &Address) -> Vec<String> {
    element.waiting(user, 0, 5_000).await.unwrap().iter().map(id).collect()
}

fn id(waiting: &Waiting) -> String {
    match &waiting.mail {
        Mail::Message(message) => message.id.to_string(),
        Mail::Report(report) => format!("{} {}", report.message, report.code),
    }
}

/// Takes the entry, and commits it with its report in alice's mailbox.
async fn deliver(element: &Messaging, store: &Store, seq: u64) -> Option<Report> {
    let mut changes = Changes::default();
    let report = element.delivered(NOW, &bob(), seq, &mut changes).await.unwrap();
    if let Some(report) = &report {
        element.report(NOW, report, &mut changes);
    }
    store.commit(changes).await.unwrap();
    report
}

#[tokio::test]
async fn messages_wait_in_the_order_they_came() {
    let (element, store) = element(Offline::Store);
    assert!(!element.has_mail(&bob()).await.unwrap());
    for id in ["one", "two", "three"] {
        accept(&element, &store, &message(id, false)).await.unwrap();
    }
    assert_eq!(ids(&element, &bob()).await, ["one", "two", "three"]);
    assert!(element.has_mail(&bob()).await.unwrap());
    let first = element.waiting(&bob(), 0, 1).await.unwrap().remove(0);
    assert_eq!(first.mail, Mail::Message(message("one", false)));
    assert_eq!(first.expires, message("one", false).expires);
    let rest = element.waiting(&bob(), first.seq, 9).await.unwrap();
    assert_eq!(rest.iter().map(id).collect::<Vec<_>>(), ["two", "three"]);
    assert!(ids(&element, &alice()).await.is_empty());
}

#[tokio::test]
async fn a_delivered_message_is_gone_and_reported_once() {
    let (element, store) = element(Offline::Store);
    accept(&element, &store, &message("one", true)).await.unwrap();
    accept(&element, &store, &message("two", false)).await.unwrap();
    let waiting = element.waiting(&bob(), 0, 9).await.unwrap();
    let report = deliver(&element, &store, waiting[0].seq).await.unwrap();
    assert_eq!((report.code, &report.to, &report.recipient), (Code::SUCCESS, &alice(), &bob()));
    assert_eq!((report.message.as_str(), report.at, report.size), ("one", NOW, 3));
    assert_eq!(deliver(&element, &store, waiting[0].seq).await, None);
    assert_eq!(deliver(&element, &store, waiting[1].seq).await, None, "nobody asked for this report");
    assert!(ids(&element, &bob()).await.is_empty());
    assert_eq!(ids(&element, &alice()).await, ["one 200"]);
}

#[tokio::test]
async fn a_report_that_was_delivered_is_not_reported_on() {
    let (element, store) = element(Offline::Store);
    accept(&element, &store, &message("one", true)).await.unwrap();
    let seq = element.waiting(&bob(), 0, 9).await.unwrap()[0].seq;
    deliver(&element, &store, seq).await.unwrap();
    let seq = element.waiting(&alice(), 0, 9).await.unwrap()[0].seq;
    let mut changes = Changes::default();
    assert_eq!(element.delivered(NOW, &alice(), seq, &mut changes).await.unwrap(), None);
    store.commit(changes).await.unwrap();
    assert!(ids(&element, &alice()).await.is_empty());
}

#[tokio::test]
async fn of_two_confirmations_at_once_one_reports() {
    let (element, store) = element(Offline::Store);
    accept(&element, &store, &message("one", true)).await.unwrap();
    let seq = element.waiting(&bob(), 0, 9).await.unwrap()[0].seq;
    let mut both = Vec::new();
    for _ in 0..2 {
        let mut changes = Changes::default();
        let report = element.delivered(NOW, &bob(), seq, &mut changes).await.unwrap().unwrap();
        element.report(NOW, &report, &mut changes);
        both.push(changes);
    }
    assert!(store.commit(both.remove(0)).await.is_ok());
    assert!(matches!(store.commit(both.remove(0)).await, Err(StoreError::Conflict { .. })));
    assert_eq!(ids(&element, &alice()).await, ["one 200"]);
}

#[tokio::test]
async fn a_rejected_message_is_reported_as_rejected() {
    let (element, store) = element(Offline::Store);
    accept(&element, &store, &message("one", true)).await.unwrap();
    let seq = element.find(&bob(), "one").await.unwrap().unwrap().seq;
    let mut changes = Changes::default();
    let report = element.settle(NOW, &bob(), seq, Code::REJECTED, &mut changes).await.unwrap().unwrap();
    assert_eq!((report.code, report.description.as_deref()), (Code::REJECTED, Some(Code::REJECTED.meaning())));
    store.commit(changes).await.unwrap();
    assert_eq!(element.find(&bob(), "one").await.unwrap(), None);
}

#[tokio::test]
async fn a_place_of_another_mailbox_is_none_of_the_users_business() {
    let (element, store) = element(Offline::Store);
    accept(&element, &store, &message("one", true)).await.unwrap();
    let seq = element.find(&bob(), "one").await.unwrap().unwrap().seq;
    let mut changes = Changes::default();
    for seq in [seq, seq + 1, 0] {
        assert_eq!(element.delivered(NOW, &alice(), seq, &mut changes).await.unwrap(), None);
    }
    assert!(changes.is_empty());
}

#[tokio::test]
async fn a_message_is_found_by_its_id_behind_many_others() {
    let (element, store) = element(Offline::Store);
    for n in 0..250 {
        accept(&element, &store, &message(&n.to_string(), false)).await.unwrap();
    }
    let found = element.find(&bob(), "249").await.unwrap().unwrap();
    assert_eq!(id(&found), "249");
    assert_eq!(element.find(&bob(), "250").await.unwrap(), None);
    assert_eq!(element.find(&alice(), "249").await.unwrap(), None);
}

#[tokio::test]
async fn messages_whose_validity_ended_are_reported_to_those_who_asked() {
    let (element, store) = element(Offline::Store);
    accept(&element, &store, &message("one", true)).await.unwrap();
    accept(&element, &store, &message("two", false)).await.unwrap();
    let late = Message { expires: NOW + Duration::from_secs(90), ..message("late", true) };
    accept(&element, &store, &late).await.unwrap();
    let end = NOW + Duration::from_secs(60);
    let mut changes = Changes::default();
    assert!(element.expire(Timestamp(end.0 - 1), 10, &mut changes).await.unwrap().is_empty());
    assert!(changes.is_empty());
    let reports = element.expire(end, 10, &mut changes).await.unwrap();
    store.commit(changes).await.unwrap();
    let told: Vec<_> = reports.iter().map(|report| (report.message.as_str(), report.code, &report.recipient)).collect();
    assert_eq!(told, [("one", Code::EXPIRED, &bob())]);
    assert_eq!(ids(&element, &bob()).await, ["late"]);
}

#[tokio::test]
async fn what_expires_while_it_is_confirmed_is_reported_once() {
    let (element, store) = element(Offline::Store);
    accept(&element, &store, &message("one", true)).await.unwrap();
    let seq = element.find(&bob(), "one").await.unwrap().unwrap().seq;
    let (mut expired, mut delivered) = (Changes::default(), Changes::default());
    let later = NOW + Duration::from_secs(60);
    assert_eq!(element.expire(later, 9, &mut expired).await.unwrap().len(), 1);
    assert!(element.delivered(later, &bob(), seq, &mut delivered).await.unwrap().is_some());
    store.commit(delivered).await.unwrap();
    assert!(matches!(store.commit(expired).await, Err(StoreError::Conflict { .. })));
    let mut again = Changes::default();
    assert!(element.expire(later, 9, &mut again).await.unwrap().is_empty());
    assert!(again.is_empty());
}

#[tokio::test]
async fn users_who_are_not_logged_in_are_refused_if_nothing_is_kept() {
    let (element, _) = element(Offline::Refuse);
    let mut changes = Changes::default();
    let refused = element.accept(NOW, &message("one", true), &bob(), false, &mut changes).await;
    assert_eq!(refused, Err(Code::NOT_LOGGED_IN));
    assert!(changes.is_empty());
    element.accept(NOW, &message("one", true), &bob(), true, &mut changes).await.unwrap();
    assert_eq!(changes.list.len(), 1);
}

#[tokio::test]
async fn content_above_the_limit_is_refused() {
    let (element, store) = element(Offline::Store);
    let sized = |size| Message { content: vec![b'x'; size].into(), ..message("one", false) };
    assert_eq!(accept(&element, &store, &sized(101)).await, Err(Code::UNABLE_TO_DELIVER));
    assert_eq!(accept(&element, &store, &sized(100)).await, Ok(()));
}

#[tokio::test]
async fn a_full_mailbox_takes_no_message_but_reports() {
    let (element, store) = element(Offline::Store);
    for n in 0..Messaging::MAILBOX_MAX {
        accept(&element, &store, &message(&n.to_string(), false)).await.unwrap();
    }
    assert_eq!(accept(&element, &store, &message("more", false)).await, Err(Code::QUEUE_FULL));
    let report = Report { to: bob(), ..message("his", true).report_on(&alice(), Code::SUCCESS, NOW) };
    let mut changes = Changes::default();
    element.report(NOW, &report, &mut changes);
    store.commit(changes).await.unwrap();
    let waiting = ids(&element, &bob()).await;
    assert_eq!((waiting.len(), waiting.last().unwrap().as_str()), (Messaging::MAILBOX_MAX + 1, "his 200"));
    let seq = element.waiting(&bob(), 0, 1).await.unwrap()[0].seq;
    let more = element.waiting(&bob(), seq, 1).await.unwrap()[0].seq;
    deliver(&element, &store, seq).await;
    deliver(&element, &store, more).await;
    assert_eq!(accept(&element, &store, &message("more", false)).await, Ok(()));
}

#[tokio::test]
async fn a_message_that_comes_too_late_is_refused() {
    let (element, store) = element(Offline::Store);
    let stale = Message { expires: NOW, ..message("one", true) };
    assert_eq!(accept(&element, &store, &stale).await, Err(Code::EXPIRED));
}

#[tokio::test]
async fn a_store_that_failed_makes_the_service_unavailable() {
    let (element, store) = element(Offline::Store);
    store.close().await.unwrap();
    assert_eq!(accept(&element, &store, &message("one", true)).await, Err(Code::UNAVAILABLE));
}

#[tokio::test]
async fn an_entry_that_cannot_be_read_holds_up_nothing() {
    let (element, store) = element(Offline::Store);
    let mut changes = Changes::default();
    for _ in 0..3 {
        changes.append(Key::of(&["mail", "wv:bob@south.example"]), "rubbish", Timestamp(NOW.0 + 5));
    }
    store.commit(changes).await.unwrap();
    accept(&element, &store, &message("one", false)).await.unwrap();
    assert_eq!(element.waiting(&bob(), 0, 2).await.unwrap().iter().map(id).collect::<Vec<_>>(), ["one"]);
    let mut changes = Changes::default();
    assert!(element.expire(Timestamp(NOW.0 + 5), 9, &mut changes).await.unwrap().is_empty());
    assert_eq!(Messaging::departures(&changes).len(), 3);
}

#[test]
fn validity_is_what_was_asked_for_within_bounds() {
    let (element, _) = element(Offline::Store);
    let seconds = |asked| element.validity(NOW, asked).since(NOW).as_secs();
    assert_eq!(seconds(Some(60)), 60);
    assert_eq!(seconds(None), 86_400);
    assert_eq!(seconds(Some(0)), 86_400);
    assert_eq!(seconds(Some(u32::MAX)), Messaging::VALIDITY_MAX.as_secs());
}

#[tokio::test]
async fn reports_of_peers_do_not_fill_a_mailbox_without_bound() {
    let (element, store) = element(Offline::Store);
    let report = message("one", true).report_on(&bob(), Code::SUCCESS, NOW);
    let mut changes = Changes::default();
    for _ in 1..Messaging::REPORTS_MAX {
        element.report(NOW, &report, &mut changes);
    }
    store.commit(changes).await.unwrap();
    for taken in [true, false] {
        let mut changes = Changes::default();
        assert_eq!(element.report_of_peer(NOW, &report, &mut changes).await, taken);
        assert_eq!(changes.is_empty(), !taken);
        store.commit(changes).await.unwrap();
    }
}
