//! When the output is in colour: as was asked for, else as the terminal and the environment say.

use std::sync::OnceLock;

use console::Term;

use super::flags::ColourWhen;

/// What was asked for by `--color`, for the rest of the run.
static COLOUR: OnceLock<ColourWhen> = OnceLock::new();

/// From now on streams take colour as was asked for.
pub fn choose_colour(when: ColourWhen) {
    let _ = COLOUR.set(when);
}

/// Whether a stream takes colour: as was asked for; else a terminal that has colours, and nobody set `NO_COLOR`.
/// Consoles before Windows 10 would print the codes; newer ones want to be told, which happens here.
pub fn takes_colour(term: &Term) -> bool {
    let no_color = || std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    let understood = || cfg!(not(windows)) || term.features().colors_supported();
    match COLOUR.get().copied().unwrap_or_default() {
        ColourWhen::Always => {
            understood();
            true
        }
        ColourWhen::Never => false,
        ColourWhen::Auto => term.is_term() && !is_dumb() && !no_color() && understood(),
    }
}

/// Whether the terminal can only print lines: it says so, as that inside of an editor does.
pub fn is_dumb() -> bool {
    std::env::var_os("TERM").is_some_and(|term| term == "dumb")
}
