//! Fuzzing finds what is planted: what it says of everything else can be believed.

use std::process::Command;

/// What fuzzing says of a target with this fault, and whether it ended well.
fn fuzz(fault: &str) -> (bool, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_fuzz"));
    command.args(["planted", "--seconds", "1", "--limit", "500"]);
    let output = command.env("FUZZ_PLANTED", fault).output();
    let output = output.expect("the program runs");
    let printed = [output.stdout, output.stderr].concat();
    let printed = String::from_utf8_lossy(&printed).into_owned();
    (output.status.success(), printed)
}

#[track_caller]
fn finds(fault: &str, how: &str) {
    let (well, printed) = fuzz(fault);
    assert!(!well, "{printed}");
    for part in ["planted, seed 1", how, "\n\"xt\"", "findings in planted"] {
        assert!(printed.contains(part), "no {part:?} in:\n{printed}");
    }
}

#[test]
fn a_promise_that_does_not_hold_is_found_and_made_small() {
    finds("broken", "a promise is broken\ntwo results: 1 and 2");
}

#[test]
fn a_panic_is_found_and_made_small() {
    finds("panic", "it panics");
}

#[test]
fn an_input_that_does_not_end_is_found_and_made_small() {
    finds(
        "hang",
        "it does not end\nplanted, seed 1: no end after 500 ms",
    );
}

#[test]
fn a_stack_that_overflows_is_found_and_made_small() {
    finds("overflow", "the process dies");
}

#[test]
fn nothing_is_found_where_nothing_is_wrong() {
    let (well, printed) = fuzz("");
    assert!(well, "{printed}");
    assert!(printed.contains("executions, no findings"), "{printed}");
}
