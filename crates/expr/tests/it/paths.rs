//! What programs are seen to read.

use expr::Environment;

fn read(source: &str) -> Vec<String> {
    let environment = Environment::builder().with_bind().build();
    let program = environment.compile(source).unwrap();
    let paths = program.paths().into_iter();
    let text = |path: expr::ReadPath| {
        let steps = path.steps.iter().map(|step| format!("/{step}"));
        steps.fold(path.variable.to_string(), |text, step| text + &step)
    };
    paths.map(text).collect()
}

#[test]
fn fields_and_written_keys_make_a_path() {
    for source in [
        "a.b.c",
        "a['b'].c",
        "a[\"b\"]['c']",
        "a.?b.?c",
        "a[?'b'].?c",
        "has(a.b.c)",
        "a.b.c == 1",
        "!a.b.c",
        "[a.b.c]",
        "{'k': a.b.c}",
        "string(a.b.c)",
        "a.?b.c.orValue(1)",
        "cel.bind(x, a.b.c, x)",
        "a.?b.?c.optMap(x, x + 1)",
    ] {
        assert_eq!(read(source), ["a/b/c"], "{source}");
    }
}

#[test]
fn a_path_ends_where_a_value_picks_the_step() {
    assert_eq!(read("a[b.c].d"), ["a", "b/c"]);
    assert_eq!(read("a.b[0].c"), ["a/b"]);
    assert_eq!(read("a.b.exists(x, x.c == d.e)"), ["a/b", "d/e"]);
    assert_eq!(read("a.b.size() > 0 ? a.c : a.d"), ["a/b", "a/c", "a/d"]);
    assert_eq!(read("a.b.filter(x, x.c).map(x, x.d)"), ["a/b"]);
}

#[test]
fn a_loop_variable_is_no_variable() {
    assert_eq!(read("[{'b': 1}].exists(a, a.b == 1)"), Vec::<String>::new());
    assert_eq!(read("a.map(a, a.b)"), ["a"]);
}
