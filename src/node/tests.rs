//! A node and the folders and files around it.

use std::fs;
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt;

use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::*;
use crate::config::{self, Environment};

fn folder() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let text = "domain = \"north.example\"\n[listen]\ncsp = \"127.0.0.1:0\"\nadmin = \"127.0.0.1:0\"\n";
    fs::write(folder.path().join("postern.toml"), text).unwrap();
    folder
}

fn read(folder: &TempDir) -> Loaded {
    config::load(&folder.path().join("postern.toml"), &Environment::default(), Timestamp::now())
}

async fn started(folder: &TempDir) -> Running {
    start(read(folder), Options::default()).await.unwrap()
}

/// The status line of an answer; empty if nobody answers.
async fn status(address: SocketAddr, path: &str) -> String {
    let ask = async {
        let mut stream = TcpStream::connect(address).await?;
        let request = format!("GET {path} HTTP/1.1\r\nHost: north.example\r\nConnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).await?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await?;
        io::Result::Ok(answer.lines().next().unwrap_or_default().to_owned())
    };
    ask.await.unwrap_or_default()
}

#[tokio::test(flavor = "multi_thread")]
async fn missing_folders_are_made_and_the_store_s_is_closed_to_others() {
    let folder = folder();
    let node = started(&folder).await;
    let mode = fs::metadata(folder.path().join("data")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o700);
    assert!(folder.path().join("peers").is_dir());
    fs::write(folder.path().join("peers/south.example.toml"), "domain = \"south.example\"\n").unwrap();
    let noticed = async {
        while node.sap().relay().peers(Timestamp::now()).is_empty() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(DRAIN, noticed).await.expect("the folder that was made is watched");
    node.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_whose_key_is_lost_does_not_start() {
    let folder = folder();
    started(&folder).await.stop().await;
    let file = folder.path().join("secret.key");
    fs::remove_file(&file).unwrap();
    let error = start(read(&folder), Options::default()).await.err().unwrap();
    assert!(error.to_string().contains("restore"), "{error}");
    assert!(!file.exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_draining_node_says_that_it_is_not_ready() {
    let folder = folder();
    let node = started(&folder).await;
    let (csp, admin) = (node.ready().csp.unwrap(), node.ready().admin.unwrap());
    assert_eq!(status(admin, "/readyz").await, "HTTP/1.1 200 OK");
    // An exchange that does not end by itself.
    let mut open = TcpStream::connect(csp).await.unwrap();
    let request =
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Type: text/xml\r\nExpect: 100-continue\r\nContent-Length: 9\r\n\r\n";
    open.write_all(request.as_bytes()).await.unwrap();
    let mut begun = [0; 12];
    open.read_exact(&mut begun).await.unwrap();
    assert_eq!(&begun, b"HTTP/1.1 100");
    let stopping = tokio::spawn(node.stop());
    while status(admin, "/readyz").await != "HTTP/1.1 503 Service Unavailable" {
        assert!(!stopping.is_finished(), "the drain is not seen");
    }
    drop(open);
    stopping.await.unwrap();
    assert_eq!(status(admin, "/readyz").await, "");
}
