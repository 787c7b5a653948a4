//! Words with the engine's numbers behind them, never in their place.

/// `backups fail (-569, event 459)`
pub(super) fn with_numbers(words: &str, error: Option<i32>, event: Option<u32>) -> String {
    let error = error.map(|error| error.to_string());
    let event = event.map(|event| format!("event {event}"));
    let both: Vec<String> = error.into_iter().chain(event).collect();
    if both.is_empty() { words.to_owned() } else { format!("{words} ({})", both.join(", ")) }
}
