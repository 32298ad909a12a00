//! Runs other programs: the error names the command, and when its output went elsewhere, the end
//! of that output.

use std::{
    fs::{self, File},
    io::{BufRead, BufReader, Write},
    path::Path,
    process::{Command, Stdio},
};

use anyhow::{Context, Result, bail};

/// Lines of a log that an error repeats.
const TAIL: usize = 15;

/// Runs the command with this terminal.
///
/// # Errors
/// The program is missing or did not succeed.
pub fn run(command: &mut Command) -> Result<()> {
    let status = command.status().with_context(|| describe(command))?;
    if !status.success() {
        bail!("{}: {status}", describe(command));
    }
    Ok(())
}

/// Runs the command and returns what it wrote to its standard output.
///
/// # Errors
/// The program is missing or did not succeed; the error has what it wrote.
pub fn capture(command: &mut Command) -> Result<String> {
    let output = command
        .stdin(Stdio::null())
        .output()
        .with_context(|| describe(command))?;
    if !output.status.success() {
        let said = [output.stdout, output.stderr].concat();
        let said = last_lines(&String::from_utf8_lossy(&said));
        bail!("{}: {}: {said}", describe(command), output.status);
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Runs the command with all its output in a file, and hands each line to `heard` as it comes.
///
/// # Errors
/// The program is missing or did not succeed; the error repeats the end of the file.
pub fn logged(command: &mut Command, log: &Path, mut heard: impl FnMut(&str)) -> Result<()> {
    if let Some(folder) = log.parent() {
        fs::create_dir_all(folder).with_context(|| folder.display().to_string())?;
    }
    let mut file = File::options()
        .create(true)
        .append(true)
        .open(log)
        .with_context(|| log.display().to_string())?;
    writeln!(file, "$ {}", describe(command))?;
    let (reader, writer) = std::io::pipe()?;
    command
        .stdin(Stdio::null())
        .stdout(writer.try_clone()?)
        .stderr(writer);
    let mut child = command.spawn().with_context(|| describe(command))?;
    // The command holds the pipe's other end: without this the loop below never ends.
    command.stdout(Stdio::null()).stderr(Stdio::null());
    let mut said = Vec::new();
    for line in BufReader::new(reader).split(b'\n') {
        let line = String::from_utf8_lossy(&line?).into_owned();
        writeln!(file, "{line}")?;
        heard(&line);
        said.push(line);
        if said.len() > TAIL {
            said.remove(0);
        }
    }
    let status = child.wait()?;
    if !status.success() {
        bail!(
            "{}: {status}, see {}\n{}",
            describe(command),
            log.display(),
            said.join("\n")
        );
    }
    Ok(())
}

/// Whether a program of this name is on the path.
#[must_use]
pub fn on_path(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|folder| folder.join(program).is_file())
}

/// The end of a text, for an error. A line that repeats is shown once.
#[must_use]
pub fn last_lines(text: &str) -> String {
    let mut lines: Vec<&str> = text.trim_end().lines().collect();
    lines.dedup();
    lines[lines.len().saturating_sub(TAIL)..].join("\n")
}

fn describe(command: &Command) -> String {
    let program = Path::new(command.get_program());
    let name = program
        .file_name()
        .unwrap_or(command.get_program())
        .to_string_lossy();
    let arguments: Vec<_> = command.get_args().map(|it| it.to_string_lossy()).collect();
    let line = format!("{name} {}", arguments.join(" "));
    if line.len() <= 200 {
        line
    } else {
        format!("{name} {} …", arguments[..1].join(" "))
    }
}
