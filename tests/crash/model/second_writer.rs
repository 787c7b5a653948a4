//! A clock, the leases of a kernel, and a second process that opens, writes and mounts wherever the kernel
//! lets it. The model and its assumptions: `docs/proof.md`.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::time::Duration;

use edbmend::ese::DbHeader;
use edbmend::practice::{Recipe, edit_header, storage_group};

use super::sim::Inner;
use super::tree::{Ino, Tree};

/// How long the kernel makes somebody wait who opens a file on which a lease is held.
const BREAK_TIME: Duration = Duration::from_secs(45);

/// The least that it can be set to.
const LOWERED: Duration = Duration::from_secs(1);

/// How long each call takes that is not held up.
const CALL: Duration = Duration::from_millis(5);

const PAGE_BYTES: usize = 4096;

/// Behind the header of a log.
const RECORD_OFFSET: usize = 5000;

const RECORD: &[u8] = b"ATTACH RECORD";

const DIRTY: u32 = 2;
const CLEAN: u32 = 3;

/// An open file of the process that is tested.
pub type Handle = u64;

/// What the second process is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Other {
    /// The engine: it mounts, has the database and the current log open, and writes them again at the end.
    Engine,
    /// A tool that writes one header page and goes away.
    Tool,
    /// A program that opens the current log and writes to it, then and later.
    LogWriter,
}

/// Where in a call the time passes that is not meant to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stall {
    /// Before the call has its effect.
    Entering,
    /// After it.
    Leaving,
}

/// What happens beside an operation.
#[derive(Clone, Debug)]
pub struct Script {
    pub other: Other,
    /// What it opens first.
    pub path: PathBuf,
    /// At which call it does.
    pub knocks_at: usize,
    /// Which call is held up, for longer than the kernel makes anybody wait.
    pub stalls_at: usize,
    pub stall: Stall,
    /// Whether the lease-break time is lowered to a second right before it knocks.
    pub lowers: bool,
    /// The answers of the kernel are not heard: nobody is ever noticed. What the old protocol amounts to.
    pub deaf: bool,
}

/// What became of the second process.
#[derive(Clone, Default)]
pub struct Told {
    /// How many calls there were.
    pub calls: usize,
    /// What was there when it was let in.
    pub let_in: Option<Tree>,
    /// What was done to a file that it had in its hands, or had written, by a call that began before it was let
    /// in.
    pub in_one_call: Vec<String>,
    /// The same by calls that began later.
    pub overwritten: Vec<String>,
}

enum Presence {
    Outside,
    Waiting(Ino),
    In(Vec<Ino>),
    Gone,
}

struct Lease {
    handle: Handle,
    /// When whoever waits is let in.
    breaks_at: Option<Duration>,
}

/// The clock, the kernel, and the second process.
pub struct World {
    now: Duration,
    break_time: Duration,
    handles: Handle,
    leases: BTreeMap<Ino, Lease>,
    script: Option<Script>,
    presence: Presence,
    /// Whether it was outside when the call began that is under way.
    was_outside: bool,
    /// What is left of a call that is held up after its effect.
    leaving: Duration,
    written: Vec<(Ino, Range<usize>)>,
    modified: BTreeMap<Ino, i128>,
    told: Told,
}

impl Default for World {
    fn default() -> Self {
        Self {
            now: Duration::ZERO,
            break_time: BREAK_TIME,
            handles: 0,
            leases: BTreeMap::new(),
            script: None,
            presence: Presence::Outside,
            was_outside: true,
            leaving: Duration::ZERO,
            written: Vec::new(),
            modified: BTreeMap::new(),
            told: Told::default(),
        }
    }
}

impl World {
    pub fn playing(script: Script) -> Self {
        Self { script: Some(script), ..Self::default() }
    }

    pub fn next_handle(&mut self) -> Handle {
        self.handles += 1;
        self.handles
    }

    pub fn break_time(&self) -> Option<Duration> {
        Some(self.break_time)
    }

    pub fn modified_ns(&self, ino: Ino) -> i128 {
        self.modified.get(&ino).copied().unwrap_or_default()
    }

    fn is_deaf(&self) -> bool {
        self.script.as_ref().is_some_and(|script| script.deaf)
    }

    /// Whether an open of our own meets a lease of our own; to open it disputes that.
    pub fn is_leased(&mut self, ino: Ino) -> bool {
        let breaks_at = self.now + self.break_time;
        let lease = self.leases.get_mut(&ino);
        lease.map(|lease| lease.breaks_at.get_or_insert(breaks_at)).is_some()
    }

    /// `F_SETLEASE`: granted where nobody else has the file open.
    pub fn lease(&mut self, ino: Ino, handle: Handle) -> bool {
        let is_open = matches!(&self.presence, Presence::In(files) if files.contains(&ino));
        if is_open {
            return self.is_deaf();
        }
        self.leases.insert(ino, Lease { handle, breaks_at: None });
        true
    }

    /// `F_GETLEASE`.
    pub fn is_undisputed(&self, ino: Ino, handle: Handle) -> bool {
        let lease = self.leases.get(&ino).filter(|lease| lease.handle == handle);
        self.is_deaf() || lease.is_some_and(|lease| lease.breaks_at.is_none())
    }

    fn has_in_its_hands(&self, ino: Ino) -> bool {
        matches!(&self.presence, Presence::In(files) if files.contains(&ino))
    }

    fn is_mounted(&self) -> bool {
        let is_engine = self.script.as_ref().is_some_and(|script| script.other == Other::Engine);
        is_engine && matches!(self.presence, Presence::In(_))
    }

    fn tell(&mut self, what: String) {
        match self.was_outside {
            true => self.told.in_one_call.push(what),
            false => self.told.overwritten.push(what),
        }
    }
}

fn is_of_stream(path: &Path) -> bool {
    let name = path.file_name().unwrap().to_string_lossy();
    name.starts_with("E00") && (name.ends_with(".log") || name.ends_with(".chk"))
}

impl Inner {
    /// A call begins.
    pub fn enter(&mut self) {
        self.leave();
        self.world.told.calls += 1;
        self.pass(CALL);
        self.world.was_outside =
            matches!(self.world.presence, Presence::Outside | Presence::Waiting(_));
        let Some(script) = self.world.script.clone() else { return };
        if self.world.told.calls == script.knocks_at {
            if script.lowers {
                self.world.break_time = LOWERED;
            }
            self.knock(&script);
        }
        if self.world.told.calls == script.stalls_at {
            let time = self.world.break_time + Duration::from_secs(2);
            match script.stall {
                Stall::Entering => self.pass(time),
                Stall::Leaving => self.world.leaving = time,
            }
        }
    }

    /// What is left of the call before.
    fn leave(&mut self) {
        let left = std::mem::take(&mut self.world.leaving);
        self.pass(left);
    }

    pub fn clock(&mut self) -> Duration {
        self.leave();
        self.world.now
    }

    /// Time passes.
    pub fn pass(&mut self, time: Duration) {
        self.world.now += time;
        if let Presence::Waiting(ino) = self.world.presence {
            let lease = self.world.leases.get(&ino);
            let breaks_at = lease.map_or(Some(Duration::ZERO), |lease| lease.breaks_at);
            if breaks_at.is_some_and(|breaks_at| breaks_at <= self.world.now) {
                self.world.leases.remove(&ino);
                self.let_in(ino);
            }
        }
    }

    pub fn close(&mut self, handle: Handle) {
        self.leave();
        self.world.leases.retain(|_, lease| lease.handle != handle);
        self.pass(Duration::ZERO);
    }

    fn knock(&mut self, script: &Script) {
        let Some(ino) = self.now.find(&script.path) else {
            self.world.presence = Presence::Gone;
            return;
        };
        match self.world.is_leased(ino) {
            true => self.world.presence = Presence::Waiting(ino),
            false => self.let_in(ino),
        }
    }

    fn let_in(&mut self, ino: Ino) {
        let script = self.world.script.clone().expect("somebody knocked");
        self.world.told.let_in = Some(self.now.clone());
        match script.other {
            Other::Engine => self.mount(ino, script.path.parent().unwrap()),
            Other::Tool => {
                self.write_header(ino, DIRTY, None, 1);
                self.world.presence = Presence::Gone;
            }
            Other::LogWriter => {
                self.write_as_other(ino, RECORD, RECORD_OFFSET);
                self.world.presence = Presence::In(vec![ino]);
            }
        }
    }

    fn write_as_other(&mut self, ino: Ino, bytes: &[u8], offset: usize) {
        self.write(ino, bytes, offset);
        self.world.written.push((ino, offset..offset + bytes.len()));
        *self.world.modified.entry(ino).or_default() += 1;
    }

    /// Writes so many copies of a header, with a state and perhaps the signature of a new log stream.
    fn write_header(&mut self, ino: Ino, state: u32, stream: Option<&NewStream>, copies: usize) {
        let mut bytes = self.now.bytes(ino).unwrap().to_vec();
        if DbHeader::parse(&bytes).is_none() {
            return;
        }
        edit_header(&mut bytes, |raw| {
            raw.state = state.into();
            raw.db_time = (raw.db_time.get() + 1).into();
            if let Some(stream) = stream {
                raw.log_signature = stream.header.raw.log_signature;
            }
        });
        // It elects the good copy and writes it over both.
        for copy in (0..copies).rev() {
            self.write_as_other(ino, &bytes[..PAGE_BYTES], copy * PAGE_BYTES);
        }
    }

    /// The engine goes on with the logs that are there, begins a new stream where there are none, and refuses
    /// half a stream.
    fn mount(&mut self, database: Ino, dir: &Path) {
        let logs = self.logs_in(dir);
        let current = logs.iter().find(|(name, _)| name == "E00.log").map(|(_, ino)| *ino);
        let mut files = vec![database];
        match (current, logs.is_empty()) {
            (Some(current), _) if logs.len() >= LOGS_OF_A_GROUP => {
                self.write_header(database, DIRTY, None, 2);
                self.write_as_other(current, RECORD, RECORD_OFFSET);
                files.push(current);
            }
            // A database without logs beside it, which is all that a repair is given here.
            (None, true) if self.now.find(&dir.join("pub1.edb")).is_none() => {
                self.write_header(database, DIRTY, None, 2);
            }
            (None, true) => {
                let stream = NewStream::made();
                self.write_header(database, DIRTY, Some(&stream), 2);
                let current = self.add_as_other(&dir.join("E00.log"), &stream.log);
                files.push(current);
            }
            // It changes nothing, and goes.
            _ => {
                self.world.presence = Presence::Gone;
                self.world.told.let_in = None;
                return;
            }
        }
        self.world.presence = Presence::In(files);
    }

    fn add_as_other(&mut self, path: &Path, bytes: &[u8]) -> Ino {
        let dir = self.now.find(path.parent().unwrap()).unwrap();
        let (ino, name) = (self.now.next_ino(), super::tree::name_of(path));
        self.now.ensure(ino, false);
        self.record(super::event::Event::Link { dir, name, ino, is_dir: false });
        self.write_as_other(ino, bytes, 0);
        ino
    }

    fn logs_in(&self, dir: &Path) -> Vec<(String, Ino)> {
        let entries = self.now.find(dir).and_then(|dir| self.now.entries(dir));
        let logs = entries.into_iter().flatten().filter(|(name, _)| {
            name.starts_with("E00") && name.ends_with(".log") && *name != "E00tmp.log"
        });
        logs.map(|(name, ino)| (name.clone(), *ino)).collect()
    }

    /// We are about to write.
    pub fn about_to_write(&mut self, ino: Ino, offset: usize, bytes: usize) {
        let overlaps = |(at, range): &(Ino, Range<usize>)| {
            *at == ino && range.start < offset + bytes && offset < range.end
        };
        let was_written = self.world.written.iter().any(overlaps);
        if was_written || self.world.has_in_its_hands(ino) {
            self.world.tell(format!("{bytes} bytes at {offset} of file {ino} were written"));
        }
    }

    /// We are about to give a file another name.
    pub fn about_to_move(&mut self, ino: Ino, from: &Path) {
        if is_of_stream(from) && self.world.is_mounted() {
            self.world
                .tell(format!("{} (file {ino}) was moved under a mounted store", from.display()));
        }
    }

    /// We are about to take a name away.
    pub fn about_to_remove(&mut self, ino: Ino, path: &Path) {
        let is_in_use = self.world.has_in_its_hands(ino);
        let was_written = self.world.written.iter().any(|(at, _)| *at == ino);
        if is_in_use || was_written || (is_of_stream(path) && self.world.is_mounted()) {
            self.world.tell(format!("{} (file {ino}) was removed", path.display()));
        }
    }

    pub fn told(&mut self) -> Told {
        self.leave();
        self.world.told.clone()
    }

    /// The store is dismounted: every database that the engine had, or gets now, is clean, with equal copies.
    pub fn dismount(&mut self) {
        let Some(script) = self.world.script.take() else { return };
        if let (Other::Engine, Presence::In(files)) = (script.other, &self.world.presence) {
            let (database, has_new_stream) = (files[0], self.has_new_stream(files));
            let stream = has_new_stream.then(NewStream::made);
            let beside = self.now.find(&script.path.with_file_name("pub1.edb"));
            for ino in [Some(database), beside].into_iter().flatten() {
                self.write_header(ino, CLEAN, stream.as_ref(), 2);
            }
        }
        self.world.presence = Presence::Gone;
        self.world.leases.clear();
    }

    fn has_new_stream(&self, files: &[Ino]) -> bool {
        files.get(1).is_some_and(|log| self.now.bytes(*log) == Some(&NewStream::made().log))
    }
}

/// The closed logs of the practice group and the current one.
const LOGS_OF_A_GROUP: usize = 3;

/// What the engine begins where no logs are: they have a signature of their own.
struct NewStream {
    header: DbHeader,
    log: Vec<u8>,
}

impl NewStream {
    fn made() -> Self {
        let recipe = Recipe {
            log_file_sectors: 16,
            pages: 2,
            current_generation: 3,
            log_random: 4_711,
            ..Recipe::default()
        };
        let mut header = None;
        let mut log = Vec::new();
        for file in storage_group(&recipe) {
            match file.name.as_str() {
                "priv1.edb" => header = DbHeader::parse(&file.bytes),
                "E00.log" => log = file.bytes,
                _ => {}
            }
        }
        Self { header: header.expect("a database"), log }
    }
}
