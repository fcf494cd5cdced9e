//! A whole message in another version or protocol: read into the vocabulary, written anew, with a report of what
//! had no place there (`docs/conversions.md`).

use bytes::Bytes;

use super::tree::Syntax;
use super::{Encoding, Limits, Loss, ReadError, Said, csp, ssp};
use crate::ident::SessionId;
use crate::vocabulary::interop::MetaInfo;
use crate::vocabulary::{Element, Mode, Text, Version};

/// Why a message could not be written in another syntax.
#[derive(Debug, thiserror::Error)]
pub enum ConvertError {
    /// It could not be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// It says something of which nothing is known but the name.
    #[error("<{0}> is no primitive known here, so it can't be converted")]
    Unknown(Text),
    /// Nothing of it has a place in the syntax.
    #[error("{} {version} has no <{}>", .syntax.as_str(), .element.xml())]
    NoPlace {
        /// The primitive.
        element: Element,
        /// The syntax asked for.
        syntax: Syntax,
        /// The version asked for.
        version: Version,
    },
}

/// Writes a message, given in the syntax `from`, in the syntax `to` and a version (its own, if none is given).
///
/// # Errors
/// [`ConvertError`]: it can't be read, or a primitive of it is unknown or has no place in that syntax and version.
pub fn convert(
    body: &[u8],
    from: Syntax,
    to: Syntax,
    version: Option<Version>,
    limits: &Limits,
) -> Result<(Bytes, Vec<Loss>), ConvertError> {
    let mut message = Neutral::read(body, from, limits)?;
    message.version = version.unwrap_or(message.version);
    message.written(to)
}

/// A message free of any syntax.
pub(super) struct Neutral {
    version: Version,
    session: Option<SessionId>,
    parts: Vec<(Option<MetaInfo>, csp::Transaction)>,
    poll: Option<bool>,
}

// === impl Neutral ===

impl Neutral {
    /// Reads a message in a syntax.
    pub(super) fn read(body: &[u8], syntax: Syntax, limits: &Limits) -> Result<Self, ReadError> {
        let mut message = match syntax.encoding() {
            Some(encoding) => Self::of_csp(csp::read(body, encoding, limits, |_| None)?),
            None => Self::of_ssp(body, limits)?,
        };
        for (_, transaction) in &mut message.parts {
            if let Said::Known(primitive) = &mut transaction.said {
                primitive.settle_content();
            }
        }
        Ok(message)
    }

    /// A message that says one thing.
    #[cfg(test)]
    pub(super) fn saying(transaction: csp::Transaction, version: Version) -> Self {
        Self { version, session: Some(SessionId::new("s1")), parts: vec![(None, transaction)], poll: None }
    }

    /// What is said.
    #[cfg(test)]
    pub(super) fn said(self) -> Vec<crate::vocabulary::Primitive> {
        let known = |(_, transaction): (_, csp::Transaction)| match transaction.said {
            Said::Known(primitive) => Some(primitive),
            Said::Unknown(_) => None,
        };
        self.parts.into_iter().filter_map(known).collect()
    }

    fn of_csp(message: csp::Message) -> Self {
        let parts = message.transactions.into_iter().map(|transaction| (None, transaction)).collect();
        Self { version: message.version, session: message.session, parts, poll: message.poll }
    }

    fn of_ssp(body: &[u8], limits: &Limits) -> Result<Self, ReadError> {
        let envelope = ssp::scan(body, limits)?;
        let (session, scanned) = match envelope.body {
            ssp::Body::Setup(step) => (None, vec![step]),
            ssp::Body::Session { session, transactions } => (Some(SessionId::new(session)), transactions.into()),
        };
        let mut parts = Vec::with_capacity(scanned.len());
        for part in scanned {
            let (meta, said) = ssp::read_fragment(part.fragment, envelope.version, limits)?;
            parts.push((meta, csp::Transaction { mode: part.mode, id: Some(part.id.into()), said, segment: None }));
        }
        Ok(Self { version: envelope.version, session, parts, poll: None })
    }

    /// Writes it in a syntax, and tells what was lost.
    pub(super) fn written(self, to: Syntax) -> Result<(Bytes, Vec<Loss>), ConvertError> {
        match to.encoding() {
            Some(encoding) => self.in_csp(encoding, to),
            None => self.in_ssp(to),
        }
    }

    fn in_csp(self, encoding: Encoding, syntax: Syntax) -> Result<(Bytes, Vec<Loss>), ConvertError> {
        let mut losses = Vec::new();
        let mut transactions = Vec::with_capacity(self.parts.len());
        for (meta, transaction) in self.parts {
            let element = known(&transaction)?;
            if meta.is_some() {
                losses.push(Loss { path: format!("/{}", element.xml()), element: Element::MetaInfo });
            }
            transactions.push(transaction);
        }
        let message = csp::Message { version: self.version, session: self.session, transactions, poll: self.poll };
        let (bytes, mut lost) = csp::write_telling(&message, encoding);
        let content = Element::TransactionContent.xml();
        if let Some(Loss { element, .. }) =
            lost.iter().find(|loss| loss.path.is_empty() || loss.path.ends_with(content))
        {
            return Err(ConvertError::NoPlace { element: *element, syntax, version: self.version });
        }
        losses.append(&mut lost);
        Ok((bytes, losses))
    }

    fn in_ssp(self, syntax: Syntax) -> Result<(Bytes, Vec<Loss>), ConvertError> {
        let mut losses = Vec::new();
        if self.poll.is_some() {
            losses.push(Loss { path: "/WV-CSP-Message/Session".into(), element: Element::Poll });
        }
        let mut written: Vec<(Mode, Text, Bytes)> = Vec::with_capacity(self.parts.len());
        for (meta, transaction) in &self.parts {
            let element = known(transaction)?;
            if transaction.segment.is_some() {
                let path = "/WV-CSP-Message/Session/Transaction/TransactionDescriptor".into();
                losses.push(Loss { path, element: Element::SegmentInfo });
            }
            let Said::Known(primitive) = &transaction.said else { continue };
            let none = ConvertError::NoPlace { element, syntax, version: self.version };
            let (fragment, mut lost) =
                ssp::write_fragment_telling(meta.as_ref(), primitive, self.version, ssp::Quirks::default())
                    .ok_or(none)?;
            losses.append(&mut lost);
            written.push((transaction.mode, transaction.id.clone().unwrap_or_default(), fragment));
        }
        let parts: Vec<ssp::Part<'_>> =
            written.iter().map(|(mode, id, fragment)| ssp::Part { mode: *mode, id, fragment }).collect();
        let session = self.session.as_ref().map_or("", SessionId::expose);
        let bytes = match parts.as_slice() {
            [step] if self.parts.iter().any(|(_, transaction)| is_setup(transaction)) => {
                ssp::setup_message(self.version, step)
            }
            parts => ssp::session_message(self.version, session, parts),
        };
        Ok((bytes, losses))
    }
}

/// The element of what is said, if it is known.
fn known(transaction: &csp::Transaction) -> Result<Element, ConvertError> {
    match &transaction.said {
        Said::Known(primitive) => Ok(primitive.element()),
        Said::Unknown(name) => Err(ConvertError::Unknown(name.clone())),
    }
}

/// Whether it is a step of the set-up between domains, which stands outside any session.
fn is_setup(transaction: &csp::Transaction) -> bool {
    use Element::{SendSecretToken, SspLoginRequest, SspLoginResponse};
    known(transaction).is_ok_and(|element| matches!(element, SendSecretToken | SspLoginRequest | SspLoginResponse))
}
