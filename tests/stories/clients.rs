//! Clients in the field: each writes as it does, byte by byte, and takes no more than it does. What each needs is
//! told in `docs/handsets.md`, whose tables name the tests here.

mod android;
pub(crate) mod book;
mod colibria;
mod gateways;
mod line;
mod minimum;
mod nokia;
mod said;
mod wake;

/// Timers as they are in the field, where a slow test gets nothing twice.
const PATIENT: &str = "[timers]\n";
