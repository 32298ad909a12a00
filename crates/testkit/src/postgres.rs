//! A real PostgreSQL: one server for each test process, one database for each test.

use std::{
    fs,
    io::{BufRead as _, BufReader},
    os::unix::{
        fs::{MetadataExt as _, chown},
        process::CommandExt as _,
    },
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{
        OnceLock,
        atomic::{AtomicU32, Ordering},
    },
};

/// Runs the server until its own standard input ends, which it does with the test process however
/// that ends; then nothing of it is left. The server's settings are those of production, but that
/// it does not wait for the disk: the tests end processes, never the machine.
const SUPERVISE: &str = r#"
set -e
bin=$1 folder=$2
"$bin/initdb" --pgdata "$folder/data" --username quintet --auth trust --encoding UTF8 \
    --locale C.UTF-8 --no-sync >"$folder/initdb.log" 2>&1 || { cat "$folder/initdb.log"; exit 1; }
printf 'local all quintet trust\nlocal all all scram-sha-256\n' >"$folder/data/pg_hba.conf"
"$bin/postgres" -D "$folder/data" -k "$folder" -c listen_addresses= -c fsync=off \
    -c shared_buffers=32MB -c max_connections=300 </dev/null >"$folder/log" 2>&1 &
server=$!
trap 'kill -INT $server; wait $server || true; rm -rf "$folder"' EXIT
for _ in $(seq 600); do
    if "$bin/pg_isready" -q -h "$folder" -U quintet; then echo ready; break; fi
    if ! kill -0 $server 2>/dev/null; then cat "$folder/log"; exit 1; fi
    sleep 0.05
done
cat >/dev/null
"#;

static SERVER: OnceLock<Server> = OnceLock::new();
static NUMBER: AtomicU32 = AtomicU32::new(0);

/// The server of this process. Its supervisor ends it when the process ends.
#[derive(Debug)]
struct Server {
    programs: PathBuf,
    folder: PathBuf,
    _supervisor: Child,
}

/// An empty database of its own, dropped with this. Its owner `quintet` needs no password; others do.
#[derive(Debug)]
pub struct Database {
    name: String,
}

impl Database {
    /// Makes a database; starts the server if it is the first.
    ///
    /// # Panics
    ///
    /// When there is no PostgreSQL, or it does not start; the message shows what it says.
    #[must_use]
    pub fn create() -> Self {
        let name = format!("test_{}", NUMBER.fetch_add(1, Ordering::Relaxed));
        server().client("createdb", &[&name]);
        Self { name }
    }

    /// Where it is, as `postgres://quintet@localhost/test_0?host=%2Ftmp%2Fquintet-1`.
    #[must_use]
    pub fn url(&self) -> String {
        let folder = server().folder.display();
        format!("postgres://quintet@localhost/{}?host={folder}", self.name)
    }

    /// Runs statements beside the program under test, as an operator would; gives what they print.
    ///
    /// # Panics
    ///
    /// When one fails.
    pub fn sql(&self, statements: &str) -> String {
        let arguments = ["--no-psqlrc", "-v", "ON_ERROR_STOP=1", "-qAtc", statements];
        server().client("psql", &[&arguments[..], &[&self.name]].concat())
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        server().client("dropdb", &["--force", &self.name]);
    }
}

fn server() -> &'static Server {
    SERVER.get_or_init(Server::start)
}

impl Server {
    fn start() -> Self {
        let programs = programs();
        // The supervisor removes it, since this is never dropped.
        let folder = crate::tempdir().keep();
        let mut supervisor = Command::new("sh");
        supervisor
            .args(["-c", SUPERVISE, "sh"])
            .arg(&programs)
            .arg(&folder)
            .current_dir(&folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped());
        if let Some((user, group)) = other_user(&folder) {
            chown(&folder, Some(user), Some(group)).expect("root may give folders away");
            supervisor.uid(user).gid(group);
        }
        let mut supervisor = supervisor.spawn().expect("sh is a program");
        let output = supervisor.stdout.take().expect("it was asked for");
        let lines = BufReader::new(output).lines().map_while(Result::ok);
        let said: Vec<String> = lines.take_while(|line| line != "ready").collect();
        // It says what is wrong and ends, or says nothing more.
        if !said.is_empty() {
            let status = supervisor.wait();
            panic!("PostgreSQL does not start: {status:?}\n{}", said.join("\n"));
        }
        Self {
            programs,
            folder,
            _supervisor: supervisor,
        }
    }

    fn client(&self, program: &str, arguments: &[&str]) -> String {
        let output = Command::new(self.programs.join(program))
            .args(["--username", "quintet", "--host"])
            .arg(&self.folder)
            .args(arguments)
            .current_dir(&self.folder)
            .output()
            .expect("a client of PostgreSQL is a program");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{program}: {said}");
        String::from_utf8_lossy(&output.stdout)
            .trim_end()
            .to_owned()
    }
}

/// The folder of the programs: that of `$QUINTET_TEST_POSTGRES`, of `initdb` on the path, or the
/// newest that Debian has.
fn programs() -> PathBuf {
    let given = std::env::var_os("QUINTET_TEST_POSTGRES").map(PathBuf::from);
    let path = std::env::var_os("PATH").unwrap_or_default();
    let on_path = std::env::split_paths(&path).collect::<Vec<_>>();
    let mut debian: Vec<PathBuf> = fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .flatten()
        .map(|version| version.path().join("bin"))
        .collect();
    debian.sort();
    let found = given
        .into_iter()
        .chain(debian.into_iter().rev())
        .chain(on_path)
        .find(|folder| is_whole(folder));
    found.expect(
        "there is no PostgreSQL on this machine: install the Debian package postgresql, as \
         `cargo xtask test` does, or name the folder of its programs in $QUINTET_TEST_POSTGRES",
    )
}

fn is_whole(folder: &Path) -> bool {
    ["initdb", "postgres", "createdb", "psql"]
        .iter()
        .all(|program| folder.join(program).is_file())
}

/// PostgreSQL refuses to run as root: then somebody else who exists.
fn other_user(folder: &Path) -> Option<(u32, u32)> {
    let own = fs::metadata(folder).expect("the folder was just made");
    if own.uid() != 0 {
        return None;
    }
    let users = fs::read_to_string("/etc/passwd").expect("a list of users");
    let find = |name: &str| {
        users.lines().find_map(|line| {
            let mut fields = line.split(':');
            (fields.next() == Some(name)).then_some(())?;
            let user = fields.nth(1)?.parse().ok()?;
            Some((user, fields.next()?.parse().ok()?))
        })
    };
    let found = find("postgres").or_else(|| find("nobody"));
    Some(found.expect("PostgreSQL does not run as root: a user postgres or nobody"))
}
