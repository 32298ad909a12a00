//! A target with planted faults: the tests of fuzzing must find each.

/// Each fault shows when the input has a word that mutations make only by chance: their seed has its letters.
pub(super) fn planted(input: &str) -> Result<(), String> {
    let fault = std::env::var_os("FUZZ_PLANTED").unwrap_or_default();
    if !input.contains("xt") {
        return Ok(());
    }
    match fault.to_str() {
        Some("broken") => return Err("two results: 1 and 2".to_owned()),
        Some("panic") => panic!("planted"),
        Some("hang") => loop {
            std::hint::spin_loop();
        },
        Some("overflow") => drop(overflow(input.len())),
        _ => {}
    }
    Ok(())
}

/// Calls itself until the stack is full.
fn overflow(depth: usize) -> usize {
    let frame = std::hint::black_box([depth; 1024]);
    match frame[depth % 1024] {
        usize::MAX => 0,
        more => overflow(more + 1) + frame[0],
    }
}
