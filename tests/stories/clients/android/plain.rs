//! Its Plain Text Syntax. It speaks of access, lists and presence only, and answers one request: `PN`.

use super::NORTH;
use crate::clients::line::Line;
use crate::support::handset::access::Schema;
use crate::support::world::phone::password;
use crate::support::world::{Phone, World};

const TYPE: &str = "application/vnd.wv.csp.sms";

/// Posts a line; the line that answers.
async fn ask(line: &mut Line, text: &str) -> String {
    let reply = line.post(TYPE, text).await;
    if !reply.body.is_empty() {
        assert_eq!(reply.header("content-type"), Some(TYPE), "{text}");
    }
    String::from_utf8(reply.plain()).unwrap()
}

/// A parameter's value, without groups and quotes in it.
fn value<'a>(line: &'a str, key: &str) -> &'a str {
    let found = line.split(' ').skip(1).find_map(|param| param.strip_prefix(key)?.strip_prefix('='));
    found.unwrap_or_else(|| panic!("no {key} in {line}"))
}

#[tokio::test]
async fn android_gets_through_its_first_messages_in_plain_text() {
    let world = World::new().domain(NORTH).start().await;
    for version in ["11", "12", "13"] {
        let line = &mut Line::to(world.ports(NORTH).csp).await;
        let who = format!("UI={} CI=http://android.example:80/IM", Phone::USUAL.user("alice", NORTH));
        let rest = "TL=7205 SC=im.user-1";
        let first = ask(line, &format!("WV{version}LR1 {who} SH=(MD5,SHA) {rest}")).await;
        assert!(first.starts_with(&format!("WV{version}RL1 ")) && !first.contains(" SI="), "{first}");
        assert_eq!(value(&first, "DI"), "MD5", "the one schema, under another key than it was offered");
        let nonce = value(&first, "NO").trim_matches('"');
        let digest = Schema::Md5.digest(nonce, &password("alice"));
        let last = ask(line, &format!("WV{version}LR2 {who} DB=\"{digest}\" {rest}")).await;
        assert!(last.starts_with(&format!("WV{version}RL2 ")), "{last}");
        assert_eq!((value(&last, "ST"), value(&last, "CR")), ("200", "T"));
        assert!(value(&last, "KA").parse::<u32>().unwrap() > 5);
        let session = value(&last, "SI").to_owned();
        let mut said = Vec::new();
        for text in [
            "CP3 CA=((CT,MP),(ID,P),(SB,HTTP),(SC,SU),(MT,1),(PS,262144),(PM,30))".to_owned(),
            "SQ4 RF=(FF,PF,IF,GE) AR=T".to_owned(),
            format!("GP5 UI={}", Phone::USUAL.user("alice", NORTH)),
            "UP6 UV=((CF,T,((CT,MP),(CP,android))))".to_owned(),
            "GB7".to_owned(),
            "GL8".to_owned(),
        ] {
            let (head, params) = text.split_once(' ').unwrap_or((&text, ""));
            let asked = format!("WV{version}{head} SI={session} {params}");
            let answer = ask(line, asked.trim_end()).await;
            let id = &head[2..];
            let code = &head[1..2].chars().chain(head[..1].chars()).collect::<String>();
            let own = answer.starts_with(&format!("WV{version}{code}{id} SI={session}"));
            let status = answer.starts_with(&format!("WV{version}ST{id} SI={session} ST="));
            assert!(own || status, "{answer} answers {asked}");
            assert!(!answer.contains("ST=(400") && !answer.contains("ST=(402"), "{answer} answers {asked}");
            said.push(answer);
        }
        assert!(said[0].contains(" AP=") || said[0].contains(" CA="), "{}", said[0]);
        assert!(value(&said[1], "AF").contains("IF"), "{}", said[1]);
        // A poll has the id 0 and nothing waits.
        assert_eq!(ask(line, &format!("WV{version}PO0 SI={session}")).await, "");
        let out = ask(line, &format!("WV{version}OR9 SI={session}")).await;
        let over = if version == "11" { "DI9" } else { "ST9" };
        assert!(out.starts_with(&format!("WV{version}{over} ")) && out.ends_with(" ST=200"), "{out}");
    }
}
