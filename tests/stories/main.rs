//! Stories over real sockets: phones, peers and whole domains, each told as its actors see it.
//!
//! The phone and the scripted peer read and write the wire with code of their own (`support/wire`); nothing here
//! uses Postern's syntax or vocabulary, else both could be wrong alike.
#![allow(clippy::unwrap_used, reason = "a story ends where something is missing")]
#![allow(unreachable_pub, reason = "one binary: `pub` says what a file offers to the others")]

mod access;
mod capabilities;
mod clients;
mod crash;
mod endings;
mod fetching;
mod flood;
mod gateway;
mod hostile;
mod init;
mod loads;
mod logins;
mod messages;
mod notifications;
mod peering;
mod polling;
mod profile;
mod provider;
mod pts;
mod races;
mod refusals;
mod secrets;
mod segments;
mod services;
mod sessions;
mod several_sessions;
mod support;
mod transactions;
mod versions;
mod waking;
