//! SSP messages as a peer writes them.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use md5::{Digest, Md5};

use crate::support::wire::tree::{Node, leaf, node};

/// The content type.
pub const CONTENT_TYPE: &str = "application/vnd.wv.ssp+xml";

const NAMESPACE: &str = "http://www.openmobilealliance.org/DTD/WV-SSP1.3";

/// A step of a set-up.
pub fn setup(asks: bool, id: &str, primitive: Node) -> Node {
    message(Node { name: "SetupTransaction".into(), ..transaction(asks, id, primitive) })
}

/// A message of a session.
pub fn session(id: &str, transactions: impl IntoIterator<Item = Node>) -> Node {
    message(node("Session", []).attr("sessionID", id).with_all(transactions))
}

/// A transaction.
pub fn transaction(asks: bool, id: &str, primitive: Node) -> Node {
    node("Transaction", [primitive]).attr("mode", if asks { "Request" } else { "Response" }).attr("transactionID", id)
}

/// Who asks: a user.
pub fn meta(user: &str) -> Node {
    let domain = user.rsplit_once('@').map_or("", |(_, domain)| domain);
    let user = node("User", []).attr("userID", user);
    let requestor = node("Requestor", [user]).attr("serviceID", format!("wv:@{domain}"));
    node("MetaInfo", [requestor]).attr("clientOriginated", "Yes")
}

/// Steps 1 and 2.
pub fn secret_token(domain: &str, secret: &str) -> Node {
    node("SendSecretToken", [leaf("SecretToken", secret)])
        .attr("serviceID", format!("wv:@{domain}"))
        .attr("protocol", "WV-SSP")
        .attr("protocolVersion", "1.3")
}

/// Steps 3 and 4.
pub fn login_request(domain: &str, digest: &str) -> Node {
    node("LoginRequest", [leaf("PasswordDigest", digest).attr("encoding", "base64")])
        .attr("serviceID", format!("wv:@{domain}"))
        .attr("timeToLive", 86_400)
}

/// Steps 5 and 6.
pub fn login_response(session: &str, code: u32) -> Node {
    node("LoginResponse", [status(code)]).attr("sessionID", session).attr("timeToLive", 86_400)
}

/// A status.
pub fn status(code: u32) -> Node {
    node("Status", []).attr("code", code)
}

/// What proves that a secret arrived.
pub fn digest(secret: &str) -> String {
    STANDARD.encode(Md5::digest(secret))
}

/// The session id a `LoginResponse` with success carries.
pub fn session_of(response: &Node) -> String {
    assert_eq!(response.name, "LoginResponse", "{response:?}");
    assert_eq!(response.find("Status").and_then(|s| s.get("code")), Some("200"), "{response:?}");
    response.get("sessionID").expect("a session id").to_owned()
}

/// The code of an answer: of the status it is or holds.
pub fn code(answer: &Node) -> u32 {
    let status = if answer.name == "Status" { Some(answer) } else { answer.any("Status") };
    status.and_then(|s| s.get("code")).and_then(|c| c.parse().ok()).unwrap_or_else(|| panic!("no code: {answer:?}"))
}

fn message(inside: Node) -> Node {
    node("WV-SSP-Message", [inside]).attr("xmlns", NAMESPACE)
}

#[test]
fn digests_agree_with_the_worked_ones() {
    assert_eq!(digest("d7227329f32f041665e30dd1d994be84"), "JLPcQuEJsW0yJQeOtazzBA==");
    assert_eq!(digest("4f6d0b0c9a1e47b2a1d5"), "IYdeSauVmyznm+g+4OD0hw==");
}
