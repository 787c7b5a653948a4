//! Makes the files of the benchmark, and does by plain means what it compares with. See
//! `benches/run`.

use std::fs::File;
use std::io::{BufWriter, Error, Read, Result, Write};
use std::path::Path;

use edbmend::ese::page::seal_page;
use edbmend::practice::{DatabaseRecipe, Recipe, damage_full_backup, storage_group};
use edbmend::survey::{PageFacts, PageLayout};

/// Bytes made at once.
const BLOCK_BYTES: usize = 1 << 20;

/// What `verify` reads at once.
const READ_BYTES: usize = 128 * 1024;

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["database", path, page_size, format, bytes] => {
            database(Path::new(path), number(page_size)? as u32, *format == "ecc", number(bytes)?)
        }
        ["sparse", path, bytes] => sparse(Path::new(path), number(bytes)?),
        ["logs", folder, count] => logs(Path::new(folder), number(count)? as u32),
        ["read-heads", folder] => read_heads(Path::new(folder)),
        ["read", path] => read_alone(Path::new(path)),
        ["check", path, page_size] => check_alone(Path::new(path), number(page_size)? as usize),
        _ => Err(Error::other("see benches/run")),
    }
}

fn number(text: &str) -> Result<u64> {
    text.parse().map_err(Error::other)
}

/// Both header pages, with the damage of KB946799.
fn headers(page_size: u32, has_ecc: bool) -> Vec<u8> {
    let revision = if has_ecc { (0x14, 0) } else { (9, 0) };
    let recipe = DatabaseRecipe::of_format(page_size, revision);
    let mut bytes = DatabaseRecipe { pages: 0, ..recipe }.build();
    damage_full_backup(&mut bytes);
    bytes
}

/// A database of random pages with right checksums.
fn database(path: &Path, page_size: u32, has_ecc: bool, bytes: u64) -> Result<()> {
    let mut file = File::create_new(path)?;
    let header = headers(page_size, has_ecc);
    file.write_all(&header)?;
    let (mut block, mut random, mut page_number) =
        (vec![0; BLOCK_BYTES], 88_172_645_463_325_252, 1);
    for _ in 0..bytes / BLOCK_BYTES as u64 {
        for word in block.as_chunks_mut::<8>().0 {
            random ^= random << 13;
            random ^= random >> 7;
            random ^= random << 17;
            *word = u64::to_le_bytes(random);
        }
        for page in block.chunks_exact_mut(page_size as usize) {
            // Bit 13 of the flags at offset 36 names the format.
            page[37] = page[37] & !0x20 | if has_ecc { 0x20 } else { 0 };
            seal_page(page, page_number);
            page_number += 1;
        }
        file.write_all(&block)?;
    }
    file.sync_all()
}

/// A database of which all but the header is a hole.
fn sparse(path: &Path, bytes: u64) -> Result<()> {
    let mut file = File::create_new(path)?;
    file.write_all(&headers(4096, false))?;
    file.set_len(bytes)
}

/// A storage group with so many closed logs.
fn logs(folder: &Path, count: u32) -> Result<()> {
    let recipe =
        Recipe { current_generation: count + 1, log_file_sectors: 16, ..Recipe::default() };
    for made in storage_group(&recipe) {
        BufWriter::new(File::create_new(folder.join(made.name))?).write_all(&made.bytes)?;
    }
    Ok(())
}

/// Reads the first 4 KiB of every log of a folder.
fn read_heads(folder: &Path) -> Result<()> {
    let (mut head, mut sum) = ([0; 4096], 0_u64);
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "log") {
            File::open(path)?.read_exact(&mut head)?;
            sum += u64::from(head[0]);
        }
    }
    println!("{sum}");
    Ok(())
}

/// Reads a file as `verify` does, and looks at nothing.
fn read_alone(path: &Path) -> Result<()> {
    let (mut file, mut block) = (File::open(path)?, vec![0; READ_BYTES]);
    while file.read(&mut block)? > 0 {}
    Ok(())
}

/// Judges as many bytes as a file has, but the same ones each time, from the processor's cache: the
/// second block, where no header is.
fn check_alone(path: &Path, page_size: usize) -> Result<()> {
    let (mut file, mut block) = (File::open(path)?, vec![0; READ_BYTES]);
    (0..2).try_for_each(|_| file.read_exact(&mut block))?;
    let layout = PageLayout::of(2 * READ_BYTES as u64, page_size);
    let mut facts = PageFacts::default();
    for _ in 0..file.metadata()?.len() / READ_BYTES as u64 {
        facts.judge(layout, std::hint::black_box(&block), READ_BYTES as u64);
    }
    match facts.ok == facts.total {
        true => Ok(()),
        false => Err(Error::other("a page that was made here is bad")),
    }
}
