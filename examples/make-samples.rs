//! Writes the practice storage group into `samples/practice`. The same recipe gives the same bytes.

use std::path::Path;

use edbmend::practice::{Recipe, storage_group};

fn main() -> std::io::Result<()> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("samples/practice");
    std::fs::create_dir_all(&folder)?;
    for file in storage_group(&Recipe::of_samples()) {
        std::fs::write(folder.join(&file.name), &file.bytes)?;
        println!("{:>7}  {}", file.bytes.len(), file.name);
    }
    Ok(())
}
