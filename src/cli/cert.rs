//! `postern cert`: test authorities and certificates; reads and explains any certificate.

use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use clap::{Args, Subcommand};
use serde::Serialize;

use postern::time::Timestamp;
use postern::transport::pki::{Authority, Certificate, explain};

/// Makes a test authority and certificates, and explains any certificate.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    postern cert ca certs\n  \
    postern cert issue --ca certs north.example\n  \
    postern cert show certs/north.example.pem\n\n\
    For tests and trials: carriers bring certificates of their own authority.")]
pub(crate) struct Cert {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Makes a test authority: DIR/ca.pem to hand out, DIR/ca.key to keep.
    #[command(
        after_help = "Examples:\n  postern cert ca certs\n  postern cert ca --name \"Trial CA\" --days 365 trial"
    )]
    Ca {
        /// The folder to write to; made if it does not exist.
        dir: PathBuf,
        /// The authority's name.
        #[arg(long, default_value = "Postern test CA")]
        name: String,
        /// Days it is valid.
        #[arg(long, default_value_t = 3650, value_parser = clap::value_parser!(u32).range(1..))]
        days: u32,
        /// Print what was made as JSON.
        #[arg(long)]
        json: bool,
    },
    /// Issues a certificate for servers and clients: DIR/NAME.pem and DIR/NAME.key.
    #[command(after_help = "Examples:\n  \
        postern cert issue --ca certs north.example\n  \
        postern cert issue --ca certs --out node/certs --file-name chat chat.north.example im.north.example")]
    Issue {
        /// The DNS names it carries; the first one also names the files.
        #[arg(required = true)]
        names: Vec<String>,
        /// The folder with ca.pem and ca.key.
        #[arg(long)]
        ca: PathBuf,
        /// The folder to write to; default: that of the authority.
        #[arg(long)]
        out: Option<PathBuf>,
        /// The files' name without ending; default: the first DNS name.
        #[arg(long)]
        file_name: Option<String>,
        /// Days it is valid.
        #[arg(long, default_value_t = 825, value_parser = clap::value_parser!(u32).range(1..))]
        days: u32,
        /// Print what was made as JSON.
        #[arg(long)]
        json: bool,
    },
    /// Explains certificates: whom they name, who issued them, how long they last, their pin.
    #[command(after_help = "Examples:\n  \
        postern cert show certs/north.example.pem\n  \
        postern cert show --json peer.der | jq -r .[].spki_sha256")]
    Show {
        /// PEM or DER files; of a PEM file all certificates are shown.
        #[arg(required = true)]
        files: Vec<PathBuf>,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
}

/// A certificate as it is shown.
#[derive(Serialize)]
struct Shown {
    file: PathBuf,
    #[serde(flatten)]
    certificate: Certificate,
    days_left: i64,
}

/// Files that were made.
#[derive(Serialize)]
struct Made {
    cert: PathBuf,
    key: PathBuf,
    #[serde(flatten)]
    certificate: Certificate,
}

// === impl Cert ===

impl Cert {
    /// Runs the command; `out` is where data is printed.
    pub(crate) fn run(self, out: &mut impl Write) -> anyhow::Result<()> {
        match self.what {
            What::Ca { dir, name, days, json } => {
                let authority = Authority::new(&name, days)?;
                save(&dir, "ca", authority.cert_pem(), &authority.key_pem(), json, out)
            }
            What::Issue { names, ca, out: dir, file_name, days, json } => {
                let authority = authority(&ca)?;
                let names: Vec<&str> = names.iter().map(String::as_str).collect();
                let issued = authority.issue(&names, days)?;
                let stem = file_name.unwrap_or_else(|| names[0].to_ascii_lowercase());
                save(dir.as_deref().unwrap_or(&ca), &stem, &issued.cert_pem, &issued.key_pem, json, out)
            }
            What::Show { files, json } => show(&files, json, out),
        }
    }
}

fn authority(dir: &Path) -> anyhow::Result<Authority> {
    let read = |name: &str| {
        let file = dir.join(name);
        std::fs::read_to_string(&file).with_context(|| {
            format!("{} can't be read: make an authority with: postern cert ca {}", file.display(), dir.display())
        })
    };
    let (cert, key) = (read("ca.pem")?, read("ca.key")?);
    Authority::load(&cert, &key).with_context(|| format!("{} holds no usable authority", dir.display()))
}

fn save(dir: &Path, stem: &str, cert: &str, key: &str, json: bool, out: &mut impl Write) -> anyhow::Result<()> {
    if stem.contains(['/', '\\']) || stem.starts_with('.') {
        bail!("{stem:?} is no file name: give --file-name a name without folders");
    }
    std::fs::create_dir_all(dir).with_context(|| format!("{} can't be made", dir.display()))?;
    let made = Made {
        cert: dir.join(format!("{stem}.pem")),
        key: dir.join(format!("{stem}.key")),
        certificate: explain(cert.as_bytes())?,
    };
    if let Some(there) = [&made.cert, &made.key].into_iter().find(|file| file.exists()) {
        bail!("{} is already there: take it away or write to another folder", there.display());
    }
    write(&made.key, key, true)?;
    write(&made.cert, cert, false)?;
    if json {
        writeln!(out, "{}", serde_json::to_string(&made)?)?;
    } else {
        writeln!(out, "{}\n{} (keep it secret)", made.cert.display(), made.key.display())?;
    }
    Ok(())
}

/// Writes a new file; a secret one can be read by its owner alone from the start.
fn write(file: &Path, content: &str, secret: bool) -> anyhow::Result<()> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, if secret { 0o600 } else { 0o644 });
    let mut opened = options.open(file).with_context(|| format!("{} can't be written", file.display()))?;
    opened.write_all(content.as_bytes()).with_context(|| format!("{} can't be written", file.display()))
}

fn show(files: &[PathBuf], json: bool, out: &mut impl Write) -> anyhow::Result<()> {
    let now = Timestamp::now();
    let mut all = Vec::new();
    for file in files {
        let content = std::fs::read(file).map_err(|error| super::unreadable(file, &error))?;
        for part in parts(&content) {
            let certificate = explain(part).with_context(|| format!("{}", file.display()))?;
            let days_left = certificate.days_left(now);
            all.push(Shown { file: file.clone(), certificate, days_left });
        }
    }
    if json {
        writeln!(out, "{}", serde_json::to_string(&all)?)?;
        return Ok(());
    }
    for (n, shown) in all.iter().enumerate() {
        if n > 0 {
            writeln!(out)?;
        }
        describe(shown, out)?;
    }
    Ok(())
}

/// The certificates of a PEM text one by one; anything else as a whole.
fn parts(content: &[u8]) -> Vec<&[u8]> {
    const END: &[u8] = b"-----END CERTIFICATE-----";
    let mut parts = Vec::new();
    let mut rest = content;
    while let Some(at) = rest.windows(END.len()).position(|window| window == END) {
        let (part, after) = rest.split_at(at + END.len());
        parts.push(part);
        rest = after;
    }
    if parts.is_empty() { vec![content] } else { parts }
}

fn describe(shown: &Shown, out: &mut impl Write) -> std::io::Result<()> {
    let certificate = &shown.certificate;
    let list = |list: &[String], none: &str| if list.is_empty() { none.to_owned() } else { list.join(", ") };
    let left = match shown.days_left {
        days if days < 0 => "EXPIRED".to_owned(),
        days => format!("{days} days left"),
    };
    writeln!(out, "file         {}", shown.file.display())?;
    writeln!(out, "subject      {}", certificate.subject)?;
    writeln!(out, "issuer       {}", certificate.issuer)?;
    writeln!(out, "DNS names    {}", list(&certificate.names, "none: no peer can be known by it"))?;
    if !certificate.other_names.is_empty() {
        writeln!(out, "other names  {}", certificate.other_names.join(", "))?;
    }
    writeln!(out, "valid        {} to {} ({left})", certificate.not_before, certificate.not_after)?;
    writeln!(out, "key          {}, signed {}", certificate.key, certificate.signature)?;
    writeln!(out, "serial       {}", certificate.serial)?;
    writeln!(out, "pin          {}", certificate.spki_sha256)?;
    writeln!(out, "SHA-256      {}", certificate.sha256)?;
    writeln!(out, "key usage    {}", list(&certificate.key_usage, "not restricted"))?;
    writeln!(out, "used as      {}", list(&certificate.extended_key_usage, "not restricted"))?;
    let good = |purpose: &str| {
        let usage = &certificate.extended_key_usage;
        usage.is_empty() || usage.iter().any(|name| name == purpose || name == "any")
    };
    let verdict = if certificate.authority {
        "an authority: good for [tls] ca and for ca in peer files"
    } else if certificate.names.is_empty() {
        "no use between peers: it carries no DNS name"
    } else if good("server") && good("client") {
        "good for [tls] cert: it serves and calls"
    } else if good("server") {
        "good for [csp_tls] cert and [admin] cert only: it can't call peers"
    } else {
        "no use for a node: it can't serve"
    };
    writeln!(out, "verdict      {verdict}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        cert: Cert,
    }

    fn run(line: &[&str]) -> anyhow::Result<String> {
        let mut out = Vec::new();
        Line::try_parse_from(std::iter::once(&"cert").chain(line))?.cert.run(&mut out)?;
        Ok(String::from_utf8(out)?)
    }

    #[test]
    fn an_authority_issues_and_what_it_issued_is_explained() {
        let folder = tempfile::tempdir().unwrap();
        let dir = folder.path().join("certs");
        let dir = dir.to_str().unwrap();
        run(&["ca", dir]).unwrap();
        run(&["issue", "--ca", dir, "north.example"]).unwrap();
        let text = run(&["show", &format!("{dir}/north.example.pem")]).unwrap();
        for part in
            ["DNS names    north.example", "issuer       CN=Postern test CA", "days left", "good for [tls] cert"]
        {
            assert!(text.contains(part), "{part} is missing in\n{text}");
        }
        let json = run(&["show", "--json", &format!("{dir}/ca.pem"), &format!("{dir}/north.example.pem")]).unwrap();
        let json: serde_json::Value = serde_json::from_str(&json).unwrap();
        assert_eq!(json[0]["authority"], true);
        assert_eq!(json[1]["names"][0], "north.example");
        assert_eq!(json[1]["days_left"], 824);
    }

    #[test]
    fn keys_are_for_their_owner_and_nothing_is_overwritten() {
        let folder = tempfile::tempdir().unwrap();
        let dir = folder.path().to_str().unwrap();
        run(&["ca", dir]).unwrap();
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = std::fs::metadata(folder.path().join("ca.key")).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
        }
        let before = std::fs::read(folder.path().join("ca.key")).unwrap();
        assert!(run(&["ca", dir]).unwrap_err().to_string().contains("already there"));
        assert_eq!(std::fs::read(folder.path().join("ca.key")).unwrap(), before);
    }

    #[test]
    fn a_missing_authority_is_explained() {
        let folder = tempfile::tempdir().unwrap();
        let dir = folder.path().to_str().unwrap();
        let error = run(&["issue", "--ca", dir, "north.example"]).unwrap_err();
        assert!(error.to_string().contains("postern cert ca"), "{error}");
        let error = run(&["show", &format!("{dir}/none.pem")]).unwrap_err();
        assert!(error.to_string().contains("name a file that is there"), "{error}");
    }

    #[test]
    fn nothing_is_made_for_no_days() {
        let folder = tempfile::tempdir().unwrap();
        let dir = folder.path().join("certs");
        assert!(run(&["ca", "--days", "0", dir.to_str().unwrap()]).is_err());
        assert!(!dir.exists());
    }

    #[test]
    fn every_certificate_of_a_chain_is_shown() {
        let folder = tempfile::tempdir().unwrap();
        let dir = folder.path().to_str().unwrap();
        run(&["ca", dir]).unwrap();
        run(&["issue", "--ca", dir, "north.example"]).unwrap();
        let read = |name: &str| std::fs::read_to_string(folder.path().join(name)).unwrap();
        std::fs::write(folder.path().join("chain.pem"), read("north.example.pem") + &read("ca.pem")).unwrap();
        let text = run(&["show", &format!("{dir}/chain.pem")]).unwrap();
        assert_eq!(text.matches("verdict").count(), 2);
    }
}
