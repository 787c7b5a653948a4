//! Makes the files of the benchmark, and does by plain means what it compares with. See
//! `benches/run`.

use std::fs::File;
use std::io::{BufWriter, Error, Read, Result, Write};
use std::path::Path;

use edbmend::ese::log_body::{RawSegmentHeader, SEGMENT_BYTES};
use edbmend::ese::page::{FLAG_NEW_CHECKSUM, seal_page};
use edbmend::ese::{LgPos, RawLogHeader, checksum};
use edbmend::practice::{DatabaseRecipe, Recipe, damage_full_backup, storage_group};
use edbmend::survey::{PageFacts, PageLayout};
use zerocopy::{FromZeros, IntoBytes};

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
        ["segmented-logs", folder, count] => {
            segmented_logs(Path::new(folder), number(count)? as i32)
        }
        ["sector-logs", folder, count] => sector_logs(Path::new(folder), number(count)? as u32),
        ["lost-header", folder, logs, bytes] => {
            lost_header(Path::new(folder), number(logs)? as u32, number(bytes)?)
        }
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
    file.write_all(&headers(page_size, has_ecc))?;
    random_pages(&mut file, page_size, has_ecc, bytes, |_, _| ())
}

/// `edit` gets each page with its number before its checksum is made.
fn random_pages(
    file: &mut File,
    page_size: u32,
    has_ecc: bool,
    bytes: u64,
    edit: impl Fn(u32, &mut [u8]),
) -> Result<()> {
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
            edit(page_number, page);
            seal_page(page, page_number);
            page_number += 1;
        }
        file.write_all(&block)?;
    }
    file.sync_all()
}

/// A storage group whose logs, 5 MiB each, prove what the header of its public store must be. The header has the
/// damage of KB946799, and behind it stand so many bytes of pages.
fn lost_header(folder: &Path, logs: u32, bytes: u64) -> Result<()> {
    let recipe = Recipe { current_generation: logs, log_file_sectors: 10_240, ..Recipe::default() };
    for made in storage_group(&recipe) {
        let mut file = File::create_new(folder.join(&made.name))?;
        if made.name != "pub1.edb" {
            file.write_all(&made.bytes)?;
            continue;
        }
        let mut headers = made.bytes[..2 * 4096].to_vec();
        damage_full_backup(&mut headers);
        file.write_all(&headers)?;
        random_pages(&mut file, 4096, false, bytes, |number, page| {
            page[8..16].copy_from_slice(&last_stamp(number, logs).to_le_bytes());
            let object: u32 = match number {
                1 => 1,  // the space of the database
                4 => 2,  // its catalogue
                3 => 29, // the last that was made
                _ => 6,
            };
            page[24..28].copy_from_slice(&object.to_le_bytes());
        })?;
    }
    Ok(())
}

/// The stamp of a page after the last change of the public store that the practice logs tell of: they change its
/// pages 2, 4 and 6, in each log to the same stamp.
fn last_stamp(number: u32, logs: u32) -> u64 {
    match number {
        2 | 4 | 6 => 2 * u64::from(logs) + 2,
        _ => 1,
    }
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

/// Full closed logs of format 8, 1 MiB each.
fn segmented_logs(folder: &Path, count: i32) -> Result<()> {
    const SEGMENTS: u16 = 256;
    let (mut sum_before, mut number) = (0, 0);
    for generation in 1..=count {
        let mut raw = RawLogHeader::new_zeroed();
        raw.generation = generation.into();
        (raw.sector_bytes, raw.header_sectors) = (4096.into(), 1.into());
        raw.file_sectors = SEGMENTS.into();
        (raw.version_major, raw.version_minor) = (8.into(), 4000.into());
        (raw.version_update_major, raw.version_update_minor) = (4.into(), 13.into());
        raw.previous_segment_checksum = sum_before.into();
        checksum::seal(raw.as_mut_bytes());
        let mut log = raw.as_bytes().to_vec();
        sum_before = 0;
        for segment in 1..SEGMENTS - 1 {
            let bytes = full_segment(LgPos { generation, sector: segment, offset: 0 }, &mut number);
            sum_before ^= u64::from_le_bytes(*bytes.first_chunk().unwrap_or(&[0; 8]));
            log.extend(bytes);
        }
        log.resize(usize::from(SEGMENTS) * SEGMENT_BYTES, 0);
        File::create_new(folder.join(format!("E00{generation:05X}.log")))?.write_all(&log)?;
    }
    Ok(())
}

/// A segment full of changes of pages.
fn full_segment(pos: LgPos, number: &mut u64) -> Vec<u8> {
    const CHANGE_BYTES: usize = 52;
    let mut header = RawSegmentHeader::new_zeroed();
    (header.pos, header.flags) = (pos.into(), FLAG_NEW_CHECKSUM.into());
    let mut bytes = header.as_bytes().to_vec();
    while bytes.len() + CHANGE_BYTES <= SEGMENT_BYTES {
        *number += 1;
        let mut record = [0; CHANGE_BYTES];
        (record[0], record[3], record[44]) = (29, 1, 2);
        record[4..8].copy_from_slice(&(*number as u32 % 5000 + 1).to_le_bytes());
        record[8..16].copy_from_slice(&number.to_le_bytes());
        bytes.extend(record);
    }
    bytes.resize(SEGMENT_BYTES, 0);
    seal_page(&mut bytes, pos.sector.into());
    bytes
}

/// Full closed logs of Exchange 2003, 5 MiB each.
fn sector_logs(folder: &Path, count: u32) -> Result<()> {
    let recipe =
        Recipe { current_generation: count, log_file_sectors: 10_240, ..Recipe::default() };
    let logs = storage_group(&recipe).into_iter().filter(|file| file.name.starts_with("E0"));
    for made in logs.filter(|file| file.name.ends_with(".log")) {
        File::create_new(folder.join(made.name))?.write_all(&made.bytes)?;
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
