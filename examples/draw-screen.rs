//! Draws what a program printed, with its colours, as an SVG of a terminal:
//!
//!     edbmend --color always check practice | cargo run --example draw-screen TITLE > screen.svg
//!
//! `scripts/draw-screen` makes the picture of the README with it.

use std::io::Read;

use anstyle_svg::{Palette, Term, VGA};

/// Columns of the terminal.
const COLUMNS: usize = 80;

/// Wide enough for a column of the fonts that are named first.
const COLUMN_PX: usize = 9;

/// Numbers of the colours that the program prints in, and how they are readable on black: each has a contrast of
/// more than 7 to 1.
const COLOURS: [(usize, [u8; 3]); 4] = [
    (1, [0xff, 0x8a, 0x80]), // red
    (2, [0x7e, 0xe7, 0x87]), // green
    (3, [0xe3, 0xb3, 0x41]), // yellow
    (7, [0xe6, 0xed, 0xf3]), // white
];

fn main() -> std::io::Result<()> {
    let title = std::env::args().nth(1).unwrap_or_default();
    let mut printed = String::new();
    std::io::stdin().read_to_string(&mut printed)?;
    let term = Term::new().palette(palette()).min_width_px(COLUMNS * COLUMN_PX);
    let drawn = term.render_svg(&printed);
    // Whoever cannot see the picture is told what it is.
    let begin = "xmlns=\"http://www.w3.org/2000/svg\">";
    let named = format!("role=\"img\" {begin}<title>{title}</title>");
    print!("{}", drawn.replacen(begin, &named, 1));
    Ok(())
}

fn palette() -> Palette {
    let mut palette = VGA;
    for (number, [red, green, blue]) in COLOURS {
        let colour = &mut palette.0[number];
        (colour.0, colour.1, colour.2) = (red, green, blue);
    }
    palette
}
