//! Well-known values: one token for a whole text (EXT_T_0).

use std::ops::RangeInclusive;

use crate::vocabulary::Element;
use crate::vocabulary::Version::{self, V11, V12, V13};
use crate::vocabulary::names::Index;

macro_rules! values {
    ($( $token:literal = $text:literal, $versions:expr; )*) => {
        const TEXTS: &[&str] = &[ $( $text, )* ];
        const TOKENS: &[u8] = &[ $( $token, )* ];
        const VERSIONS: &[RangeInclusive<Version>] = &[ $( $versions, )* ];
    };
}

static BY_TEXT: Index<512> = Index::new(TEXTS);
static BY_TOKEN: [u8; 256] = by_token();

const fn by_token() -> [u8; 256] {
    let mut places = [0; 256];
    let mut at = 0;
    while at < TOKENS.len() {
        at += 1;
        places[TOKENS[at - 1] as usize] = at as u8;
    }
    places
}

/// The text of a token. Every version reads the tokens of all versions: phones mix them.
pub(in crate::syntax) fn text(token: u32, inside: Option<Element>, version: Version) -> Option<&'static str> {
    let named = inside == Some(Element::Name);
    match (token, version) {
        // The names of group properties, where other elements have other values.
        (0x3D, V13) if named => return Some("History"),
        (0x34, V11) if named => return Some("ShowID"),
        // Assigned twice over the years.
        (0x68, V11 | V12) => return Some("IM"),
        (0x75, _) => return Some("SMS"),
        _ => {}
    }
    let place = *BY_TOKEN.get(usize::try_from(token).ok()?)?;
    TEXTS.get(usize::from(place).checked_sub(1)?).copied()
}

/// The token of a text in a version's table, if it is read as the same text there.
pub(in crate::syntax) fn token(text: &str, inside: Option<Element>, version: Version) -> Option<u8> {
    let at = BY_TEXT.find(text, |at| TEXTS[at] == text)?;
    VERSIONS.get(at).filter(|versions| versions.contains(&version))?;
    TOKENS.get(at).copied().filter(|token| self::text(u32::from(*token), inside, version) == Some(text))
}

/// Every token and its text: for `docs/elements.md`.
#[cfg(test)]
pub(in crate::syntax) fn rows() -> impl Iterator<Item = (u8, &'static str)> {
    TOKENS.iter().copied().zip(TEXTS.iter().copied())
}

values! {
    0x00 = "AccessType", V11..=V13;
    0x01 = "ActiveUsers", V11..=V13;
    0x02 = "Admin", V11..=V13;
    0x03 = "application/", V11..=V13;
    0x04 = "application/vnd.wap.mms-message", V11..=V13;
    0x05 = "application/x-sms", V11..=V13;
    0x06 = "AutoJoin", V11..=V13;
    0x07 = "BASE64", V11..=V13;
    0x08 = "Closed", V11..=V13;
    0x09 = "Default", V11..=V13;
    0x0A = "DisplayName", V11..=V13;
    0x0B = "F", V11..=V13;
    0x0C = "G", V11..=V13;
    0x0D = "GR", V11..=V13;
    0x0E = "http://", V11..=V13;
    0x0F = "https://", V11..=V13;
    0x10 = "image/", V11..=V13;
    0x11 = "Inband", V11..=V13;
    0x12 = "IM", V11..=V13;
    0x13 = "MaxActiveUsers", V11..=V13;
    0x14 = "Mod", V11..=V13;
    0x15 = "Name", V11..=V13;
    0x16 = "None", V11..=V13;
    0x17 = "N", V11..=V13;
    0x18 = "Open", V11..=V13;
    0x19 = "Outband", V11..=V13;
    0x1A = "PR", V11..=V13;
    0x1B = "Private", V11..=V13;
    0x1C = "PrivateMessaging", V11..=V13;
    0x1D = "PrivilegeLevel", V11..=V13;
    0x1E = "Public", V11..=V13;
    0x1F = "P", V11..=V13;
    0x20 = "Request", V11..=V13;
    0x21 = "Response", V11..=V13;
    0x22 = "Restricted", V11..=V13;
    0x23 = "ScreenName", V11..=V13;
    0x24 = "Searchable", V11..=V13;
    0x25 = "S", V11..=V13;
    0x26 = "SC", V11..=V13;
    0x27 = "text/", V11..=V13;
    0x28 = "text/plain", V11..=V13;
    0x29 = "text/x-vCalendar", V11..=V13;
    0x2A = "text/x-vCard", V11..=V13;
    0x2B = "Topic", V11..=V13;
    0x2C = "T", V11..=V13;
    0x2D = "Type", V11..=V13;
    0x2E = "U", V11..=V13;
    0x2F = "US", V11..=V13;
    0x30 = "www.wireless-village.org", V11..=V13;
    0x31 = "AutoDelete", V12..=V13;
    0x32 = "GM", V12..=V13;
    0x33 = "Validity", V12..=V13;
    0x34 = "DENIED", V12..=V13;
    0x35 = "GRANTED", V12..=V13;
    0x36 = "PENDING", V12..=V13;
    0x37 = "ShowID", V12..=V13;
    0x38 = "RequireInvitation", V13..=V13;
    0x39 = "Tiny", V13..=V13;
    0x3A = "PPU", V13..=V13;
    0x3B = "SPA", V13..=V13;
    0x3C = "ANC", V13..=V13;
    0x3D = "GROUP_ID", V11..=V13;
    0x3E = "GROUP_NAME", V11..=V13;
    0x3F = "GROUP_TOPIC", V11..=V13;
    0x40 = "GROUP_USER_ID_JOINED", V11..=V13;
    0x41 = "GROUP_USER_ID_OWNER", V11..=V13;
    0x42 = "HTTP", V11..=V13;
    0x43 = "SMS", V11..=V13;
    0x44 = "STCP", V11..=V13;
    0x45 = "SUDP", V11..=V13;
    0x46 = "USER_ALIAS", V11..=V13;
    0x47 = "USER_EMAIL_ADDRESS", V11..=V13;
    0x48 = "USER_FIRST_NAME", V11..=V13;
    0x49 = "USER_ID", V11..=V13;
    0x4A = "USER_LAST_NAME", V11..=V13;
    0x4B = "USER_MOBILE_NUMBER", V11..=V13;
    0x4C = "USER_ONLINE_STATUS", V11..=V13;
    0x4D = "WAPSMS", V11..=V13;
    0x4E = "WAPUDP", V11..=V13;
    0x4F = "WSP", V11..=V13;
    0x50 = "GROUP_USER_ID_AUTOJOIN", V12..=V13;
    0x51 = "AND", V13..=V13;
    0x52 = "AC", V13..=V13;
    0x53 = "BLC", V13..=V13;
    0x54 = "BLUC", V13..=V13;
    0x55 = "CLCR", V13..=V13;
    0x56 = "CLD", V13..=V13;
    0x57 = "GC", V13..=V13;
    0x58 = "GD", V13..=V13;
    0x59 = "GLC", V13..=V13;
    0x5A = "ANU", V13..=V13;
    0x5B = "ANGRY", V11..=V13;
    0x5C = "ANXIOUS", V11..=V13;
    0x5D = "ASHAMED", V11..=V13;
    0x5E = "AUDIO_CALL", V11..=V12;
    0x5F = "AVAILABLE", V11..=V13;
    0x60 = "BORED", V11..=V13;
    0x61 = "CALL", V11..=V13;
    0x62 = "CLI", V11..=V13;
    0x63 = "COMPUTER", V11..=V13;
    0x64 = "DISCREET", V11..=V13;
    0x65 = "EMAIL", V11..=V13;
    0x66 = "EXCITED", V11..=V13;
    0x67 = "HAPPY", V11..=V13;
    0x68 = "AP", V13..=V13;
    0x69 = "IM_OFFLINE", V11..=V12;
    0x6A = "IM_ONLINE", V11..=V12;
    0x6B = "IN_LOVE", V11..=V13;
    0x6C = "INVINCIBLE", V11..=V13;
    0x6D = "JEALOUS", V11..=V13;
    0x6E = "MMS", V11..=V13;
    0x6F = "MOBILE_PHONE", V11..=V13;
    0x70 = "NOT_AVAILABLE", V11..=V13;
    0x71 = "OTHER", V11..=V13;
    0x72 = "PDA", V11..=V13;
    0x73 = "SAD", V11..=V13;
    0x74 = "SLEEPY", V11..=V13;
    0x76 = "VIDEO_CALL", V11..=V12;
    0x77 = "VIDEO_STREAM", V11..=V12;
    0x78 = "www.openmobilealliance.org", V13..=V13;
    0x79 = "Small", V13..=V13;
    0x7A = "Medium", V13..=V13;
    0x7B = "Big", V13..=V13;
    0x7C = "Huge", V13..=V13;
    0x7D = "Bold", V13..=V13;
    0x7E = "Italic", V13..=V13;
    0x7F = "Underline", V13..=V13;
    0x80 = "Black", V13..=V13;
    0x81 = "Silver", V13..=V13;
    0x82 = "Gray", V13..=V13;
    0x83 = "White", V13..=V13;
    0x84 = "Maroon", V13..=V13;
    0x85 = "Red", V13..=V13;
    0x86 = "Purple", V13..=V13;
    0x87 = "Fuchsia", V13..=V13;
    0x88 = "Green", V13..=V13;
    0x89 = "Lime", V13..=V13;
    0x8A = "Olive", V13..=V13;
    0x8B = "Yellow", V13..=V13;
    0x8C = "Navy", V13..=V13;
    0x8D = "Blue", V13..=V13;
    0x8E = "Teal", V13..=V13;
    0x8F = "Aqua", V13..=V13;
    0x90 = "ATCL", V13..=V13;
    0x91 = "CLC", V13..=V13;
    0x93 = "USER_CITY", V13..=V13;
    0x94 = "USER_COUNTRY", V13..=V13;
    0x95 = "USER_FRIENDLY_NAME", V13..=V13;
    0x96 = "USER_GENDER", V13..=V13;
    0x97 = "USER_INTENTION", V13..=V13;
    0x98 = "USER_INTERESTS_HOBBIES", V13..=V13;
    0x99 = "USER_MARITAL_STATUS", V13..=V13;
    0x9A = "PRIORITYREJECT", V13..=V13;
    0x9B = "PRIORITYSTORE", V13..=V13;
    0x9C = "REJECT", V13..=V13;
    0x9D = "SENDREJECT", V13..=V13;
    0x9E = "SENDSTORE", V13..=V13;
    0x9F = "IR", V13..=V13;
    0xA0 = "EC", V13..=V13;
    0xA1 = "GLUC", V13..=V13;
    0xA2 = "IA", V13..=V13;
    0xA3 = "IC", V13..=V13;
    0xA4 = "SSMS", V12..=V13;
    0xA5 = "SHTTP", V12..=V13;
    0xA6 = "DoNotNotify", V13..=V13;
    0xA7 = "GMAU", V13..=V13;
    0xA8 = "GMG", V13..=V13;
    0xA9 = "GMR", V13..=V13;
    0xAA = "GMU", V13..=V13;
    0xAB = "DETECT", V13..=V13;
    0xAC = "FORKALL", V13..=V13;
    0xAD = "OEU", V13..=V13;
    0xAE = "SERVERLOGIC", V13..=V13;
    0xAF = "PP_AGE", V13..=V13;
    0xB0 = "PP_CITY", V13..=V13;
    0xB1 = "PP_COUNTRY", V13..=V13;
    0xB2 = "PP_FRIENDLY_NAME", V13..=V13;
    0xB3 = "PP_FREE_TEXT", V13..=V13;
    0xB4 = "PP_GENDER", V13..=V13;
    0xB5 = "PP_INTENTION", V13..=V13;
    0xB6 = "PP_INTERESTS", V13..=V13;
    0xB7 = "PP_MARITAL_STATUS", V13..=V13;
    0xB8 = "USER_AGE_MAX", V13..=V13;
    0xB9 = "USER_AGE_MIN", V13..=V13;
    0xBA = "EG", V13..=V13;
    0xBB = "MinimumAge", V13..=V13;
    0xBC = "C", V13..=V13;
    0xBD = "CURRENT_SUBSCRIBER", V13..=V13;
    0xBE = "FORMER_SUBSCRIBER", V13..=V13;
    0xBF = "PRESENCE_ACCESS", V13..=V13;
    0xC0 = "R", V13..=V13;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_and_texts_lead_to_each_other() {
        for version in Version::ALL {
            for text_of_row in TEXTS {
                if let Some(token) = token(text_of_row, None, version) {
                    assert_eq!(text(u32::from(token), None, version), Some(*text_of_row));
                }
            }
        }
        assert_eq!(token("SHTTP", None, V13), Some(0xA5));
        assert_eq!(token("GROUP_ID", Some(Element::SearchElement), V13), Some(0x3D));
        assert_eq!(token("GROUP_ID", Some(Element::Name), V13), None);
        assert_eq!(token("History", Some(Element::Name), V13), None);
        assert_eq!(token("SHTTP", None, V11), None);
        assert_eq!(text(0xA5, None, V11), Some("SHTTP"));
        assert_eq!(token("t", None, V12), None);
    }

    #[test]
    fn a_token_used_twice_follows_version_and_place() {
        assert_eq!(text(0x3D, Some(Element::Name), V13), Some("History"));
        assert_eq!(text(0x3D, Some(Element::SearchElement), V13), Some("GROUP_ID"));
        assert_eq!(text(0x34, Some(Element::Name), V11), Some("ShowID"));
        assert_eq!(text(0x34, Some(Element::Name), V12), Some("DENIED"));
        assert_eq!((text(0x68, None, V12), text(0x68, None, V13)), (Some("IM"), Some("AP")));
        assert_eq!((token("IM", None, V12), token("SMS", None, V13)), (Some(0x12), Some(0x43)));
        assert_eq!((text(0x92, None, V13), text(0x1_0000, None, V13)), (None, None));
    }
}
