//! Two or three relays on a simulated clock: no sockets, no waiting, every run repeatable by its seed.
//!
//! `storm` lets POSTs be lost, delayed, doubled and reordered, commits fail and nodes crash at any step;
//! `acceptance` walks the cases of set-up (S-01 …) and transactions (T-01 …) one by one.
#![allow(clippy::missing_panics_doc, missing_docs, unreachable_pub)]

mod acceptance;
mod node;
mod storm;
mod world;
