//! Writes the seeds of the fuzz targets: `cargo run --example make-corpus -- fuzz/corpus`

use std::path::Path;

use edbmend::ese::shadow::Which;
use edbmend::practice::{Recipe, corrupt_copy, storage_group};

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
            }
            Some("chk") => put("checkpoint", name, bytes)?,
            _ => {}
        }
    }
    for choice in 0..32u8 {
        let body = br#"{"operation":"x","dir":"/disk/edbmend/edbmend-fuzz-repair-0000","created_backup_dir":true}"#;
        put("operation_folder", &format!("{choice}"), &[&[choice][..], body].concat())?;
    }
    put("whole_database", "unchanged", &[0])?;
    put("whole_database", "resealed", &[1, 16, 0, 1])
}
