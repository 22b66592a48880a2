//! `crdb shell`, on a terminal of its own.

use std::fs::{File, OpenOptions};
use std::io::{Read as _, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::process::{Child, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Winsize, tcsetwinsize};

use crate::bed::Bed;

/// Beyond this something hangs.
const HANGS: Duration = Duration::from_secs(60);

/// The program on a terminal, as a person would have it.
pub(crate) struct Terminal {
    keyboard: File,
    screen: Arc<Mutex<String>>,
    /// How much of the screen has been looked at.
    seen: usize,
    child: Child,
}

impl Terminal {
    pub(crate) fn start(bed: &Bed, arguments: &[&str]) -> Self {
        Self::with_pager(bed, arguments, "cat")
    }

    fn with_pager(bed: &Bed, arguments: &[&str], pager: &str) -> Self {
        let controller = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
        grantpt(&controller).unwrap();
        unlockpt(&controller).unwrap();
        let size = Winsize {
            ws_row: 24,
            ws_col: 120,
            ws_xpixel: 0,
            ws_ypixel: 0,
        };
        tcsetwinsize(&controller, size).unwrap();
        let name = ptsname(&controller, Vec::new()).unwrap();
        let open = || -> Stdio {
            let device = OpenOptions::new()
                .read(true)
                .write(true)
                .open(name.to_str().unwrap());
            device.unwrap().into()
        };
        let mut command = bed.crdb(arguments);
        command
            .env("HOME", bed.directory.path())
            .env_remove("XDG_STATE_HOME")
            .env("TERM", "xterm")
            .env("PAGER", pager)
            .stdin(open())
            .stdout(open())
            .stderr(open());
        let child = command.spawn().unwrap();
        drop(command);
        let keyboard = File::from(controller);
        let mut reader = keyboard.try_clone().unwrap();
        let screen = Arc::new(Mutex::new(String::new()));
        let shown = Arc::clone(&screen);
        std::thread::spawn(move || {
            let mut bytes = [0; 4096];
            // The end of the other side is an error on Linux.
            while let Ok(count @ 1..) = reader.read(&mut bytes) {
                let text = String::from_utf8_lossy(&bytes[..count]).into_owned();
                shown.lock().unwrap().push_str(&text);
            }
        });
        Self {
            keyboard,
            screen,
            seen: 0,
            child,
        }
    }

    pub(crate) fn types(&mut self, text: &str) {
        self.keyboard.write_all(text.as_bytes()).unwrap();
    }

    /// Waits until the screen shows this, behind what was waited for before.
    #[track_caller]
    pub(crate) fn shows(&mut self, text: &str) {
        let began = Instant::now();
        loop {
            let screen = self.screen.lock().unwrap().clone();
            if let Some(at) = screen[self.seen..].find(text) {
                self.seen += at + text.len();
                return;
            }
            assert!(began.elapsed() < HANGS, "no `{text}` in:\n{screen}");
            std::thread::park_timeout(Duration::from_millis(10));
        }
    }

    #[track_caller]
    pub(crate) fn ends(mut self) -> i32 {
        let began = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status.code().unwrap();
            }
            if began.elapsed() > HANGS {
                self.child.kill().unwrap();
                panic!("it does not end:\n{}", self.screen.lock().unwrap());
            }
            std::thread::park_timeout(Duration::from_millis(10));
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_works_with_it() {
    let bed = Bed::new().await;
    bed.file("crdb.yaml", "sql: { directory: sql }\n");
    bed.file(
        "sql/accounts.sql",
        "-- name: get :one\nSELECT owner FROM accounts WHERE id = :id;\n",
    );
    tokio::task::block_in_place(|| {
        let mut terminal = Terminal::start(&bed, &["shell"]);
        terminal.shows("\\? lists the commands");
        terminal.shows("=> ");
        terminal.types("CREATE TABLE accounts (id INT8 PRIMARY KEY, owner TEXT);\r");
        terminal.shows("CREATE TABLE\u{1b}");
        terminal.shows("=> ");
        // Tab completes the table, and the line goes on until its semicolon.
        terminal.types("INSERT INTO acc\t VALUES (1,\r'ada');\r");
        terminal.shows("INSERT INTO accounts VALUES");
        terminal.shows("INSERT 0 1");
        terminal.shows("=> ");
        terminal.types("\\run accounts.get id=1\r");
        terminal.shows("ada");
        terminal.shows("(1 row)");
        terminal.shows("=> ");
        terminal.types("BEGIN;\r");
        terminal.shows("=*> ");
        terminal.types("DELETE FROM accounts;\r");
        terminal.shows("DELETE 1");
        terminal.shows("=*> ");
        terminal.types("SELECT nothing FROM accounts;\r");
        terminal.shows("42703");
        terminal.shows("=> ");
        terminal.types("\\d accounts\r");
        terminal.shows("not null");
        terminal.shows("PRIMARY KEY");
        terminal.shows("=> ");
        terminal.types("\\nothing\r");
        terminal.shows("there is no command");
        terminal.shows("=> ");
        terminal.types("SELECT 's3cret' AS password;\r");
        terminal.shows("(1 row)");
        terminal.shows("=> ");
        terminal.types("\\q\r");
        assert_eq!(terminal.ends(), 0);
    });
    assert_eq!(
        bed.ask("SELECT count(*) FROM accounts").await.as_deref(),
        Some("1"),
        "the failure ended the transaction"
    );
    let history = bed.path(".local/state/crdb/history");
    let mode = std::fs::metadata(&history).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let kept = std::fs::read_to_string(history).unwrap();
    assert!(kept.contains("INSERT INTO accounts"), "{kept}");
    assert!(!kept.contains("s3cret"), "{kept}");
}

#[tokio::test(flavor = "multi_thread")]
async fn in_production_it_says_so_and_only_reads() {
    let bed = Bed::imitated().await;
    bed.ask("CREATE TABLE t (a INT8)").await;
    bed.file("crdb.yaml", "cli: { production: true }\n");
    tokio::task::block_in_place(|| {
        let mut terminal = Terminal::start(&bed, &["shell", "--no-history"]);
        terminal.shows("(production, read only)=> ");
        terminal.types("INSERT INTO t VALUES (1);\r");
        terminal.shows("--reason");
        terminal.shows("=> ");
        terminal.types("SELECT count(*) AS n FROM t;\r");
        terminal.shows("(1 row)");
        // A terminal that is not the editor's yet takes Ctrl-D away.
        terminal.shows("=> ");
        terminal.types("\u{4}");
        assert_eq!(terminal.ends(), 0);
    });
    assert!(!bed.path(".local").exists());
    bed.run(&["shell"]).await.ended(2);
}

/// The pager here is a program that prints its environment.
#[tokio::test(flavor = "multi_thread")]
async fn a_pager_sees_no_secrets() {
    let bed = Bed::new().await;
    tokio::task::block_in_place(|| {
        let mut terminal = Terminal::with_pager(&bed, &["shell", "--no-history"], "env");
        terminal.shows("=> ");
        terminal.types("SELECT generate_series(1, 100) AS n;\r");
        terminal.shows("TERM=xterm");
        terminal.shows("=> ");
        terminal.types("\\q\r");
        assert!(
            !terminal.screen.lock().unwrap().contains("CRDB_AUTH__URL"),
            "{}",
            terminal.screen.lock().unwrap()
        );
        assert_eq!(terminal.ends(), 0);
    });
}
