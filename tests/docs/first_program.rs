//! docs/library.md: what it tells one to type for a first program, typed.

use std::path::PathBuf;
use std::process::Command;

use super::{root, text_of};

/// What stands in the blocks of a kind, in their order.
fn blocks(text: &str, kind: &str) -> String {
    let opened = format!("```{kind}\n");
    let blocks = text.split(&opened).skip(1);
    blocks.map(|block| block.split("```").next().unwrap()).collect()
}

/// A folder beside a link to the clone, the same in every run: what was built there is not built again.
fn beside_the_clone() -> PathBuf {
    let place = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("first-program");
    let _ = std::fs::remove_dir_all(place.join("first"));
    std::fs::create_dir_all(&place).unwrap();
    if std::fs::symlink_metadata(place.join("edbmend")).is_err() {
        std::os::unix::fs::symlink(root(), place.join("edbmend")).unwrap();
    }
    place
}

mod whole {
    use super::*;

    #[test]
    #[ignore = "slow: a minute; it builds the library once more"]
    fn the_first_program_mends_a_database_and_undoes_it() {
        let page = text_of("docs/library.md");
        let (_, section) = page.split_once("## A first program\n").expect("the section");
        let (section, _) = section.split_once("\n## ").expect("its end");
        let program = blocks(section, "rust,no_run");
        let typed: Vec<String> = blocks(section, "console")
            .lines()
            .map(|line| line.strip_prefix("$ ").expect("a command").to_owned())
            .collect();
        let (make, run) = typed.split_at(3);
        let place = beside_the_clone();
        let written = "cat > src/main.rs && cp ../edbmend/Cargo.lock .".to_owned();
        let script = [make, &[written], run].concat().join(" && ");
        let mut shell = Command::new("sh");
        // Nothing is asked of the internet: the dependencies are those of the clone.
        shell.env("CARGO_NET_OFFLINE", "true").env("CARGO_TARGET_DIR", place.join("target"));
        shell.args(["-c", &script]).current_dir(&place);
        shell.stdin(std::process::Stdio::piped()).stdout(std::process::Stdio::piped());
        let mut child = shell.spawn().unwrap();
        std::io::Write::write_all(&mut child.stdin.take().unwrap(), program.as_bytes()).unwrap();
        let ran = child.wait_with_output().unwrap();
        let said = String::from_utf8(ran.stdout).unwrap();
        assert!(ran.status.success(), "{script}\n{said}");
        for words in
            ["priv1.edb", "this plan would be carried out", "both header copies were written"]
        {
            assert!(said.contains(words), "{words}: {said}");
        }
        assert!(!said.contains("dry run"), "{said}");
        let samples = root().join("samples/practice");
        for file in std::fs::read_dir(samples).unwrap().map(|entry| entry.unwrap()) {
            let after = std::fs::read(place.join("first/practice").join(file.file_name())).unwrap();
            assert!(std::fs::read(file.path()).unwrap() == after, "{:?}", file.file_name());
        }
    }
}
