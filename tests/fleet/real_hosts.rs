//! The plays on twenty hosts, each with an sshd, a network, a mount table and users of its own: `hosts.sh`.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use crate::ansible::{ansible_in, contrib, newest};
use crate::harness::unlucky::{leave_pending, write_program};
use crate::harness::{PROGRAM, damaged, healthy, needs, sha256};
use edbmend::practice::DatabaseRecipe;
use serde_json::{Value, json};
use tempfile::TempDir;

const HOSTS: usize = 20;

/// What each host has of its own; the others are sound.
const DAMAGED: [usize; 3] = [1, 2, 3];
const DIRTY: usize = 4;
const WITHOUT_ROOM: usize = 5;
const GOES_AWAY: usize = 6;
const WITHOUT_PROGRAM: usize = 7;
const PENDING: usize = 8;

struct Fleet {
    folder: TempDir,
}

impl Fleet {
    fn new() -> Self {
        let folder = tempfile::Builder::new().prefix("edbmend-fleet-").tempdir().unwrap();
        let fleet = Self { folder };
        (1..=HOSTS).for_each(|nth| fleet.lay(nth));
        let hosts = (1..=HOSTS)
            .map(|nth| (name(nth), json!({ "ansible_host": format!("10.77.0.{}", nth + 10) })));
        let inventory = json!({ "rescue": {
            "vars": {
                "ansible_user": "rescue",
                "ansible_ssh_private_key_file": fleet.path("key"),
                "ansible_ssh_common_args":
                    format!("-o UserKnownHostsFile={}", fleet.path("known_hosts").display()),
                "ansible_python_interpreter": "/usr/bin/python3",
                "edbmend_databases": ["/srv/mdbdata/priv1.edb"],
                "edbmend_recover_path": "/srv/mdbdata",
                "edbmend_reports": fleet.path("reports"),
            },
            "hosts": hosts.collect::<serde_json::Map<_, _>>(),
        }});
        fs::write(fleet.path("inventory.yml"), inventory.to_string()).unwrap();
        fleet
    }

    fn path(&self, name: &str) -> std::path::PathBuf {
        self.folder.path().join(name)
    }

    fn db(&self, nth: usize) -> std::path::PathBuf {
        self.path(&format!("hosts/{}/srv/mdbdata/priv1.edb", name(nth)))
    }

    fn lay(&self, nth: usize) {
        let host = self.path(&format!("hosts/{}", name(nth)));
        fs::create_dir_all(host.join("srv/mdbdata")).unwrap();
        fs::create_dir(host.join("bin")).unwrap();
        let bytes = match nth {
            DIRTY => DatabaseRecipe { state: 2, ..DatabaseRecipe::default() }.build(),
            WITHOUT_ROOM | GOES_AWAY | PENDING => damaged(8),
            _ if DAMAGED.contains(&nth) => damaged(8),
            _ => healthy(8),
        };
        fs::write(self.db(nth), bytes).unwrap();
        let program = host.join("bin/edbmend");
        match nth {
            WITHOUT_PROGRAM => return,
            WITHOUT_ROOM => fs::write(host.join("full"), []).unwrap(),
            PENDING => leave_pending(&self.db(nth), "forward"),
            GOES_AWAY => {
                write_program(&program, "ip link set eth0 down && sleep 600");
                return;
            }
            _ => {}
        }
        fs::copy(PROGRAM, program).unwrap();
    }

    /// Runs a shell command on the controller, with the plays at hand.
    fn run(&self, commands: &str) -> Output {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fleet/hosts.sh");
        let mut command = Command::new(script);
        command.arg(self.folder.path()).args(["bash", "-c", commands]);
        ansible_in(&mut command, &contrib())
    }

    fn outcomes(&self, play: &str) -> Value {
        newest(&self.path("reports"), play)["hosts"].clone()
    }
}

fn name(nth: usize) -> String {
    format!("host{nth:02}")
}

/// The outcome of every host: that of those that are named, and of all others.
fn expected(named: &[(usize, &str)], others: &str) -> Value {
    let mut outcomes: serde_json::Map<_, _> =
        (1..=HOSTS).map(|nth| (name(nth), json!(others))).collect();
    for (nth, outcome) in named {
        outcomes[&name(*nth)] = json!(outcome);
    }
    outcomes.into()
}

#[test]
#[ignore = "needs root, sshd, strace and ansible-playbook"]
fn each_of_twenty_hosts_ends_as_its_own_outcome_says() {
    needs::root();
    needs::strace();
    needs::programs(&["ansible-playbook", "sshd", "ssh", "sudo", "ip", "unshare", "mkfs.ext4"]);
    let fleet = Fleet::new();
    let play = |name: &str, more: &str| {
        let inventory = fleet.path("inventory.yml");
        format!("ansible-playbook -i {} edbmend.ese.{name} {more}", inventory.display())
    };
    let bring = format!(
        "-e edbmend_binary={PROGRAM} -e edbmend_binary_sha256={} --limit {}",
        sha256(PROGRAM.as_ref()),
        name(WITHOUT_PROGRAM)
    );
    let ran = fleet.run(
        &[
            play("repair", ""),
            play("check", &bring),
            play("recover", &format!("--limit {}", name(PENDING))),
        ]
        .join("; "),
    );
    let told = String::from_utf8_lossy(&ran.stdout);
    println!("{told}");
    let mut outcomes = vec![
        (DIRTY, "refused"),
        (WITHOUT_ROOM, "refused"),
        (GOES_AWAY, "unreachable"),
        (WITHOUT_PROGRAM, "failed"),
        (PENDING, "pending"),
    ];
    outcomes.extend(DAMAGED.map(|nth| (nth, "repaired")));
    assert_eq!(fleet.outcomes("repair"), expected(&outcomes, "sound"));
    for line in [
        "20 hosts: 12 sound, 3 repaired, 2 refused, 1 failed, 1 pending, 1 unreachable",
        "             no-space: /srv/mdbdata: the backup needs ",
        "             edbmend is not on this host: no program /usr/local/bin/edbmend.",
    ] {
        assert!(told.lines().any(|told| told.starts_with(line)), "{line}");
    }
    assert_eq!(fleet.outcomes("check"), json!({ name(WITHOUT_PROGRAM): "sound" }));
    assert_eq!(fleet.outcomes("recover"), json!({ name(PENDING): "recovered" }));
    for nth in DAMAGED.into_iter().chain([PENDING]) {
        assert_ne!(fs::read(fleet.db(nth)).unwrap(), damaged(8), "{nth}");
    }
    assert_eq!(fs::read(fleet.db(GOES_AWAY)).unwrap(), damaged(8));
}
