//! Two domains in one process: a message crosses from one to the other, and the report comes back.
//!
//! `cargo run --example two_domains`

use std::time::Duration;

use postern::address::Address;
use postern::stage::Stage;
use postern::syntax::Encoding;
use postern::vocabulary::Version;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let domains = ["red.example", "blue.example"];
    let stage = Stage::set(&domains, &["ann@red.example", "ben@blue.example"], None).await?;
    stage.ready().for_each(|ready| println!("{ready}"));

    let ann = Address::try_from("ann@red.example".to_owned())?;
    let ben = Address::try_from("ben@blue.example".to_owned())?;
    let (mut at_red, password) = stage.phone(&ann, Encoding::Xml, Version::V13)?;
    at_red.log_in(password).await?;
    let (mut at_blue, password) = stage.phone(&ben, Encoding::Wbxml, Version::V12)?;
    at_blue.log_in(password).await?;

    let sent = at_red.send(&[&ben], "Dinner at eight?").await?;
    println!("ann sent it: {}", sent.outcome.code);
    let message = at_blue.next_message(Duration::from_secs(10)).await?;
    println!("ben reads: {}", String::from_utf8_lossy(&message.body()?));
    let id = sent.message.ok_or("no MessageID")?;
    let report = at_red.report_on(&id, Duration::from_secs(10)).await?;
    println!("ann knows that it arrived: {}", report.outcome.code);

    stage.strike().await;
    Ok(())
}
