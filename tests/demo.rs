//! The demo as a person runs it: the real binary, its exit code and what it prints.
#![allow(clippy::unwrap_used, reason = "a test ends where something is missing")]

use std::process::{Command, Output};

fn demo(more: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_postern")).args(["demo", "--once"]).args(more).output().unwrap()
}

#[test]
fn the_demo_tells_its_story() {
    let output = demo(&[]);
    let (told, said) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{told}\n{said}");
    for line in [
        "wv:bob@south.example hears wv:alice@north.example: “Hello south! \u{1F44B} Ça marche?”",
        "north.example → south.example: Request SendSecretToken",
        "wv:alice@north.example → wv:nobody@south.example: 531",
        "wv:tom@transit.example hears wv:alice@north.example",
        "Every step held.",
    ] {
        assert!(told.contains(line), "“{line}” is missing in:\n{told}");
    }
}

#[test]
fn a_step_that_does_not_hold_is_named() {
    let output = demo(&["--stop", "south.example"]);
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("the step “bob logs in” did not hold"), "{said}");
}
