//! Two or three relays on a simulated clock: no sockets, no waiting, every run repeatable by its seed.
//!
//! `storm` lets POSTs be lost, delayed, doubled and reordered, commits fail and nodes crash at any step;
//! `sessions` and `acceptance` walk the cases of set-up (S-01 …) and of transactions (T-01 …) one by one.
#![allow(clippy::unwrap_used, reason = "a case ends where something is missing")]
#![allow(missing_docs, unreachable_pub, reason = "one binary: `pub` says what a file offers to the others")]

mod acceptance;
mod hand;
mod node;
mod sessions;
mod storm;
mod world;
