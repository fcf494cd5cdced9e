//! A wake-up as a WAP push: a connectionless unit of WSP, as the push service of a phone takes it on port 2948.

/// The kind of unit: a push.
const PUSH: u8 = 0x06;
/// Content type, by its well-known number: `application/vnd.wv.csp.cir`.
const CIR: u8 = 0xC6;
/// Header `X-Wap-Application-Id`, by its well-known number.
const APPLICATION_ID: u8 = 0xAF;
/// `x-wap-application:wv.ua`, by its well-known number.
const WV_UA: u8 = 0x8A;

/// The unit around a wake-up's text.
pub(super) fn unit(transaction: u8, text: &str) -> Vec<u8> {
    let headers = [CIR, APPLICATION_ID, WV_UA];
    // There are three, each of one byte.
    let mut unit = vec![transaction, PUSH, headers.len() as u8];
    unit.extend(headers);
    unit.extend(text.as_bytes());
    unit
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_push_is_a_unit_of_wsp_for_the_client_of_imps() {
        let unit = unit(7, "WVCI 1.2 c");
        assert_eq!(unit, b"\x07\x06\x03\xC6\xAF\x8AWVCI 1.2 c");
    }
}
