//! Writes the seeds of the fuzz targets: `cargo run --example make-corpus -- fuzz/corpus`

use std::path::Path;

use edbmend::ese::shadow::Which;
use edbmend::plan::{OperationStamp, RepairRequest, ResetRequest, plan_repair, plan_reset};
use edbmend::practice::{DatabaseRecipe, Recipe, corrupt_copy, damage_full_backup, storage_group};
use edbmend::storage::Disk;
use edbmend::survey::{Digests, GroupFolders, survey_database, survey_group};

fn main() -> std::io::Result<()> {
    let root = std::env::args().nth(1).unwrap_or_else(|| "fuzz/corpus".to_owned());
    let put = |target: &str, name: &str, bytes: &[u8]| {
        let dir = Path::new(&root).join(target);
        std::fs::create_dir_all(&dir)?;
        std::fs::write(dir.join(name), bytes)
    };
    for file in storage_group(&Recipe::of_samples()) {
        let (name, bytes) = (file.name.as_str(), &file.bytes);
        match name.rsplit('.').next() {
            Some("edb") => {
                put("header_election", name, &bytes[..8192])?;
                for which in [Which::Primary, Which::Shadow] {
                    let mut damaged = bytes.clone();
                    corrupt_copy(&mut damaged, which);
                    put("header_election", &format!("{name}-{}", which.name()), &damaged[..8192])?;
                }
            }
            Some("log") => {
                put("log_header", name, &bytes[..8192.min(bytes.len())])?;
                put("attach_list", name, bytes.get(760..760 + 2048).unwrap_or_default())?;
                let body = bytes.get(4096..).unwrap_or_default();
                put("log_body", name, &[&[1], body].concat())?;
                for format in [0, 1] {
                    let records = [&[format], body.get(22..400).unwrap_or_default()].concat();
                    put("log_records", &format!("{name}-{format}"), &records)?;
                }
            }
            Some("chk") => put("checkpoint", name, bytes)?,
            _ => {}
        }
    }
    for choice in 0..32u8 {
        let body = match choice & 3 {
            0 => format!(
                r#"{{"schema":"edbmend-journal/1","operation":"{OPERATION}","state":"prepared","plan_sha256":""}}"#
            ),
            1 => format!(
                r#"{{"operation":"{OPERATION}","dir":"/disk/edbmend/{OPERATION}","created_backup_dir":true}}"#
            ),
            _ => plans()?[usize::from(choice >> 4)].clone(),
        };
        let seed = [&[choice], body.as_bytes()].concat();
        put("operation_folder", &format!("{choice}"), &seed)?;
        match choice & 3 {
            0 => put("journal", &format!("{choice}"), &seed)?,
            1 => {}
            _ => put("plan", &format!("{choice}"), &seed)?,
        }
    }
    put("whole_database", "unchanged", &[0])?;
    put("whole_database", "resealed", &[1, 16, 0, 1])
}

const OPERATION: &str = "edbmend-fuzz-repair-0000";

/// The plans of a repair and of a log reset, as they are stored, of files in `/disk`.
fn plans() -> std::io::Result<[String; 2]> {
    let folder = tempfile::tempdir()?;
    let dir = folder.path().canonicalize()?;
    let mut database = DatabaseRecipe { pages: 2, ..DatabaseRecipe::default() }.build();
    damage_full_backup(&mut database);
    std::fs::write(dir.join("priv1.edb"), database)?;
    let stamp = OperationStamp { id: OPERATION.into(), created: "2026-01-01T00:00:00Z".into() };
    let facts = survey_database(&Disk, &dir.join("priv1.edb")).expect("it is sound");
    let repair = plan_repair(&facts, &RepairRequest::default(), &stamp).expect("it is damaged");
    for file in storage_group(&Recipe::of_samples()) {
        std::fs::write(dir.join(&file.name), &file.bytes)?;
    }
    let folders = GroupFolders { log_dir: dir.clone(), system_dir: dir.clone() };
    let group = survey_group(&Disk, folders, Vec::new(), Digests::NotWanted, &|_| {})
        .expect("it can be read");
    let operation_dir = dir.join("edbmend").join(OPERATION);
    let request = ResetRequest {
        operation_dir: &operation_dir,
        volume: 1,
        apart: Vec::new(),
        numbered: Vec::new(),
        overrides: Vec::new(),
    };
    let reset = plan_reset(&group, &group.streams[0], &request, &stamp).expect("there are logs");
    let stored = [serde_json::to_string(&repair.0)?, serde_json::to_string(&reset)?];
    Ok(stored.map(|plan| plan.replace(dir.to_str().expect("a plain path"), "/disk")))
}
