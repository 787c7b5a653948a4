//! The committed samples are what their recipe makes, byte for byte, and nothing else lies there.

use std::path::Path;

use edbmend::practice::{Recipe, storage_group};

#[test]
fn the_committed_files_are_what_the_recipe_makes() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("samples/practice");
    let made = storage_group(&Recipe::of_samples());
    for file in &made {
        let committed = std::fs::read(folder.join(&file.name)).unwrap_or_else(|error| {
            panic!("{}: {error}; run: cargo run --example make-samples", file.name)
        });
        assert!(committed == file.bytes, "{} differs from its recipe", file.name);
    }
    let mut expected: Vec<_> = made.into_iter().map(|file| file.name).collect();
    let mut found: Vec<_> = std::fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    expected.sort();
    found.sort();
    assert_eq!(found, expected);
}
