//! Digest schemas: base64 of H(nonce ‖ password) (docs/wire-notes.md, "Access").

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use md5::{Digest, Md5};
use sha1::Sha1;
use zeroize::Zeroizing;

use crate::config::LoginClass;
use crate::sap::secret::{Password, same};
use crate::vocabulary::Text;

/// How a password is proved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Schema {
    /// By itself, in clear.
    Pwd,
    /// By MD5.
    Md5,
    /// By SHA-1.
    Sha,
}

// === impl Schema ===

impl Schema {
    /// As written on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pwd => "PWD",
            Self::Md5 => "MD5",
            Self::Sha => "SHA",
        }
    }

    /// A schema known here; `MD4` and `MD6` are names without an implementation anywhere.
    fn named(text: &str) -> Option<Self> {
        [Self::Pwd, Self::Md5, Self::Sha].into_iter().find(|schema| schema.as_str().eq_ignore_ascii_case(text))
    }

    /// The schema for a client that lists these, one by element or all in one, separated by commas.
    ///
    /// MD5 goes before SHA: one engine lists both and computes MD5 whatever is asked. A client that lists none
    /// has not said what it knows, so MD5 is tried, which every digest client computes.
    pub(super) fn choose(listed: &[Text], class: LoginClass, clear_ok: bool) -> Option<Self> {
        let words = || listed.iter().flat_map(|text| text.split([',', ' '])).filter(|word| !word.is_empty());
        let known: Vec<Self> = words().filter_map(Self::named).collect();
        let silent = words().next().is_none();
        let order = match class {
            LoginClass::Digest => &[Self::Md5, Self::Sha, Self::Pwd][..],
            LoginClass::Hashed => &[Self::Pwd],
        };
        let mut usable = order.iter().filter(|schema| clear_ok || **schema != Self::Pwd);
        usable.find(|schema| silent || known.contains(schema)).copied()
    }

    /// Whether base64 text is the digest of nonce and password.
    pub(super) fn verifies(self, nonce: &str, password: &Password, digest: &str) -> bool {
        let plain: String = digest.chars().filter(|c| !c.is_ascii_whitespace()).collect();
        let Ok(sent) = STANDARD.decode(plain) else { return false };
        // Every form is computed, so that the time tells nothing.
        forms(password).iter().fold(false, |right, form| {
            let computed = match self {
                Self::Md5 => Md5::new().chain_update(nonce).chain_update(form.as_slice()).finalize().to_vec(),
                Self::Sha => Sha1::new().chain_update(nonce).chain_update(form.as_slice()).finalize().to_vec(),
                Self::Pwd => return false,
            };
            same(&computed, &sent) | right
        })
    }
}

/// The password as bytes: ISO-8859-1, as the engines write it, if it fits; else and besides, UTF-8.
fn forms(password: &Password) -> Vec<Zeroizing<Vec<u8>>> {
    let text = password.expose();
    let mut forms = vec![Zeroizing::new(text.as_bytes().to_vec())];
    if !text.is_ascii() {
        let latin: Option<Vec<u8>> = text.chars().map(|c| u8::try_from(u32::from(c)).ok()).collect();
        forms.extend(latin.map(Zeroizing::new));
    }
    forms
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(words: &[&str]) -> Vec<Text> {
        words.iter().map(|word| Text::from(*word)).collect()
    }

    #[test]
    fn known_digests_are_verified() {
        let long = ("92387rhf934fho3fh9fkn309fn3pfun304ufn3", "1my2pass3word");
        for (schema, (nonce, password), digest) in [
            (Schema::Md5, ("abc", "pw"), "cWBas54Z/ocDSu4pzylX5A=="),
            (Schema::Sha, ("abc", "pw"), "t1EonFmoHpsHRsNNZS6ygTCat5c="),
            (Schema::Md5, long, "eRHV6kGuk/omtkfic7wzvQ=="),
            (Schema::Sha, long, "BdlEig3XE6QWWdwe5ARX3ET6cYM="),
        ] {
            let password = Password::new(password);
            assert!(schema.verifies(nonce, &password, digest), "{schema:?} {nonce}");
            assert!(schema.verifies(nonce, &password, &format!("{}\r\n{}", &digest[..10], &digest[10..])));
            assert!(!schema.verifies("abd", &password, digest));
            assert!(!schema.verifies(nonce, &Password::new("PW"), digest));
            assert!(!Schema::Pwd.verifies(nonce, &password, digest));
        }
    }

    #[test]
    fn what_is_no_digest_is_wrong() {
        let password = Password::new("pw");
        for text in ["", "=", "pw", "cWBas54Z/ocDSu4pzylX5A", "cWBas54Z", "t1EonFmoHpsHRsNNZS6ygTCat5c="] {
            assert!(!Schema::Md5.verifies("abc", &password, text), "{text:?}");
        }
    }

    #[test]
    fn letters_beyond_ascii_count_as_one_byte_or_as_utf8_but_never_as_any_letter() {
        let digest = |bytes: &[u8]| STANDARD.encode(Md5::new().chain_update("n").chain_update(bytes).finalize());
        assert!(Schema::Md5.verifies("n", &Password::new("pässword"), &digest(b"p\xE4ssword")));
        assert!(Schema::Md5.verifies("n", &Password::new("pässword"), &digest("pässword".as_bytes())));
        assert!(!Schema::Md5.verifies("n", &Password::new("пароль"), &digest(b"??????")));
        assert!(Schema::Md5.verifies("n", &Password::new("пароль"), &digest("пароль".as_bytes())));
    }

    #[test]
    fn schemas_are_read_from_a_comma_list_and_from_one_element_each() {
        let choose = |listed: &[&str]| Schema::choose(&texts(listed), LoginClass::Digest, false);
        assert_eq!(choose(&["PWD,SHA,MD4,MD5,MD6"]), Some(Schema::Md5));
        assert_eq!(choose(&["PWD", "SHA"]), Some(Schema::Sha));
        assert_eq!(choose(&["PWD, SHA", "MD4"]), Some(Schema::Sha));
        assert_eq!(choose(&["md5"]), Some(Schema::Md5));
        assert_eq!(choose(&["MD4,MD6"]), None);
        assert_eq!(choose(&["PWD"]), None);
        assert_eq!(choose(&[]), Some(Schema::Md5));
        assert_eq!(choose(&[""]), Some(Schema::Md5));
    }

    #[test]
    fn the_password_itself_is_asked_for_only_where_it_may_be_sent() {
        let choose = |listed: &[&str], class, clear| Schema::choose(&texts(listed), class, clear);
        assert_eq!(choose(&["PWD"], LoginClass::Digest, true), Some(Schema::Pwd));
        assert_eq!(choose(&["PWD", "MD5"], LoginClass::Digest, true), Some(Schema::Md5));
        assert_eq!(choose(&["PWD,MD5"], LoginClass::Hashed, true), Some(Schema::Pwd));
        assert_eq!(choose(&[], LoginClass::Hashed, true), Some(Schema::Pwd));
        assert_eq!(choose(&["PWD,MD5"], LoginClass::Hashed, false), None);
        assert_eq!(choose(&["MD5"], LoginClass::Hashed, true), None);
    }
}
