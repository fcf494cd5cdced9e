//! The bearer token of the admin address: made at first start, kept in a file only its owner can read.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use crate::ident;

/// Fewest characters a token must have.
const SHORTEST: usize = 16;

/// What an operator shows to be let in. A secret: it has no `Display`, and `Debug` shows none of it.
#[derive(Clone)]
pub struct Token(Zeroizing<String>);

/// Why there is no token.
#[derive(Debug, thiserror::Error)]
pub enum TokenError {
    /// The file can't be read or made.
    #[error("the token file {file} can't be used: {fault}")]
    File {
        /// The file.
        file: PathBuf,
        /// Why.
        fault: io::Error,
    },
    /// The file holds no usable token.
    #[error(
        "the token in {file} has fewer than {SHORTEST} characters or holds blanks: remove the file to get a new one"
    )]
    Weak {
        /// The file.
        file: PathBuf,
    },
    /// Others can read the file.
    #[error("the token file {file} can be read by others: run `chmod 600 {file}`")]
    Open {
        /// The file.
        file: PathBuf,
    },
}

/// The token in the file; a missing file is made, with mode 0600 and a fresh token of 128 random bits.
pub fn load_or_make(path: &Path) -> Result<Token, TokenError> {
    let fault = |fault| TokenError::File { file: path.to_owned(), fault };
    match OpenOptions::new().write(true).create_new(true).mode(0o600).open(path) {
        Ok(mut file) => {
            let token = Zeroizing::new(ident::fresh().to_string());
            file.write_all(token.as_bytes()).and_then(|()| file.write_all(b"\n")).map_err(fault)?;
            file.sync_all().map_err(fault)?;
            Ok(Token(token))
        }
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => load(path),
        Err(error) => Err(fault(error)),
    }
}

/// The token in the file, which must exist.
pub fn load(path: &Path) -> Result<Token, TokenError> {
    let fault = |fault| TokenError::File { file: path.to_owned(), fault };
    let text = Zeroizing::new(fs::read_to_string(path).map_err(fault)?);
    if fs::metadata(path).map_err(fault)?.permissions().mode() & 0o077 != 0 {
        return Err(TokenError::Open { file: path.to_owned() });
    }
    Token::new(text.trim()).ok_or_else(|| TokenError::Weak { file: path.to_owned() })
}

// === impl Token ===

impl Token {
    /// Takes a token; `None` if it is too short to be one or could not stand in a header.
    pub fn new(text: &str) -> Option<Self> {
        let fits = text.len() >= SHORTEST && text.bytes().all(|b| b.is_ascii_graphic());
        fits.then(|| Self(Zeroizing::new(text.to_owned())))
    }

    /// The token itself, for the header of a request.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Whether the text is the token, in a time that tells nothing of where they differ.
    pub fn matches(&self, text: &str) -> bool {
        self.0.as_bytes().ct_eq(text.as_bytes()).into()
    }
}

impl std::fmt::Debug for Token {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Token")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_token_is_made_once_and_only_its_owner_can_read_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("admin.token");
        let made = load_or_make(&path).unwrap();
        let again = load_or_make(&path).unwrap();
        assert!(again.matches(made.expose()));
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert!(!format!("{made:?}").contains(made.expose()));
    }

    #[test]
    fn a_file_without_a_usable_token_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("admin.token");
        for text in ["", "short\n", "with a blank in between it"] {
            fs::write(&path, text).unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
            assert!(matches!(load_or_make(&path), Err(TokenError::Weak { .. })), "{text:?}");
        }
        fs::write(&path, "abcdefghijklmnopqrstuvwxyz").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        assert!(matches!(load_or_make(&path), Err(TokenError::Open { .. })));
        assert!(matches!(load_or_make(&folder.path().join("no/such")), Err(TokenError::File { .. })));
    }

    #[test]
    fn only_the_whole_token_matches() {
        let token = Token::new("abcdefghijklmnop").unwrap();
        assert!(token.matches("abcdefghijklmnop"));
        for other in ["", "abcdefghijklmno", "abcdefghijklmnoq", "abcdefghijklmnopp"] {
            assert!(!token.matches(other), "{other:?}");
        }
    }
}
