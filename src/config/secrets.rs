//! Files of secrets that a configuration names. The node makes them at its first start; one that is there must hold
//! what it should.

use std::io::ErrorKind;
use std::path::Path;

use zeroize::Zeroizing;

use super::certificates::{self, Inspection};

/// Hexadecimal digits of a key.
const KEY_DIGITS: usize = 64;
/// Fewest characters of a token.
const TOKEN_SHORTEST: usize = 16;

/// The key that seals passwords.
pub(super) fn sealing_key(file: &Path, key: &str, on: &mut Inspection<'_>) {
    certificates::closed(file, key, on);
    let Some(text) = read(file, key, on) else { return };
    let text = text.trim();
    if text.len() != KEY_DIGITS || !text.bytes().all(|b| b.is_ascii_hexdigit()) {
        let what = format!("names {}, which doesn't hold {KEY_DIGITS} hexadecimal digits", file.display());
        on.error(key, what, "restore the file from its backup: without it no sealed password can be read");
    }
}

/// The admin token. The node refuses one that others may read.
pub(super) fn token(file: &Path, key: &str, on: &mut Inspection<'_>) {
    use std::os::unix::fs::PermissionsExt;
    let Some(text) = read(file, key, on) else { return };
    let shown = file.display();
    if std::fs::metadata(file).is_ok_and(|of| of.permissions().mode() & 0o077 != 0) {
        on.error(key, format!("names {shown}, which others may read"), format!("chmod 600 {shown}"));
    }
    let text = text.trim();
    if text.len() < TOKEN_SHORTEST || !text.bytes().all(|b| b.is_ascii_graphic()) {
        let what = format!("names {shown}, whose token has fewer than {TOKEN_SHORTEST} characters or holds blanks");
        on.error(key, what, "remove the file: the node makes a new one");
    }
}

/// A file that is there; its bytes, as far as they are text.
fn read(file: &Path, key: &str, on: &mut Inspection<'_>) -> Option<Zeroizing<String>> {
    match std::fs::read(file).map(Zeroizing::new) {
        Ok(bytes) => Some(Zeroizing::new(String::from_utf8_lossy(&bytes).into_owned())),
        Err(error) if error.kind() == ErrorKind::NotFound => None,
        Err(error) => {
            let what = format!("names {}, which can't be read ({error})", file.display());
            on.error(key, what, "let the user that runs postern read it");
            None
        }
    }
}
