//! The CSP envelope: sessions and transactions around primitives, in XML, WBXML or PTS.

mod segments;

use bytes::Bytes;

pub use segments::segments;

use super::chars;
use super::dialect::{Told, namespace};
use super::document::Document;
use super::pts::{PtsSink, PtsSource};
use super::wbxml::{WbxmlSink, WbxmlSource};
use super::xml::{XmlSink, XmlSource};
use super::{Encoding, Limits, Loss, ReadError, Said, Seen};
use crate::ident::SessionId;
use crate::vocabulary::segment::SegmentInfo;
use crate::vocabulary::{DecodeError, Element, Mode, Primitive, Sink, Text, Value, Version};

/// One CSP message.
#[derive(Clone, Debug, PartialEq)]
pub struct Message {
    /// The version it is written in.
    pub version: Version,
    /// The session; `None` = outband.
    pub session: Option<SessionId>,
    /// What is said.
    pub transactions: Vec<Transaction>,
    /// More is queued: the client shall poll. Written where the version wants it.
    pub poll: Option<bool>,
}

/// One transaction of a message.
#[derive(Clone, Debug, PartialEq)]
pub struct Transaction {
    /// Asks or answers.
    pub mode: Mode,
    /// Chosen by whoever asks; polls and version discovery have none.
    pub id: Option<Text>,
    /// Which part of a long answer this is (1.3).
    pub segment: Option<SegmentInfo>,
    /// What is said.
    pub said: Said,
}

/// The encoding a content type stands for; `None` if it is none of CSP's. Parameters are ignored; the plain types
/// of XML and WBXML, seen in the field, are taken too. The type of PTS ends in `sms`.
pub fn encoding_of(content_type: &str) -> Option<Encoding> {
    let essence = content_type.split(';').next().unwrap_or_default();
    let has = |word: &str| essence.as_bytes().windows(word.len()).any(|w| w.eq_ignore_ascii_case(word.as_bytes()));
    if has("ssp") {
        None
    } else if has("wbxml") {
        Some(Encoding::Wbxml)
    } else if has("csp.sms") || has("csp+sms") {
        Some(Encoding::Pts)
    } else {
        has("xml").then_some(Encoding::Xml)
    }
}

/// The content type of an encoding in a version.
pub const fn content_type(encoding: Encoding, version: Version) -> &'static str {
    match (encoding, version) {
        (Encoding::Xml, Version::V11 | Version::V12) => "application/vnd.wv.csp.xml",
        (Encoding::Wbxml, Version::V11 | Version::V12) => "application/vnd.wv.csp.wbxml",
        (Encoding::Xml, Version::V13) => "application/vnd.wv.csp+xml",
        (Encoding::Wbxml, Version::V13) => "application/vnd.wv.csp+wbxml",
        (Encoding::Pts, _) => "application/vnd.wv.csp.sms",
    }
}

/// The namespaces of a version: of messages, of transactions and of presence attributes.
pub fn namespaces(version: Version) -> [&'static str; 3] {
    [Element::WvCspMessage, Element::TransactionContent, Element::PresenceSubList]
        .map(|element| namespace(element, version).unwrap_or_default())
}

/// Reads a message. `version_of_session` tells the version of a session for documents that don't say theirs:
/// the root's namespace counts first, then the public identifier, then the session, then 1.2.
///
/// A fault in one transaction is a fault of the message; what could be read of the envelope before it is in the
/// error. Offsets count bytes of the document, or of its UTF-8 form if it came in another encoding.
pub fn read(
    body: &[u8],
    encoding: Encoding,
    limits: &Limits,
    version_of_session: impl Fn(&SessionId) -> Option<Version>,
) -> Result<Message, ReadError> {
    let unread = |fault| ReadError { fault, at: 0, path: String::new(), seen: Seen::default() };
    if body.len() > limits.bytes {
        return Err(unread(DecodeError::Limit { what: "bytes", most: limits.bytes }));
    }
    match encoding {
        Encoding::Xml => {
            let document = chars::document(body).map_err(unread)?;
            // The document may have begun with a byte order mark or white space.
            let before = match document {
                std::borrow::Cow::Borrowed(text) => body.len() - text.len(),
                std::borrow::Cow::Owned(_) => 0,
            };
            let source = XmlSource::new(&document, limits).map_err(unread)?;
            Reading::new(source, version_of_session).run().map_err(|fault| ReadError { at: fault.at + before, ..fault })
        }
        Encoding::Wbxml => Reading::new(WbxmlSource::new(body, limits).map_err(unread)?, version_of_session).run(),
        Encoding::Pts => {
            let text = chars::utf8(body).map_err(unread)?;
            Reading::new(PtsSource::new(&text, limits).map_err(unread)?, version_of_session).run()
        }
    }
}

/// Whether a version has a primitive, and an encoding a form for it.
pub fn carries(encoding: Encoding, version: Version, primitive: Element) -> bool {
    primitive.versions().contains(&version)
        && (encoding != Encoding::Pts || super::pts::codes::code_of(primitive).is_some())
}

/// Writes a message. [`Said::Unknown`] has nothing to write: its transaction stays without content.
/// PTS holds the first transaction whose primitive it [`carries`]; if there is none the message is empty.
pub fn write(message: &Message, encoding: Encoding) -> Bytes {
    write_telling(message, encoding).0
}

/// Writes a message, and tells what its version and encoding cannot carry.
pub fn write_telling(message: &Message, encoding: Encoding) -> (Bytes, Vec<Loss>) {
    let (bytes, losses) = match encoding {
        Encoding::Xml => {
            let mut sink = XmlSink::new(message.version);
            message.put(&mut sink);
            sink.finish()
        }
        Encoding::Wbxml => {
            let mut sink = WbxmlSink::new(message.version);
            message.put(&mut sink);
            sink.finish()
        }
        Encoding::Pts => {
            let mut sink = PtsSink::new(message.version);
            message.put(&mut sink);
            sink.finish()
        }
    };
    (bytes.into(), losses)
}

// === impl Message ===

impl Message {
    fn put(&self, to: &mut impl Sink) {
        use Element::{Poll, Session, SessionDescriptor, SessionId, SessionType, WvCspMessage};
        if let [Transaction { said: Said::Known(discovery), .. }] = self.transactions.as_slice()
            && let Element::VersionDiscoveryRequest | Element::VersionDiscoveryResponse = discovery.element()
        {
            return discovery.encode(to);
        }
        to.start(WvCspMessage);
        to.start(Session);
        to.start(SessionDescriptor);
        leaf(SessionType, if self.session.is_some() { "Inband" } else { "Outband" }, to);
        if let Some(session) = &self.session {
            leaf(SessionId, session.expose(), to);
        }
        to.end(SessionDescriptor);
        // 1.1 has the flag in a transaction: the last one, behind which a client may poll.
        let (inside, outside) = if self.version == Version::V11 { (self.poll, None) } else { (None, self.poll) };
        for (at, transaction) in self.transactions.iter().enumerate() {
            transaction.put(inside.filter(|_| at + 1 == self.transactions.len()), to);
        }
        if let Some(poll) = outside {
            leaf(Poll, flag(poll), to);
        }
        to.end(Session);
        to.end(WvCspMessage);
    }
}

// === impl Transaction ===

impl Transaction {
    fn put(&self, poll: Option<bool>, to: &mut impl Sink) {
        use Element::{Poll, TransactionContent, TransactionDescriptor, TransactionId, TransactionMode};
        to.start(Element::Transaction);
        to.start(TransactionDescriptor);
        leaf(TransactionMode, self.mode.as_str(), to);
        if let Some(id) = &self.id {
            leaf(TransactionId, id, to);
        }
        if let Some(poll) = poll {
            leaf(Poll, flag(poll), to);
        }
        match &self.segment {
            Some(segment) if to.takes(Element::SegmentInfo, Version::V13..=Version::V13) => {
                to.start(Element::SegmentInfo);
                segment.encode(to);
                to.end(Element::SegmentInfo);
            }
            Some(_) => to.omit(Element::SegmentInfo),
            None => {}
        }
        to.end(TransactionDescriptor);
        to.start(TransactionContent);
        if let Said::Known(primitive) = &self.said {
            primitive.encode(to);
        }
        to.end(TransactionContent);
        to.end(Element::Transaction);
    }
}

// === impl Reading ===

/// A message being read: the source, and what was seen so far.
struct Reading<D, F> {
    source: D,
    version_of_session: F,
    seen: Seen,
    poll: Option<bool>,
}

impl<'a, D: Document<'a>, F: Fn(&SessionId) -> Option<Version>> Reading<D, F> {
    fn new(source: D, version_of_session: F) -> Self {
        Self { source, version_of_session, seen: Seen::default(), poll: None }
    }

    fn run(mut self) -> Result<Message, ReadError> {
        match self.message() {
            Ok(message) => Ok(message),
            Err(fault) => {
                self.seen.version = match self.source.told() {
                    Some(Told::Foreign(..)) => None,
                    _ => self.seen.version.or_else(|| Some(self.source.version())),
                };
                Err(self.source.fail(fault, self.seen))
            }
        }
    }

    fn message(&mut self) -> Result<Message, DecodeError> {
        let message = match self.source.child()? {
            Some(Some(Element::WvCspMessage)) => {
                self.settle();
                self.root()?
            }
            Some(Some(root @ (Element::VersionDiscoveryRequest | Element::VersionDiscoveryResponse))) => {
                self.settle();
                return self.discovery(root);
            }
            _ => return Err(DecodeError::Unexpected(self.source.name().into())),
        };
        // What follows the root must not be another document.
        self.source.next()?;
        match self.source.told() {
            Some(told) => told.spoken("CSP").map(|_| message),
            None => Ok(message),
        }
    }

    /// Versions are asked for outside any session, with neither ids nor mode, and by whatever version speaks.
    fn discovery(&mut self, root: Element) -> Result<Message, DecodeError> {
        let said = Primitive::decode(root, &mut self.source)?.ok_or(DecodeError::Missing(root))?;
        self.source.next()?;
        let mode = if root == Element::VersionDiscoveryRequest { Mode::Request } else { Mode::Response };
        let transactions = vec![Transaction { mode, id: None, said: Said::Known(said), segment: None }];
        let version = self.source.version().max(Version::V12);
        Ok(Message { version, session: None, transactions, poll: None })
    }

    fn settle(&mut self) {
        if let Some(Told::Spoken(version)) = self.source.told() {
            self.source.speak(version);
            self.seen.version = Some(version);
        }
    }

    fn root(&mut self) -> Result<Message, DecodeError> {
        let mut message = None;
        while let Some(child) = self.source.child()? {
            match child {
                Some(Element::Session) if message.is_none() => message = Some(self.session()?),
                _ => self.source.skip()?,
            }
        }
        message.ok_or(DecodeError::Missing(Element::Session))
    }

    fn session(&mut self) -> Result<Message, DecodeError> {
        let mut described = None;
        let mut transactions = Vec::with_capacity(1);
        while let Some(child) = self.source.child()? {
            match child {
                Some(Element::SessionDescriptor) => {
                    let session = self.descriptor()?;
                    let version = match (&session, self.source.told()) {
                        (Some(session), None) => (self.version_of_session)(session).unwrap_or_default(),
                        _ => self.source.version(),
                    };
                    self.source.speak(version);
                    self.seen.version = Some(version);
                    self.seen.session.clone_from(&session);
                    described = Some(session);
                }
                Some(Element::Transaction) => self.transaction(&mut transactions)?,
                Some(of @ Element::Poll) => self.poll = Some(bool::decode(of, &mut self.source)?),
                _ => self.source.skip()?,
            }
        }
        let session = described.ok_or(DecodeError::Missing(Element::SessionDescriptor))?;
        if transactions.is_empty() {
            return Err(DecodeError::Missing(Element::Transaction));
        }
        Ok(Message { version: self.source.version(), session, transactions, poll: self.poll })
    }

    /// The session, unless the message says that it belongs to none.
    fn descriptor(&mut self) -> Result<Option<SessionId>, DecodeError> {
        let mut session = None;
        let mut outband = false;
        while let Some(child) = self.source.child()? {
            match child {
                Some(of @ Element::SessionType) => {
                    outband = Text::decode(of, &mut self.source)?.eq_ignore_ascii_case("Outband");
                }
                Some(of @ Element::SessionId) => {
                    session = Some(Text::decode(of, &mut self.source)?).filter(|id| !id.is_empty());
                }
                _ => self.source.skip()?,
            }
        }
        Ok(session.filter(|_| !outband).map(SessionId::new))
    }

    /// Reads a transaction into its place, for a primitive is large.
    fn transaction(&mut self, transactions: &mut Vec<Transaction>) -> Result<(), DecodeError> {
        let (mut mode, mut said) = (None, false);
        transactions.resize_with(transactions.len() + 1, || Transaction {
            mode: Mode::Request,
            id: None,
            said: Said::Unknown(Text::default()),
            segment: None,
        });
        let Some(transaction) = transactions.last_mut() else { return Ok(()) };
        while let Some(child) = self.source.child()? {
            match child {
                Some(Element::TransactionDescriptor) => {
                    while let Some(child) = self.source.child()? {
                        match child {
                            Some(of @ Element::TransactionMode) => mode = Some(self.mode(of)?),
                            Some(of @ Element::TransactionId) => {
                                let id = Some(Text::decode(of, &mut self.source)?).filter(|id| !id.is_empty());
                                self.seen.transaction.clone_from(&id);
                                transaction.id = id;
                            }
                            Some(of @ Element::Poll) => self.poll = Some(bool::decode(of, &mut self.source)?),
                            Some(of @ Element::SegmentInfo) => {
                                transaction.segment = Some(SegmentInfo::decode(of, &mut self.source)?);
                            }
                            _ => self.source.skip()?,
                        }
                    }
                }
                Some(Element::TransactionContent) => {
                    while let Some(child) = self.source.child()? {
                        if said {
                            // One primitive, and perhaps a vendor's addition.
                            self.source.skip()?;
                            continue;
                        }
                        said = true;
                        let known = child.is_some_and(|of| Primitive::blank(of, &mut transaction.said, Said::Known));
                        if let (true, Said::Known(primitive)) = (known, &mut transaction.said) {
                            primitive.read(&mut self.source)?;
                        } else {
                            transaction.said = Said::Unknown(self.source.name());
                            self.source.skip()?;
                        }
                    }
                }
                _ => self.source.skip()?,
            }
        }
        transaction.mode = mode.ok_or(DecodeError::Missing(Element::TransactionMode))?;
        if said { Ok(()) } else { Err(DecodeError::Missing(Element::TransactionContent)) }
    }

    fn mode(&mut self, of: Element) -> Result<Mode, DecodeError> {
        let text = Text::decode(of, &mut self.source)?;
        [Mode::Request, Mode::Response]
            .into_iter()
            .find(|mode| mode.as_str().eq_ignore_ascii_case(&text))
            .ok_or(DecodeError::Value(of))
    }
}

fn leaf(element: Element, text: &str, to: &mut impl Sink) {
    to.start(element);
    to.text(text);
    to.end(element);
}

const fn flag(value: bool) -> &'static str {
    if value { "T" } else { "F" }
}

#[cfg(test)]
mod forms;
#[cfg(test)]
mod tests;
#[cfg(test)]
pub(super) mod vectors;
