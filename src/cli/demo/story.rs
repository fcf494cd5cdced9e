//! The demo's story, step by step. A step prints what a client or the wire tap received, or fails naming itself.

use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use postern::address::Address;
use postern::phone::Phone;
use postern::stage::Stage;
use postern::syntax::Encoding;
use postern::vocabulary::message::NewMessage;
use postern::vocabulary::status::Code;
use postern::vocabulary::{Text, Version};

/// How long anything may take to arrive.
const PATIENCE: Duration = Duration::from_secs(10);

/// The domains it plays in.
pub(super) const DOMAINS: [&str; 3] = ["north.example", "transit.example", "south.example"];
/// The people who play it.
pub(super) const PEOPLE: [&str; 3] = ["alice@north.example", "tom@transit.example", "bob@south.example"];

/// Plays the whole story.
pub(super) async fn play(stage: &mut Stage) -> anyhow::Result<()> {
    let [alice, tom, bob] = PEOPLE.map(|person| Address::try_from(person.to_owned()));
    let (alice, tom, bob) = (alice?, tom?, bob?);

    let mut at_north = step("alice logs in", log_in(stage, &alice, Encoding::Xml, Version::V12).await)?;
    let mut at_south = step("bob logs in", log_in(stage, &bob, Encoding::Wbxml, Version::V11).await)?;

    let first = "Hello south! \u{1F44B} Ça marche?";
    let id = step("alice writes to bob", say(&mut at_north, &alice, &bob, first).await)?;
    step("the domains set up a session", show_wire(stage))?;
    step("bob reads alice's message", hear(&mut at_south, &bob, &alice, first).await)?;
    step("alice gets a delivery report", report(&mut at_north, &alice, &id).await)?;
    step("the report travels", show_wire(stage))?;

    let second = "Loud and clear, north.";
    let id = step("bob answers alice", say(&mut at_south, &bob, &alice, second).await)?;
    step("alice reads bob's answer", hear(&mut at_north, &alice, &bob, second).await)?;
    step("bob gets a delivery report", report(&mut at_south, &bob, &id).await)?;
    step("the answer travels", show_wire(stage))?;

    step("alice writes to nobody", miss(&mut at_north, &alice).await)?;

    let third = "Tom, this waits for you.";
    let id = step("alice writes to tom, who is offline", say(&mut at_north, &alice, &tom, third).await)?;
    let mut at_transit = step("tom logs in", log_in(stage, &tom, Encoding::Xml, Version::V13).await)?;
    step("tom reads what waited", hear(&mut at_transit, &tom, &alice, third).await)?;
    step("alice gets a report from transit", report(&mut at_north, &alice, &id).await)?;
    step("the third domain was reached", show_wire(stage))?;

    for (name, phone) in [("alice", &mut at_north), ("bob", &mut at_south), ("tom", &mut at_transit)] {
        let outcome = log_out(name, phone).await;
        step("everybody logs out", outcome)?;
    }
    println!("Every step held.");
    Ok(())
}

fn step<T>(name: &str, outcome: anyhow::Result<T>) -> anyhow::Result<T> {
    outcome.with_context(|| format!("the step “{name}” did not hold"))
}

async fn log_in(stage: &Stage, user: &Address, encoding: Encoding, version: Version) -> anyhow::Result<Phone> {
    let (mut phone, password) = stage.phone(user, encoding, version)?;
    let session = phone.log_in(password).await?;
    let encoding = match encoding {
        Encoding::Xml => "XML",
        Encoding::Wbxml => "WBXML",
        Encoding::Pts => "PTS",
    };
    println!("{user} is logged in ({encoding}, CSP {version}), session {session}");
    Ok(phone)
}

async fn say(phone: &mut Phone, from: &Address, to: &Address, text: &str) -> anyhow::Result<Text> {
    let start = Instant::now();
    let answer = phone.send(&[to], text).await?;
    ensure!(answer.outcome.code == Code::SUCCESS, "the answer was {}", answer.outcome.code);
    let id = answer.message.context("no MessageID came")?;
    println!("{from} → {to}: 200 after {} ms, MessageID {id}", start.elapsed().as_millis());
    Ok(id)
}

async fn hear(phone: &mut Phone, user: &Address, from: &Address, text: &str) -> anyhow::Result<()> {
    let message = phone.next_message(PATIENCE).await?;
    let body = String::from_utf8(message.body()?.to_vec())?;
    ensure!(body == text, "“{body}” came instead of “{text}”");
    ensure!(sender(&message) == from.to_string(), "it came from {}", sender(&message));
    println!("{user} hears {from}: “{body}”");
    Ok(())
}

fn sender(message: &NewMessage) -> String {
    let user = message.info.sender.as_ref().and_then(|s| s.user.as_ref());
    user.map(|u| u.id.to_string()).unwrap_or_default()
}

async fn report(phone: &mut Phone, user: &Address, id: &Text) -> anyhow::Result<()> {
    let report = phone.report_on(id, PATIENCE).await?;
    ensure!(report.outcome.code == Code::SUCCESS, "the report says {}", report.outcome.code);
    println!("{user} has the delivery report on {id}: {}", report.outcome.code);
    Ok(())
}

async fn miss(phone: &mut Phone, from: &Address) -> anyhow::Result<()> {
    let nobody = Address::parse("wv:nobody@south.example", from.domain())?;
    let answer = phone.send(&[&nobody], "Anybody there?").await?;
    ensure!(answer.outcome.code == Code::UNKNOWN_USER, "the answer was {}", answer.outcome.code);
    println!("{from} → {nobody}: {} {}", answer.outcome.code, answer.outcome.code.meaning());
    Ok(())
}

async fn log_out(name: &str, phone: &mut Phone) -> anyhow::Result<()> {
    let code = phone.log_out().await?;
    ensure!(code == Code::SUCCESS, "{name} got {code}");
    println!("{name} is logged out: {code}");
    Ok(())
}

/// Prints what the tap saw between the domains; something must have been seen.
fn show_wire(stage: &mut Stage) -> anyhow::Result<()> {
    let seen = stage.tapped();
    ensure!(!seen.is_empty(), "nothing was seen on the wire");
    for tapped in seen {
        println!("    wire {tapped}");
    }
    Ok(())
}
