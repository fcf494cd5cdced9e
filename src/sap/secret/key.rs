//! The key that seals what must be readable again: passwords of digest logins (`[secrets] key_file`).

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use aws_lc_rs::aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce, RandomizedNonceKey};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use zeroize::{Zeroize, Zeroizing};

use super::{Password, SecretError};

const KEY_LEN: usize = 32;
/// Names the cipher and layout of what follows, so that another may come later.
const FORM: &str = "1:";

/// Seals and opens secrets with AES-256-GCM; the user id is bound in, so one user's secret opens for no other.
pub struct Keyring {
    key: RandomizedNonceKey,
}

/// Why there is no key.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The file can't be read or made.
    #[error("key file {}: {fault}", .path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        fault: io::Error,
    },
    /// The file holds no key.
    #[error("key file {} does not hold 64 hexadecimal digits; restore it from its backup, because without it \
             no sealed password can be read", .path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
    },
    /// The random source or the cipher failed.
    #[error("the cryptographic library failed")]
    Library,
}

// === impl Keyring ===

impl Keyring {
    /// Reads the key file, making it (32 random bytes in hexadecimal, mode 0600) if there is none.
    ///
    /// # Errors
    /// If the file can't be read or made, or holds no key.
    pub fn open(path: &Path) -> Result<Self, KeyError> {
        let at = |fault| KeyError::File { path: path.to_owned(), fault };
        let text = match fs::read_to_string(path) {
            Err(fault) if fault.kind() == io::ErrorKind::NotFound => {
                let mut key = Zeroizing::new([0; KEY_LEN]);
                aws_lc_rs::rand::fill(key.as_mut_slice()).map_err(|_| KeyError::Library)?;
                write_new(path, to_hex(key.as_slice()).as_bytes()).map_err(at)?;
                fs::read_to_string(path).map_err(at)?
            }
            Err(fault) if fault.kind() == io::ErrorKind::InvalidData => {
                return Err(KeyError::Malformed { path: path.to_owned() });
            }
            read => read.map_err(at)?,
        };
        let text = Zeroizing::new(text);
        let key = from_hex(text.trim()).ok_or_else(|| KeyError::Malformed { path: path.to_owned() })?;
        warn_if_readable_by_others(path);
        Self::new(&key)
    }

    /// A keyring of a key that is lost with it, for nodes without a file.
    ///
    /// # Errors
    /// If the random source fails.
    pub fn ephemeral() -> Result<Self, KeyError> {
        let mut key = Zeroizing::new([0; KEY_LEN]);
        aws_lc_rs::rand::fill(key.as_mut_slice()).map_err(|_| KeyError::Library)?;
        Self::new(&key)
    }

    fn new(key: &[u8; KEY_LEN]) -> Result<Self, KeyError> {
        let key = RandomizedNonceKey::new(&AES_256_GCM, key).map_err(|_| KeyError::Library)?;
        Ok(Self { key })
    }

    /// Seals a user's password as text.
    ///
    /// # Errors
    /// If the random source fails.
    pub fn seal(&self, user: &str, password: &Password) -> Result<String, SecretError> {
        let mut bytes = password.expose().as_bytes().to_vec();
        // Room for the tag, so that no copy of the clear text stays behind a reallocation.
        bytes.reserve_exact(AES_256_GCM.tag_len());
        let sealed = self.key.seal_in_place_append_tag(Aad::from(user), &mut bytes);
        let Ok(nonce) = sealed else {
            bytes.zeroize();
            return Err(SecretError::Library);
        };
        let mut all = nonce.as_ref().to_vec();
        all.append(&mut bytes);
        Ok(format!("{FORM}{}", STANDARD.encode(all)))
    }

    /// Opens what [`Keyring::seal`] made for the same user.
    ///
    /// # Errors
    /// If it was altered, or sealed with another key or for another user.
    pub fn unseal(&self, user: &str, sealed: &str) -> Result<Password, SecretError> {
        let coded = sealed.strip_prefix(FORM).ok_or(SecretError::Sealed)?;
        let bytes = STANDARD.decode(coded).map_err(|_| SecretError::Sealed)?;
        let (nonce, body) = bytes.split_at_checked(NONCE_LEN).ok_or(SecretError::Sealed)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| SecretError::Sealed)?;
        let mut body = Zeroizing::new(body.to_vec());
        let clear = self.key.open_in_place(nonce, Aad::from(user), &mut body).map_err(|_| SecretError::Sealed)?;
        std::str::from_utf8(clear).map(Password::new).map_err(|_| SecretError::Sealed)
    }
}

impl std::fmt::Debug for Keyring {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Keyring(…)")
    }
}

/// Writes a file that did not exist, whole or not at all. One that appeared meanwhile is left alone.
fn write_new(path: &Path, text: &[u8]) -> io::Result<()> {
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    fs::create_dir_all(folder)?;
    let mut draft = path.as_os_str().to_owned();
    draft.push(format!(".{}", crate::ident::fresh()));
    let draft = PathBuf::from(draft);
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let written = options.open(&draft).and_then(|mut file| {
        file.write_all(text)?;
        file.sync_all()?;
        match fs::hard_link(&draft, path) {
            Err(fault) if fault.kind() != io::ErrorKind::AlreadyExists => Err(fault),
            _ => Ok(()),
        }
    });
    let _ = fs::remove_file(&draft);
    written?;
    File::open(folder)?.sync_all()
}

fn warn_if_readable_by_others(path: &Path) {
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        if fs::metadata(path).is_ok_and(|of| of.mode() & 0o077 != 0) {
            tracing::warn!(file = %path.display(), "the key file may be read by others; chmod 600 it");
        }
    }
    #[cfg(not(unix))]
    let _ = path;
}

fn to_hex(bytes: &[u8]) -> Zeroizing<String> {
    let mut text = Zeroizing::new(String::with_capacity(bytes.len() * 2 + 1));
    for byte in bytes {
        for half in [byte >> 4, byte & 15] {
            text.push(char::from(b"0123456789abcdef"[usize::from(half)]));
        }
    }
    text.push('\n');
    text
}

fn from_hex(text: &str) -> Option<Zeroizing<[u8; KEY_LEN]>> {
    if text.len() != KEY_LEN * 2 || !text.bytes().all(|b| b.is_ascii_hexdigit()) {
        return None;
    }
    let mut key = Zeroizing::new([0; KEY_LEN]);
    for (n, byte) in key.iter_mut().enumerate() {
        *byte = u8::from_str_radix(&text[n * 2..n * 2 + 2], 16).ok()?;
    }
    Some(key)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_key_file_is_made_for_the_owner_alone_and_read_again() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("deep").join("secret.key");
        let sealed = Keyring::open(&path).unwrap().seal("alice", &Password::new("wonder")).unwrap();
        #[cfg(unix)]
        {
            use std::os::unix::fs::MetadataExt;
            assert_eq!(fs::metadata(&path).unwrap().mode() & 0o777, 0o600);
        }
        assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 1, "a draft was left behind");
        let again = Keyring::open(&path).unwrap();
        assert_eq!(again.unseal("alice", &sealed).unwrap().expose(), "wonder");
    }

    #[test]
    fn a_malformed_key_file_is_refused_and_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secret.key");
        for text in ["".to_owned(), "abc".to_owned(), "0".repeat(63), "0".repeat(65), "g".repeat(64)] {
            fs::write(&path, &text).unwrap();
            assert!(matches!(Keyring::open(&path), Err(KeyError::Malformed { .. })), "{text:?}");
            assert_eq!(fs::read_to_string(&path).unwrap(), text);
        }
        fs::write(&path, [0xFF; 64]).unwrap();
        assert!(matches!(Keyring::open(&path), Err(KeyError::Malformed { .. })));
    }

    #[test]
    fn two_nodes_starting_at_once_end_with_one_key() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secret.key");
        let rings: Vec<Keyring> = std::thread::scope(|scope| {
            let each: Vec<_> = (0..8).map(|_| scope.spawn(|| Keyring::open(&path).unwrap())).collect();
            each.into_iter().map(|one| one.join().unwrap()).collect()
        });
        let sealed = rings[0].seal("alice", &Password::new("pw")).unwrap();
        assert!(rings.iter().all(|ring| ring.unseal("alice", &sealed).is_ok()));
    }

    #[test]
    fn a_sealed_secret_opens_only_for_its_user_its_key_and_unaltered() {
        let ring = Keyring::ephemeral().unwrap();
        let sealed = ring.seal("alice", &Password::new("wönder")).unwrap();
        assert_eq!(ring.unseal("alice", &sealed).unwrap().expose(), "wönder");
        assert_eq!(ring.unseal("bob", &sealed).unwrap_err(), SecretError::Sealed);
        assert_eq!(Keyring::ephemeral().unwrap().unseal("alice", &sealed).unwrap_err(), SecretError::Sealed);
        let mut bytes = STANDARD.decode(&sealed[FORM.len()..]).unwrap();
        for n in 0..bytes.len() {
            bytes[n] ^= 1;
            let altered = format!("{FORM}{}", STANDARD.encode(&bytes));
            assert!(ring.unseal("alice", &altered).is_err(), "byte {n}");
            bytes[n] ^= 1;
        }
        for text in ["", FORM, "1:AAAA", "2:AAAA", &sealed[FORM.len()..]] {
            assert!(ring.unseal("alice", text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn equal_passwords_are_sealed_differently_and_never_in_clear() {
        let ring = Keyring::ephemeral().unwrap();
        let one = ring.seal("alice", &Password::new("wonderland")).unwrap();
        assert_ne!(one, ring.seal("alice", &Password::new("wonderland")).unwrap());
        assert!(!one.contains("wonder"));
        assert_eq!(format!("{ring:?}"), "Keyring(…)");
    }
}
