//! What is fuzzed: bytes in, and nothing may panic. The same functions run as properties in the
//! ordinary tests (`tests/properties/main.rs`), so a target cannot rot unnoticed.

use std::path::Path;
use std::sync::LazyLock;

use edbmend::apply::{Allowed, Ending, Wish, find_pending, recover, undo_of};
use edbmend::diagnose::diagnose_database;
use edbmend::ese::attach_list::parse_attach_list;
use edbmend::ese::shadow::{HeaderArea, Which, elect, is_valid_header};
use edbmend::ese::{Checkpoint, LogHeader, checksum};
use edbmend::plan::{
    HeaderImages, OperationStamp, RepairRequest, content_refusals, only_repairable_bytes_differ,
    plan_repair, write_refusals,
};
use edbmend::practice::{DatabaseRecipe, damage_full_backup};
use edbmend::survey::survey_database;
use sha2::{Digest, Sha256};

use crate::model::context;
use crate::model::sim::Sim;
use crate::model::tree::Tree;

const DATABASE: &str = "/disk/priv1.edb";
const MARKER: &str = "/disk/priv1.edb.edbmend-pending";
const OPERATION: &str = "/disk/edbmend/edbmend-fuzz-repair-0000";

/// The choice of a header copy: what is elected is valid.
pub fn header_election(bytes: &[u8]) {
    let area = HeaderArea::of(bytes.to_vec());
    if let Some(pair) = elect(&area) {
        let block = area.block(pair.elected, pair.page_size_bytes).expect("it was elected");
        assert!(is_valid_header(block));
    }
    survey_and_plan(bytes);
}

/// A log header, right checksum or not.
pub fn log_header(bytes: &[u8]) {
    let mut sealed = bytes.to_vec();
    if let Some(start) = sealed.get_mut(..4096) {
        checksum::seal(start);
    }
    for bytes in [bytes, &sealed] {
        let _ = LogHeader::validate(bytes, bytes.len() as u64);
        if let Some(header) = LogHeader::parse(bytes) {
            let _ = (header.generation(), header.version(), header.file_type(), header.attached());
            let _ = (header.stated_file_bytes(), header.page_size_bytes(), header.environment());
        }
    }
}

/// A checkpoint with its two copies.
pub fn checkpoint(bytes: &[u8]) {
    let mut sealed = bytes.to_vec();
    sealed.chunks_exact_mut(4096).for_each(checksum::seal);
    for bytes in [bytes, &sealed] {
        if let Some((checkpoint, _)) = Checkpoint::elect(bytes) {
            let _ = (checkpoint.checkpoint(), checkpoint.environment(), checkpoint.attached());
        }
    }
}

/// The list of attached databases.
pub fn attach_list(bytes: &[u8]) {
    let _ = parse_attach_list(bytes);
}

/// An operation folder whose journal, plan or marker is anything: it is read, and nothing is touched.
/// What `recover` refuses it leaves as it is.
pub fn operation_folder(bytes: &[u8]) {
    let Some((&choice, content)) = bytes.split_first() else { return };
    read_and_recover(folder_with(choice, content), choice);
}

/// The same of the folder of a repair that is whole but for its journal: the database stays the old one,
/// or becomes the new one.
pub fn journal(bytes: &[u8]) {
    let Some((&choice, content)) = bytes.split_first() else { return };
    let vouched = hex::encode(Sha256::digest(&REPAIR.plan));
    // A digest cannot be guessed: an empty one is made right.
    let content = String::from_utf8_lossy(content)
        .replace("\"plan_sha256\":\"\"", &format!("\"plan_sha256\":\"{vouched}\""));
    let mut tree = folder_of_repair(&REPAIR.plan, choice);
    tree.put(&Path::new(OPERATION).join("journal"), &body(choice, content.as_bytes()));
    if let Some(tree) = read_and_recover(tree, choice) {
        let found = tree.bytes_at(Path::new(DATABASE)).expect("nobody renames it");
        let pages = [&REPAIR.images.before, &REPAIR.images.after];
        assert!(pages.iter().any(|pages| found.starts_with(pages)), "neither old nor new");
    }
}

/// The same of one whose plan is anything, vouched for by its journal.
pub fn plan(bytes: &[u8]) {
    let Some((&choice, content)) = bytes.split_first() else { return };
    let mut tree = folder_of_repair(content, choice);
    tree.put(
        &Path::new(OPERATION).join("journal"),
        &sealed(journal_of(content, choice).as_bytes()),
    );
    read_and_recover(tree, choice);
}

/// The plan of the repair that the entry points know, as it is stored.
pub fn stored_plan() -> &'static [u8] {
    &REPAIR.plan
}

/// Looks at everything in `/disk` that may be pending, and recovers it; the disk afterwards.
fn read_and_recover(tree: Tree, choice: u8) -> Option<Tree> {
    let sim = Sim::on(tree);
    let folder = Path::new(OPERATION);
    let stamp = OperationStamp { id: "edbmend-fuzz-restore-0000".into(), created: String::new() };
    let _ = undo_of(&sim, folder, &stamp);
    let wish = if choice & 16 != 0 { Wish::Back } else { Wish::AsFound };
    let mut found = Vec::new();
    for path in [Path::new("/disk"), folder, Path::new(DATABASE)] {
        found.extend(find_pending(&sim, path).unwrap_or_default());
    }
    for subject in &found {
        let _ = edbmend::apply::assess(context(&sim), subject, wish, Allowed::default());
    }
    assert!(sim.log().is_empty(), "looking changes nothing");
    let mut last = None;
    for subject in &found {
        let sim = Sim::on(sim.now());
        let applied = recover(context(&sim), subject, wish, Allowed::default());
        assert!(applied.ending != Ending::Refused || sim.log().is_empty(), "refused, and touched");
        last = Some(sim.now());
    }
    last
}

/// The lower two bits of `choice` say which file `content` is.
fn folder_with(choice: u8, content: &[u8]) -> Tree {
    let mut tree = Tree::new();
    let folder = Path::new(OPERATION);
    tree.put(Path::new(DATABASE), &damaged_database());
    match choice & 3 {
        0 => tree.put(&folder.join("journal"), &body(choice, content)),
        1 => tree.put(Path::new(MARKER), &body(choice, content)),
        with_images => {
            tree.put(&folder.join("journal"), &sealed(journal_of(content, choice).as_bytes()));
            tree.put(&folder.join("plan.json"), content);
            if with_images == 3 {
                put_images(&mut tree);
            }
        }
    }
    tree
}

/// The folder of a repair without its journal; with its marker or without it.
fn folder_of_repair(plan: &[u8], choice: u8) -> Tree {
    let mut tree = Tree::new();
    tree.put(Path::new(DATABASE), &damaged_database());
    tree.put(&Path::new(OPERATION).join("plan.json"), plan);
    put_images(&mut tree);
    if choice & 1 == 0 {
        let marker = format!(
            "{{\"operation\":\"edbmend-fuzz-repair-0000\",\"dir\":\"{OPERATION}\",\
             \"created_backup_dir\":true}}"
        );
        tree.put(Path::new(MARKER), &sealed(marker.as_bytes()));
    }
    tree
}

fn put_images(tree: &mut Tree) {
    let folder = Path::new(OPERATION);
    tree.put(&folder.join("header-before.bin"), &REPAIR.images.before);
    tree.put(&folder.join("header-after.bin"), &REPAIR.images.after);
}

/// The seal is made right, or fuzzing would never get past it.
fn body(choice: u8, content: &[u8]) -> Vec<u8> {
    if choice & 8 == 0 { sealed(content) } else { content.to_vec() }
}

/// A journal that vouches for a plan.
fn journal_of(plan: &[u8], choice: u8) -> String {
    format!(
        "{{\"schema\":\"edbmend-journal/1\",\"operation\":\"edbmend-fuzz-repair-0000\",\
         \"state\":\"{}\",\"plan_sha256\":\"{}\"}}",
        if choice & 4 == 0 { "prepared" } else { "committed" },
        hex::encode(Sha256::digest(plan))
    )
}

/// A repair of [`damaged_database`]: its plan as it is stored, and the header pages before and after.
struct Repair {
    plan: Vec<u8>,
    images: HeaderImages,
}

static REPAIR: LazyLock<Repair> = LazyLock::new(|| {
    let mut tree = Tree::new();
    tree.put(Path::new(DATABASE), &damaged_database());
    let facts = survey_database(&Sim::on(tree), Path::new(DATABASE)).expect("it is sound");
    let stamp = OperationStamp { id: "edbmend-fuzz-repair-0000".into(), created: String::new() };
    let (plan, images) =
        plan_repair(&facts, &RepairRequest::default(), &stamp).expect("it is damaged");
    Repair { plan: serde_json::to_vec(&plan).expect("plain data serialises"), images }
});

fn damaged_database() -> Vec<u8> {
    let mut file = DatabaseRecipe { pages: 2, ..DatabaseRecipe::default() }.build();
    damage_full_backup(&mut file);
    file
}

fn sealed(body: &[u8]) -> Vec<u8> {
    let digest = hex::encode(Sha256::digest(body));
    [digest.as_bytes(), b"\n", body].concat()
}

/// A small database with some bytes changed: each three bytes of the input are an offset and a value.
/// An odd first byte makes the checksums of both copies right again.
pub fn whole_database(bytes: &[u8]) {
    let Some((&choice, patches)) = bytes.split_first() else { return };
    let mut file = damaged_database();
    for patch in patches.chunks_exact(3) {
        let at = usize::from(u16::from_le_bytes([patch[0], patch[1]])) % file.len();
        file[at] = patch[2];
    }
    if choice & 1 == 1 {
        file.chunks_exact_mut(4096).take(2).for_each(checksum::seal);
    }
    survey_and_plan(&file);
}

/// What `check` and a dry run do. A plan for a database without refusals changes backup fields only.
fn survey_and_plan(bytes: &[u8]) {
    let mut tree = Tree::new();
    tree.put(Path::new(DATABASE), bytes);
    let sim = Sim::on(tree);
    let Ok(facts) = survey_database(&sim, Path::new(DATABASE)) else { return };
    let _ = diagnose_database(&facts);
    let refused = !content_refusals(&facts).is_empty() || !write_refusals(&facts).is_empty();
    let stamp = OperationStamp { id: "edbmend-fuzz-repair-0000".into(), created: String::new() };
    if !refused && let Some((_, images)) = plan_repair(&facts, &RepairRequest::default(), &stamp) {
        let elected = facts.pair.expect("there is a plan").elected;
        for which in [Which::Primary, Which::Shadow] {
            let now = images.before_of(elected);
            assert!(only_repairable_bytes_differ(now, images.after_of(which)));
            assert!(is_valid_header(images.after_of(which)));
        }
    }
    assert!(sim.log().is_empty(), "looking changes nothing");
}
