//! A message for somebody whose phone is off: it waits in the recipient's domain, and arrives after login.
//!
//! `cargo run --example offline`

use std::time::Duration;

use postern::address::Address;
use postern::stage::Stage;
use postern::syntax::Encoding;
use postern::vocabulary::Version;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let stage = Stage::set(&["red.example", "blue.example"], &["ann@red.example", "ben@blue.example"], None).await?;
    let ann = Address::try_from("ann@red.example".to_owned())?;
    let ben = Address::try_from("ben@blue.example".to_owned())?;

    let (mut at_red, password) = stage.phone(&ann, Encoding::Xml, Version::V12)?;
    at_red.log_in(password).await?;
    for text in ["Are you there?", "No hurry.", "Good night."] {
        println!("ann writes “{text}”: {}", at_red.send(&[&ben], text).await?.outcome.code);
    }

    println!("ben switches his phone on");
    let (mut at_blue, password) = stage.phone(&ben, Encoding::Wbxml, Version::V11)?;
    at_blue.log_in(password).await?;
    for _ in 0..3 {
        let message = at_blue.next_message(Duration::from_secs(10)).await?;
        println!("ben reads “{}”", String::from_utf8_lossy(&message.body()?));
    }

    stage.strike().await;
    Ok(())
}
