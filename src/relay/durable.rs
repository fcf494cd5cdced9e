//! What the relay keeps in the store: keys and records.
//!
//! | key | record |
//! |---|---|
//! | `peer-link/DOMAIN` | failures in a row and when to try again |
//! | `peer-session/DOMAIN/NUMBER` | an open pair of session ids |
//! | `peer-done/DOMAIN/HASH` | an answered request of the peer and its answer; HASH of its transaction id |
//! | `peer-owed/DOMAIN/HASH` | the same, while the answer has not reached the peer |
//! | `peer-row/DOMAIN/ROW` | a request of our own without result |
//!
//! A record is one line of JSON, then the bytes of a primitive where it has one.

use std::time::Duration;

use bytes::Bytes;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::address::{Address, Domain};
use crate::ident::{self, SessionId};
use crate::store::{Change, Changes, Expect, Key};
use crate::time::Timestamp;
use crate::vocabulary::{Element, Text, Version};

use super::answered::{Done, Fingerprint};
use super::link::Link;
use super::session_record::Session;
use super::transaction_table::Row;
use super::{Request, RowId, Upstream, service_table};

/// First parts of the keys to list at start, in the order in which to restore.
pub(super) const KINDS: &[&str] = &["peer-link", "peer-session", "peer-done", "peer-owed", "peer-row"];

/// A record read back.
#[derive(Debug)]
pub(super) enum Kept {
    Link(Link),
    Session(Session),
    Done(Done),
    /// An answered request whose answer the peer does not have yet.
    Owed(Done),
    Row(Box<Row>),
}

#[derive(Serialize, Deserialize)]
struct SessionHead {
    own: SessionId,
    theirs: SessionId,
    version: Version,
    initiator: bool,
    established: Timestamp,
    ttl_ms: Option<u64>,
}

#[derive(Serialize, Deserialize)]
struct DoneHead {
    id: Text,
    fingerprint: Text,
    session: Text,
    element: Text,
    at: Timestamp,
    expires: Timestamp,
}

#[derive(Serialize, Deserialize)]
struct RowHead {
    transaction: Text,
    service: Text,
    element: Text,
    function: Option<Text>,
    requestor: Option<Address>,
    message: Option<Text>,
    created: Timestamp,
    expires: Timestamp,
    upstream: Upstream,
    resent: bool,
}

/// The hash of a transaction id that stands in keys.
fn hash(transaction: &str) -> Text {
    ident::base32(Fingerprint::of(transaction.as_bytes()).0)
}

/// The key of a peer's link.
pub(super) fn link_key(peer: &Domain) -> Key {
    Key::of(&["peer-link", peer.as_str()])
}

/// The key of a pair of sessions.
pub(super) fn session_key(peer: &Domain, number: u64) -> Key {
    Key::of(&["peer-session", peer.as_str(), &format!("{number:020}")])
}

/// The key of an answered request.
pub(super) fn done_key(peer: &Domain, transaction: &str) -> Key {
    Key::of(&["peer-done", peer.as_str(), &hash(transaction)])
}

/// The key of the note that an answer is owed.
pub(super) fn owed_key(peer: &Domain, transaction: &str) -> Key {
    Key::of(&["peer-owed", peer.as_str(), &hash(transaction)])
}

/// The key of a request of our own.
pub(super) fn row_key(peer: &Domain, row: RowId) -> Key {
    Key::of(&["peer-row", peer.as_str(), &format!("{:020}", row.0)])
}

/// Writes a link, or removes its record if all is well.
pub(super) fn put_link(changes: &mut Changes, peer: &Domain, link: &Link) {
    if link.is_clear() {
        changes.delete(link_key(peer));
    } else {
        changes.put(link_key(peer), written(link, b""));
    }
}

/// Writes a pair of sessions.
pub(super) fn put_session(changes: &mut Changes, peer: &Domain, session: &Session) {
    let head = SessionHead {
        own: session.own.clone(),
        theirs: session.theirs.clone(),
        version: session.version,
        initiator: session.initiator,
        established: session.established,
        ttl_ms: session.ttl.map(|ttl| u64::try_from(ttl.as_millis()).unwrap_or(u64::MAX)),
    };
    changes.put(session_key(peer, session.number), written(&head, b""));
}

/// Writes an answered request, if the store holds what is `expected`, and the note that its answer is owed.
pub(super) fn put_done(changes: &mut Changes, peer: &Domain, done: &Done, expected: Expect) {
    let head = DoneHead {
        id: done.id.clone(),
        fingerprint: ident::base32(done.fingerprint.0),
        session: ident::base32(done.session.0),
        element: done.element.xml().into(),
        at: done.at,
        expires: done.expires,
    };
    let value = Bytes::from(written(&head, &done.response));
    changes.list.push(Change::Put {
        key: done_key(peer, &done.id),
        value: value.clone(),
        expect: expected,
        expires: done.expires,
    });
    changes.put_until(owed_key(peer, &done.id), value, done.expires);
}

/// Writes a request of our own.
pub(super) fn put_row(changes: &mut Changes, row: &Row) {
    let request = &row.request;
    let head = RowHead {
        transaction: row.transaction.clone(),
        service: service_table::name(request.service).into(),
        element: request.element.xml().into(),
        function: request.function.map(Into::into),
        requestor: request.requestor.clone(),
        message: request.message.clone(),
        created: row.created,
        expires: request.expires,
        upstream: request.upstream.clone(),
        resent: row.resent,
    };
    changes.put(row_key(&request.target, row.id), written(&head, &request.fragment));
}

/// Reads a record: its peer and what was kept. `None` if it is none of the relay's or damaged.
pub(super) fn read(key: &Key, value: &[u8], now: Timestamp) -> Option<(Domain, Kept)> {
    let mut parts = std::str::from_utf8(&key.0).ok()?.split('/');
    let kind = parts.next()?;
    let peer: Domain = parts.next()?.parse().ok()?;
    let last = parts.next().unwrap_or_default();
    let kept = match kind {
        "peer-link" => Kept::Link(parsed::<Link>(value)?.0),
        "peer-session" => Kept::Session(session(parsed(value)?.0, last.parse().ok()?, now)),
        "peer-done" => {
            let (head, response) = parsed(value)?;
            Kept::Done(done(head, response)?)
        }
        "peer-owed" => {
            let (head, response) = parsed(value)?;
            Kept::Owed(done(head, response)?)
        }
        "peer-row" => {
            let (head, fragment) = parsed(value)?;
            Kept::Row(Box::new(row(&peer, RowId(last.parse().ok()?), head, fragment)?))
        }
        _ => return None,
    };
    Some((peer, kept))
}

fn session(head: SessionHead, number: u64, now: Timestamp) -> Session {
    Session {
        number,
        own: head.own,
        theirs: head.theirs,
        version: head.version,
        initiator: head.initiator,
        established: head.established,
        // How long it was silent before the restart is not known.
        used: now,
        ttl: head.ttl_ms.map(Duration::from_millis),
        confirmed: true,
        proven: true,
        probed: false,
    }
}

fn done(head: DoneHead, response: Bytes) -> Option<Done> {
    Some(Done {
        id: head.id,
        fingerprint: Fingerprint(unbase32(&head.fingerprint)?),
        session: Fingerprint(unbase32(&head.session)?),
        element: element(&head.element)?,
        response,
        at: head.at,
        expires: head.expires,
    })
}

fn row(peer: &Domain, id: RowId, head: RowHead, fragment: Bytes) -> Option<Row> {
    let element = element(&head.element)?;
    let known = service_table::function_of(element);
    let request = Request {
        target: peer.clone(),
        service: service_table::named(&head.service)?,
        element,
        function: head.function.and(known),
        fragment,
        requestor: head.requestor,
        message: head.message,
        expires: head.expires,
        upstream: head.upstream,
    };
    let mut row = Row::new(id, head.transaction, request, head.created);
    row.resent = head.resent;
    Some(row)
}

fn element(name: &str) -> Option<Element> {
    Element::from_xml(name).or_else(|| Element::ALL.iter().copied().find(|e| e.xml() == name))
}

fn unbase32(text: &str) -> Option<u128> {
    let digit = |c: u8| match c {
        b'a'..=b'z' => Some(c - b'a'),
        b'2'..=b'7' => Some(c - b'2' + 26),
        _ => None,
    };
    // The first letter holds the lowest bits.
    text.bytes().rev().try_fold(0_u128, |all, c| Some(all << 5 | u128::from(digit(c)?)))
}

fn written(head: &impl Serialize, body: &[u8]) -> Vec<u8> {
    // Plain structs of texts and numbers: writing them cannot fail.
    let mut bytes = serde_json::to_vec(head).unwrap_or_default();
    bytes.push(b'\n');
    bytes.extend_from_slice(body);
    bytes
}

fn parsed<T: DeserializeOwned>(value: &[u8]) -> Option<(T, Bytes)> {
    let at = value.iter().position(|b| *b == b'\n')?;
    let head = serde_json::from_slice(&value[..at]).ok()?;
    Some((head, Bytes::copy_from_slice(&value[at + 1..])))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vocabulary::primitive::Service;

    fn first(changes: &Changes) -> (Key, Bytes) {
        match &changes.list[0] {
            Change::Put { key, value, .. } => (key.clone(), value.clone()),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_row_is_read_as_it_was_written() {
        let request = Request {
            target: "south.example".parse().unwrap(),
            service: Service::Im,
            element: Element::SendMessageRequest,
            function: None,
            fragment: Bytes::from_static(b"<SendMessageRequest>\n</SendMessageRequest>"),
            requestor: Some("wv:alice@north.example".to_owned().try_into().unwrap()),
            message: Some("m1@north.example".into()),
            expires: Timestamp(9),
            upstream: Upstream::Node,
        };
        let row = Row::new(RowId(7), "t-1".into(), request, Timestamp(3));
        let mut changes = Changes::default();
        put_row(&mut changes, &row);
        let (key, value) = first(&changes);
        let Some((peer, Kept::Row(read))) = read(&key, &value, Timestamp(4)) else { panic!("unreadable") };
        assert_eq!(peer.as_str(), "south.example");
        assert_eq!(format!("{read:?}"), format!("{row:?}"));
    }

    #[test]
    fn an_answered_request_is_read_as_it_was_written() {
        let done = Done {
            id: "a/b 1".into(),
            fingerprint: Fingerprint::of(b"x"),
            session: Fingerprint(u128::MAX),
            element: Element::SendMessageRequest,
            response: Bytes::from_static(b"<Status/>"),
            at: Timestamp(1),
            expires: Timestamp(2),
        };
        let mut changes = Changes::default();
        let peer = "south.example".parse().unwrap();
        put_done(&mut changes, &peer, &done, Expect::Any);
        let (key, value) = first(&changes);
        let Some((_, Kept::Done(read))) = read(&key, &value, Timestamp(1)) else { panic!("unreadable") };
        assert_eq!(format!("{read:?}"), format!("{done:?}"));
    }

    #[test]
    fn a_damaged_record_is_no_record() {
        let key = Key::of(&["peer-row", "south.example", "7"]);
        assert!(read(&key, b"{}", Timestamp(0)).is_none());
        assert!(read(&Key::of(&["user", "alice"]), b"{}\n", Timestamp(0)).is_none());
    }
}
