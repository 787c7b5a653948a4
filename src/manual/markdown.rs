//! Markdown of the documentation, as text.

/// Markdown as it is read in a terminal: paragraphs filled to its `width` in columns, links without targets.
pub fn plain(markdown: &str, width: usize) -> String {
    let paragraphs = markdown.split("\n\n").map(|paragraph| {
        let items = paragraph.split("\n- ").enumerate().map(|(index, item)| {
            let item = if index > 0 { format!("- {item}") } else { item.to_owned() };
            let text = without_links(&item.split_whitespace().collect::<Vec<_>>().join(" "));
            wrapped(&text, if text.starts_with("- ") { "  " } else { "" }, width)
        });
        items.collect::<String>()
    });
    paragraphs.collect::<Vec<_>>().join("\n")
}

/// The second and later lines of an item of a list stand below its first word.
fn wrapped(text: &str, indent: &str, width: usize) -> String {
    let first = if text.starts_with("- ") { "" } else { indent };
    let options = textwrap::Options::new(width)
        .initial_indent(first)
        .subsequent_indent(indent)
        .break_words(false)
        .word_splitter(textwrap::WordSplitter::NoHyphenation);
    textwrap::fill(text, options) + "\n"
}

/// The text of a cell or a sentence, without marks of Markdown.
pub fn without_marks(markdown: &str) -> String {
    without_links(markdown).replace(['`', '*'], "")
}

/// `[text](target)` as `text`.
fn without_links(text: &str) -> String {
    let mut pieces = text.split("](");
    let mut out = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let at = out.rfind('[').unwrap_or(out.len());
        let name = out.split_off(at);
        out += name.trim_start_matches('[');
        out += piece.split_once(')').map_or(piece, |(_, rest)| rest);
    }
    out
}
