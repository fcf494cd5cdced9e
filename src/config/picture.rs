//! A picture that a configuration names: what kind it is, and whether clients can be given it
//! (docs/wire-notes.md, "Provider information").

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use bytes::Bytes;

/// Largest picture, bytes: more than that no phone of the time shows.
const LARGEST: u64 = 64 * 1024;

/// A picture as clients are given it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Picture {
    /// MIME type, as its bytes tell.
    pub mime: &'static str,
    /// The bytes of the file.
    pub bytes: Bytes,
}

/// Why a picture can't be used. The text follows the name of its file: "…, which {}".
#[derive(Debug, thiserror::Error)]
pub enum PictureError {
    /// There is no such file.
    #[error("doesn't exist")]
    Missing,
    /// The file can't be read.
    #[error("can't be read ({0})")]
    File(io::Error),
    /// It is too large.
    #[error("is larger than 64 KiB")]
    TooLarge,
    /// It is of no kind that clients know.
    #[error("is no PNG, GIF, JPEG or WBMP")]
    Unknown,
}

// === impl Picture ===

impl Picture {
    /// Reads a picture.
    ///
    /// # Errors
    /// [`PictureError`].
    pub fn read(file: &Path) -> Result<Self, PictureError> {
        let open = File::open(file).map_err(|fault| match fault.kind() {
            io::ErrorKind::NotFound => PictureError::Missing,
            _ => PictureError::File(fault),
        })?;
        let mut bytes = Vec::new();
        open.take(LARGEST + 1).read_to_end(&mut bytes).map_err(PictureError::File)?;
        if bytes.len() as u64 > LARGEST {
            return Err(PictureError::TooLarge);
        }
        let mime = kind_of(&bytes).ok_or(PictureError::Unknown)?;
        Ok(Self { mime, bytes: bytes.into() })
    }
}

// === impl PictureError ===

impl PictureError {
    /// What to do about it.
    pub const fn remedy(&self) -> &'static str {
        match self {
            Self::Missing => "correct the path; until then there is no logo",
            Self::File(_) => "let the node read it; until then there is no logo",
            Self::TooLarge => "make it smaller; until then there is no logo",
            Self::Unknown => "save it as one of these; until then there is no logo",
        }
    }
}

/// The type of a picture by its first bytes; a WBMP has no mark, but its size must come out.
fn kind_of(bytes: &[u8]) -> Option<&'static str> {
    match bytes {
        [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1A, b'\n', ..] => Some("image/png"),
        [b'G', b'I', b'F', b'8', b'7' | b'9', b'a', ..] => Some("image/gif"),
        [0xFF, 0xD8, 0xFF, ..] => Some("image/jpeg"),
        [0, 0, rest @ ..] if is_bitmap(rest) => Some("image/vnd.wap.wbmp"),
        _ => None,
    }
}

/// Whether width, height and rows of bits follow, and nothing else.
fn is_bitmap(bytes: &[u8]) -> bool {
    let size = number(bytes).and_then(|(width, rest)| Some((width, number(rest)?)));
    size.is_some_and(|(width, (height, bits))| {
        width > 0 && height > 0 && u64::from(width).div_ceil(8) * u64::from(height) == bits.len() as u64
    })
}

/// A number in groups of seven bits, and what stands behind it.
fn number(bytes: &[u8]) -> Option<(u32, &[u8])> {
    let end = bytes.iter().take(4).position(|byte| byte & 0x80 == 0)?;
    let (digits, rest) = bytes.split_at(end + 1);
    Some((digits.iter().fold(0, |sum, byte| (sum << 7) | u32::from(byte & 0x7F)), rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(bytes: &[u8]) -> Result<&'static str, String> {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("logo.bin");
        std::fs::write(&file, bytes).unwrap();
        Picture::read(&file).map(|picture| picture.mime).map_err(|fault| fault.to_string())
    }

    #[test]
    fn the_bytes_tell_the_type_whatever_the_name() {
        assert_eq!(read(b"\x89PNG\r\n\x1a\n...."), Ok("image/png"));
        assert_eq!(read(b"GIF89a...."), Ok("image/gif"));
        assert_eq!(read(b"\xFF\xD8\xFF\xE0...."), Ok("image/jpeg"));
        assert_eq!(read(&[0, 0, 9, 2, 1, 2, 3, 4]), Ok("image/vnd.wap.wbmp"));
        let wide = [&[0, 0, 0x81, 0x00, 1][..], &[0; 16]].concat();
        assert_eq!(read(&wide), Ok("image/vnd.wap.wbmp"), "128 pixels in a row");
    }

    #[test]
    fn what_is_no_picture_is_too_large_or_is_not_there_says_so() {
        for bytes in [&b"<svg/>"[..], b"", b"GIF88a", &[0, 0, 9, 2, 1, 2, 3], &[0, 0, 0, 0], &[0, 0, 0xFF, 0xFF]] {
            assert_eq!(read(bytes), Err(PictureError::Unknown.to_string()), "{bytes:?}");
        }
        let largest = usize::try_from(LARGEST).unwrap();
        let gif = |size: usize| [&b"GIF87a"[..], &vec![0; size - 6]].concat();
        assert_eq!(read(&gif(largest)), Ok("image/gif"));
        assert_eq!(read(&gif(largest + 1)), Err(PictureError::TooLarge.to_string()));
        assert!(matches!(Picture::read(Path::new("/nowhere/logo.png")), Err(PictureError::Missing)));
        assert!(matches!(Picture::read(Path::new("/")), Err(PictureError::File(_))));
    }
}
