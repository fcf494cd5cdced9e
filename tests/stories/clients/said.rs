//! CSP messages as clients write them (by hand, as text) and as they take them apart.

use crate::support::wire::tree::Node;
use crate::support::wire::{Syntax, Version, xml};

/// The longest session or transaction id that every client takes.
const LONGEST_ID: usize = 50;

/// A message of the server, taken apart.
#[derive(Clone, Debug)]
pub struct Message {
    /// Its session.
    pub session: Option<String>,
    /// `Poll` says `T`, wherever it stands.
    pub poll: bool,
    /// What it says.
    pub said: Vec<Said>,
}

/// One transaction.
#[derive(Clone, Debug)]
pub struct Said {
    /// Mode `Request`.
    pub asks: bool,
    /// Its id; empty if it has none.
    pub id: String,
    /// What it says.
    pub primitive: Node,
}

/// A message of one transaction, as text.
pub fn message(version: Version, session: Option<&str>, mode: &str, id: Option<&str>, primitive: &str) -> String {
    around(version, session, &transaction(version, mode, id, primitive))
}

/// A transaction, as text.
pub fn transaction(version: Version, mode: &str, id: Option<&str>, primitive: &str) -> String {
    let id = id.map(|id| format!("<TransactionID>{id}</TransactionID>")).unwrap_or_default();
    format!(
        "<Transaction><TransactionDescriptor><TransactionMode>{mode}</TransactionMode>{id}</TransactionDescriptor>\
         <TransactionContent xmlns=\"{}\">{primitive}</TransactionContent></Transaction>",
        version.trc()
    )
}

/// A message around transactions, as text.
pub fn around(version: Version, session: Option<&str>, transactions: &str) -> String {
    let descriptor = match session {
        Some(id) => format!("<SessionType>Inband</SessionType><SessionID>{id}</SessionID>"),
        None => "<SessionType>Outband</SessionType>".to_owned(),
    };
    format!(
        "<WV-CSP-Message xmlns=\"{}\"><Session><SessionDescriptor>{descriptor}</SessionDescriptor>{transactions}\
         </Session></WV-CSP-Message>",
        version.csp()
    )
}

/// A `Status` with this code.
pub fn status(code: u32) -> String {
    format!("<Status><Result><Code>{code}</Code></Result></Status>")
}

/// A text message to one user.
pub fn send(to: &str, from: &str, text: &str) -> String {
    format!(
        "<SendMessage-Request><DeliveryReport>F</DeliveryReport><MessageInfo><ContentType>text/plain</ContentType>\
         <ContentSize>{}</ContentSize><Recipient><User><UserID>{to}</UserID></User></Recipient><Sender><User>\
         <UserID>{from}</UserID></User></Sender></MessageInfo><ContentData>{text}</ContentData></SendMessage-Request>",
        text.chars().count()
    )
}

/// Bytes from words: two hexadecimal digits, or characters between quotes.
pub fn bytes(words: &str) -> Vec<u8> {
    let word = |word: &str| match word.strip_prefix('\'') {
        Some(text) => text.strip_suffix('\'').unwrap().replace('_', " ").into_bytes(),
        None => vec![u8::from_str_radix(word, 16).unwrap()],
    };
    words.split_whitespace().flat_map(word).collect()
}

/// Takes a message apart as strictly as the strictest client does.
#[track_caller]
pub fn read(syntax: Syntax, version: Version, body: &[u8]) -> Message {
    let root = match syntax.read(body) {
        Ok(root) => root,
        Err(fault) => panic!("{fault}: {}", String::from_utf8_lossy(body)),
    };
    let shown = xml::show(&root);
    assert_eq!((root.name.as_str(), root.get("xmlns")), ("WV-CSP-Message", Some(version.csp())), "{shown}");
    let [session] = &root.children[..] else { panic!("not one Session: {shown}") };
    assert!(root.any("CIR").is_none(), "a CIR element: {shown}");
    let flags = [session.find("Poll"), session.find("Transaction/TransactionDescriptor/Poll")];
    let at_home = if version == Version::V11 { flags[1] } else { flags[0] };
    assert_eq!(flags.iter().flatten().count(), at_home.iter().count(), "Poll at another version's place: {shown}");
    let descriptor = session.find("SessionDescriptor").unwrap();
    let id = descriptor.text_at("SessionID").map(str::to_owned);
    let kind = descriptor.text_at("SessionType").unwrap();
    assert!(kind == "Outband" || (kind == "Inband" && id.is_some()), "{shown}");
    let said: Vec<Said> = session.all("Transaction").map(|transaction| take(transaction, version, &shown)).collect();
    assert!(!said.is_empty(), "no Transaction: {shown}");
    Message { session: id, poll: at_home.is_some_and(|poll| poll.text == "T"), said }
}

#[track_caller]
fn take(transaction: &Node, version: Version, shown: &str) -> Said {
    let mode = transaction.find("TransactionDescriptor/TransactionMode").map(|mode| mode.text.as_str());
    assert!(matches!(mode, Some("Request" | "Response")), "{shown}");
    let id = transaction.find("TransactionDescriptor/TransactionID").map_or("", |id| id.text.as_str()).to_owned();
    assert!(id.len() <= LONGEST_ID, "a transaction id of {} characters: {shown}", id.len());
    let content = transaction.find("TransactionContent").unwrap();
    assert_eq!(content.get("xmlns"), Some(version.trc()), "{shown}");
    let [primitive] = &content.children[..] else { panic!("not one primitive: {shown}") };
    assert!(coded(primitive), "a Result without Code: {shown}");
    Said { asks: mode == Some("Request"), id, primitive: primitive.clone() }
}

fn coded(node: &Node) -> bool {
    let code = node.number_at("Code");
    (node.name != "Result" || code.is_some_and(|code| (100..1000).contains(&code))) && node.children.iter().all(coded)
}

// === impl Message ===

impl Message {
    /// Its one transaction.
    #[track_caller]
    pub fn only(self) -> Said {
        let [said] = &self.said[..] else { panic!("not one transaction: {:?}", self.said) };
        said.clone()
    }
}

// === impl Said ===

impl Said {
    /// The code of its result.
    pub fn code(&self) -> Option<u32> {
        self.primitive.number_at("Result/Code")
    }
}
