//! Parts of a long answer (1.3; docs/wire-notes.md, "Segments"): put together, they are what would stand in
//! `TransactionContent`.

use bytes::Bytes;

use crate::syntax::Encoding;
use crate::syntax::wbxml::WbxmlSink;
use crate::syntax::wbxml::sink::HEADER;
use crate::syntax::xml::XmlSink;
use crate::syntax::xml::escape::escaped_length;
use crate::syntax::xml::sink::DECLARATION;
use crate::vocabulary::{Content, Primitive, Version};

/// What the token of opaque data and its length take, at most.
const OPAQUE: usize = 6;

/// Cuts a primitive into parts that take at most `room` bytes each when they are written; `None` if there is no room
/// for anything, or the encoding has no segments.
pub fn segments(primitive: &Primitive, version: Version, encoding: Encoding, room: usize) -> Option<Vec<Content>> {
    match encoding {
        Encoding::Xml => {
            let mut sink = XmlSink::new(version);
            primitive.encode(&mut sink);
            let (document, _) = sink.finish();
            let text = std::str::from_utf8(document.get(DECLARATION.len()..)?).ok()?;
            cut_text(text, room)
        }
        Encoding::Wbxml => {
            let mut sink = WbxmlSink::new(version);
            primitive.encode(&mut sink);
            let (document, _) = sink.finish();
            let bytes = Bytes::from(document).split_off(HEADER);
            let most = room.checked_sub(OPAQUE).filter(|most| *most > 0)?;
            let part = |from: usize| Content::Binary(bytes.slice(from..bytes.len().min(from + most)));
            Some((0..bytes.len()).step_by(most).map(part).collect())
        }
        Encoding::Pts => None,
    }
}

/// Cuts between characters, none of which is larger than the room. White space is no first or last character of a
/// part, since readers trim texts.
fn cut_text(text: &str, room: usize) -> Option<Vec<Content>> {
    let mut parts = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let (mut taken, mut written) = (0, 0);
        for (at, char) in rest.char_indices() {
            written += escaped_length(char);
            if written > room {
                break;
            }
            let end = at + char.len_utf8();
            let next = rest[end..].chars().next();
            if !char.is_whitespace() && !next.is_some_and(char::is_whitespace) {
                taken = end;
            }
        }
        if taken == 0 {
            return None;
        }
        let (part, more) = rest.split_at(taken);
        parts.push(Content::Text(part.to_owned()));
        rest = more;
    }
    Some(parts)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::ident::SessionId;
    use crate::syntax::csp::{Message, Transaction, read, write};
    use crate::syntax::{Limits, Said};
    use crate::vocabulary::Mode;
    use crate::vocabulary::segment::GetSegmentResponse;
    use crate::vocabulary::status::{Code, Outcome, Status};

    fn answer(said: impl Into<Primitive>) -> Message {
        let transaction =
            Transaction { mode: Mode::Response, id: Some("7".into()), segment: None, said: Said::Known(said.into()) };
        let session = Some(SessionId::new("s1"));
        Message { version: Version::V13, session, transactions: vec![transaction], poll: None }
    }

    fn size(said: impl Into<Primitive>, encoding: Encoding) -> usize {
        write(&answer(said), encoding).len()
    }

    fn long(words: &str) -> Primitive {
        Status { outcome: Outcome::new(Code::SUCCESS, words), client: None }.into()
    }

    /// What a client that puts the parts together into one message reads.
    fn joined(parts: &[Content], encoding: Encoding) -> Primitive {
        let whole = write(&answer(Status::from(Code::SUCCESS)), encoding);
        let (bare, _) = match encoding {
            Encoding::Xml => ("<Status><Result><Code>200</Code></Result></Status>".as_bytes().to_vec(), 0),
            _ => (inner(&Status::from(Code::SUCCESS).into()), 0),
        };
        let at = whole.windows(bare.len()).position(|window| window == bare).unwrap();
        let mut document = whole[..at].to_vec();
        for part in parts {
            match part {
                Content::Text(text) => document.extend_from_slice(text.as_bytes()),
                Content::Binary(bytes) => document.extend_from_slice(bytes),
            }
        }
        document.extend_from_slice(&whole[at + bare.len()..]);
        let message = read(&document, encoding, &Limits::default(), |_| None).unwrap();
        match message.transactions.into_iter().next().unwrap().said {
            Said::Known(said) => said,
            Said::Unknown(name) => panic!("{name}"),
        }
    }

    fn inner(primitive: &Primitive) -> Vec<u8> {
        let parts = segments(primitive, Version::V13, Encoding::Wbxml, 10_000).unwrap();
        let [Content::Binary(bytes)] = parts.as_slice() else { panic!("{parts:?}") };
        bytes.to_vec()
    }

    proptest! {
        #[test]
        fn the_parts_put_together_are_the_answer_and_none_is_too_long(
            words in "[a-zż<&>\" ]{0,400}", room in 20_usize..300,
        ) {
            let words = words.trim();
            for encoding in [Encoding::Xml, Encoding::Wbxml] {
                let said = long(words);
                let Some(parts) = segments(&said, Version::V13, encoding, room) else {
                    // Only white space in a row can leave no place to cut.
                    prop_assert!(encoding == Encoding::Xml && words.contains("  "));
                    continue;
                };
                prop_assert_eq!(joined(&parts, encoding), said);
                let empty = size(GetSegmentResponse { content: Some(Content::Text("x".into())) }, Encoding::Xml) - 1;
                let none = size(GetSegmentResponse { content: None }, Encoding::Wbxml);
                for part in parts {
                    let written = size(GetSegmentResponse { content: Some(part) }, encoding);
                    let envelope = if encoding == Encoding::Xml { empty } else { none + 8 };
                    prop_assert!(written <= envelope + room, "{} > {} + {}", written, envelope, room);
                }
            }
        }
    }

    #[test]
    fn without_room_nothing_is_cut() {
        for encoding in [Encoding::Xml, Encoding::Wbxml, Encoding::Pts] {
            assert_eq!(segments(&long("words"), Version::V13, encoding, 0), None);
        }
    }
}
