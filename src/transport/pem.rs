//! Reading certificates, keys and revocation lists from files, with errors that say what to do.

use std::path::{Path, PathBuf};

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, CertificateRevocationListDer, PrivateKeyDer};

/// Why a file could not be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}: {what}: {remedy}", file.display())]
pub struct LoadError {
    /// The file.
    pub file: PathBuf,
    /// What is wrong with it.
    pub what: String,
    /// What to do.
    pub remedy: String,
}

// === impl LoadError ===

impl LoadError {
    pub(crate) fn new(file: &Path, what: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { file: file.to_owned(), what: what.into(), remedy: remedy.into() }
    }
}

/// The certificates of a PEM file, at least one.
pub(crate) fn certificates(file: &Path) -> Result<Vec<CertificateDer<'static>>, LoadError> {
    certificates_in(&read(file)?, file)
}

/// The certificates of a PEM text that stands in (or was read from) `file`, at least one.
pub(crate) fn certificates_in(text: &[u8], file: &Path) -> Result<Vec<CertificateDer<'static>>, LoadError> {
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(text).collect();
    match found {
        Ok(list) if !list.is_empty() => Ok(list),
        Ok(_) if has_section(text, "PRIVATE KEY") => Err(LoadError::new(
            file,
            "holds a private key and no certificate",
            "name the file with the lines -----BEGIN CERTIFICATE-----; perhaps cert and key are swapped",
        )),
        Ok(_) => Err(LoadError::new(
            file,
            "holds no certificate in PEM form",
            "write the certificate with the lines -----BEGIN CERTIFICATE----- and -----END CERTIFICATE----- \
             (openssl x509 -inform der turns DER into PEM)",
        )),
        Err(error) => {
            Err(LoadError::new(file, format!("is damaged PEM ({error})"), "copy the file again, whole and unchanged"))
        }
    }
}

/// The private key of a PEM file.
pub(crate) fn private_key(file: &Path) -> Result<PrivateKeyDer<'static>, LoadError> {
    let text = read(file)?;
    PrivateKeyDer::from_pem_slice(&text).map_err(|error| {
        if has_section(&text, "ENCRYPTED PRIVATE KEY") {
            LoadError::new(
                file,
                "holds a key sealed with a passphrase",
                "write it in clear: openssl pkcs8 -topk8 -nocrypt",
            )
        } else if has_section(&text, "CERTIFICATE") {
            LoadError::new(
                file,
                "holds a certificate and no private key",
                "name the file with the line -----BEGIN PRIVATE KEY-----; perhaps cert and key are swapped",
            )
        } else {
            LoadError::new(
                file,
                format!("holds no private key in PEM form ({error})"),
                "write a PKCS#8, PKCS#1 or SEC1 key with its -----BEGIN … PRIVATE KEY----- line",
            )
        }
    })
}

/// The revocation lists of a file: one in DER form, or any number in PEM form.
pub(crate) fn revocation_lists(file: &Path) -> Result<Vec<CertificateRevocationListDer<'static>>, LoadError> {
    let content = read(file)?;
    let lists = if has_section(&content, "X509 CRL") {
        let found: Result<Vec<_>, _> = CertificateRevocationListDer::pem_slice_iter(&content).collect();
        found.map_err(|error| {
            LoadError::new(file, format!("is damaged PEM ({error})"), "fetch the revocation list again")
        })?
    } else {
        vec![CertificateRevocationListDer::from(content)]
    };
    for list in &lists {
        if x509_parser::parse_x509_crl(list).is_err() {
            return Err(LoadError::new(
                file,
                "holds no revocation list",
                "fetch the list again from the authority, in DER or PEM (-----BEGIN X509 CRL-----) form",
            ));
        }
    }
    Ok(lists)
}

/// Whether a revocation list says that a newer one should be there by now.
pub(crate) fn is_outdated(list: &CertificateRevocationListDer<'_>) -> bool {
    let Ok((_, list)) = x509_parser::parse_x509_crl(list) else { return false };
    list.next_update().is_some_and(|next| next < x509_parser::time::ASN1Time::now())
}

fn read(file: &Path) -> Result<Vec<u8>, LoadError> {
    std::fs::read(file).map_err(|error| {
        let remedy = match error.kind() {
            std::io::ErrorKind::NotFound => "make the file or correct its path",
            std::io::ErrorKind::PermissionDenied => "let the user that runs postern read it",
            _ => "look at the file and its folder",
        };
        LoadError::new(file, format!("can't be read ({error})"), remedy)
    })
}

fn has_section(text: &[u8], kind: &str) -> bool {
    let needle = format!("{kind}-----");
    text.windows(needle.len()).any(|window| window == needle.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transport::pki::Authority;

    #[test]
    fn swapped_files_are_recognized() {
        let folder = tempfile::tempdir().unwrap();
        let issued = Authority::new("Test CA", 30).unwrap().issue(&["north.example"], 30).unwrap();
        let (cert, key) = (folder.path().join("n.pem"), folder.path().join("n.key"));
        std::fs::write(&cert, &issued.cert_pem).unwrap();
        std::fs::write(&key, &issued.key_pem).unwrap();
        assert!(certificates(&cert).is_ok() && private_key(&key).is_ok());
        assert!(certificates(&key).unwrap_err().remedy.contains("swapped"));
        assert!(private_key(&cert).unwrap_err().remedy.contains("swapped"));
    }

    #[test]
    fn a_missing_file_is_named() {
        let error = certificates(Path::new("/nowhere/ca.pem")).unwrap_err();
        assert!(error.to_string().starts_with("/nowhere/ca.pem: can't be read"), "{error}");
    }

    #[test]
    fn a_text_is_no_revocation_list() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("crl.pem");
        std::fs::write(&file, "hello").unwrap();
        assert_eq!(revocation_lists(&file).unwrap_err().what, "holds no revocation list");
    }
}
