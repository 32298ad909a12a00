//! Passes TCP connections on from loopback to an address that only this machine reaches, so that
//! the applications have a URL that a browser resolves by itself (`*.localhost`).

use std::{
    io,
    net::{Shutdown, SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use anyhow::{Context, Result};

/// Connections at a time; more are closed at once.
const MOST: usize = 256;

/// Forwards until the process ends.
///
/// # Errors
/// The address is taken.
pub fn run(listen: SocketAddr, to: SocketAddr) -> Result<()> {
    let listener = TcpListener::bind(listen).with_context(|| format!("listen on {listen}"))?;
    println!("{listen} -> {to}");
    let open = Arc::new(AtomicUsize::new(0));
    for incoming in listener.incoming() {
        let Ok(near) = incoming else { continue };
        if open.load(Ordering::Relaxed) >= MOST {
            continue;
        }
        open.fetch_add(1, Ordering::Relaxed);
        let open = Arc::clone(&open);
        std::thread::spawn(move || {
            if let Err(error) = join(&near, to) {
                eprintln!("{to}: {error}");
            }
            open.fetch_sub(1, Ordering::Relaxed);
        });
    }
    Ok(())
}

fn join(near: &TcpStream, to: SocketAddr) -> io::Result<()> {
    let far = TcpStream::connect_timeout(&to, Duration::from_secs(5))?;
    std::thread::scope(|scope| {
        scope.spawn(|| pass(near, &far));
        pass(&far, near);
    });
    Ok(())
}

/// Copies one direction, and tells the other side of its end.
fn pass(mut from: &TcpStream, mut to: &TcpStream) {
    // A side that goes away ends the connection: nobody is left to tell.
    let _copied = io::copy(&mut from, &mut to);
    let _closed = to.shutdown(Shutdown::Write);
}

#[cfg(test)]
mod tests {
    use std::{
        io::{Read, Write},
        net::Ipv4Addr,
    };

    use super::*;

    #[test]
    fn both_directions_pass_and_end() {
        let echo = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let to = echo.local_addr().unwrap();
        std::thread::spawn(move || {
            let (mut stream, _) = echo.accept().unwrap();
            let mut heard = Vec::new();
            stream.read_to_end(&mut heard).unwrap();
            heard.extend_from_slice(b" back");
            stream.write_all(&heard).unwrap();
        });
        let door = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let mut client = TcpStream::connect(door.local_addr().unwrap()).unwrap();
        let (near, _) = door.accept().unwrap();
        std::thread::spawn(move || join(&near, to).unwrap());
        client.write_all(b"there").unwrap();
        client.shutdown(Shutdown::Write).unwrap();
        let mut answer = String::new();
        client.read_to_string(&mut answer).unwrap();
        assert_eq!(answer, "there back");
    }
}
