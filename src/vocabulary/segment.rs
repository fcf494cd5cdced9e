//! Segmentation: answers too large for a client, in pieces (1.3; docs/wire-notes.md, "Segments").

use super::record::record;
use super::{Content, Text};

record! {
    /// Which segment stands here, of how many (1.3); in the descriptor of the transaction.
    pub struct SegmentInfo {
        /// How many there are.
        count: Option<u32> = SegmentCount,
        /// Which this is.
        id: Option<SegmentId> = SegmentId,
    }

    /// A segment's name (1.3).
    pub struct SegmentId {
        /// The transaction that was cut up.
        transaction: Text = TransactionId,
        /// The segment's number, 1 first.
        reference: u32 = SegmentReference,
    }

    /// Asks for a segment (1.3).
    pub struct GetSegmentRequest {
        /// Which.
        id: SegmentId = SegmentId,
    }

    /// A segment (1.3).
    pub struct GetSegmentResponse {
        /// The next part of the primitive as it is written: characters in XML, bytes in WBXML.
        content: Option<Content> = SegmentContent,
    }

    /// The client wants no more of the segments (1.3).
    pub struct DropSegmentRequest {
        /// The last one it had.
        id: SegmentId = SegmentId,
    }
}
