//! WAP binary XML for CSP, as a source and a sink (`docs/wire-notes.md`, "WBXML").

pub(super) mod charset;
pub(super) mod sink;
pub(super) mod source;
pub(super) mod values;

pub(super) use sink::WbxmlSink;
pub(super) use source::WbxmlSource;

// Global tokens.
pub(super) const SWITCH_PAGE: u8 = 0x00;
pub(super) const END: u8 = 0x01;
pub(super) const ENTITY: u8 = 0x02;
pub(super) const STR_I: u8 = 0x03;
pub(super) const LITERAL: u8 = 0x04;
pub(super) const PI: u8 = 0x43;
pub(super) const EXT_T_0: u8 = 0x80;
pub(super) const STR_T: u8 = 0x83;
pub(super) const OPAQUE: u8 = 0xC3;
/// The tag has content.
pub(super) const CONTENT: u8 = 0x40;
/// The tag has attributes.
pub(super) const ATTRIBUTES: u8 = 0x80;
/// Character set 106 of the IANA registry: UTF-8.
pub(super) const UTF_8: u8 = 0x6A;
