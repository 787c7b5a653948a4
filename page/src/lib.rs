//! The program inside `edbmend.html`. It is asked one thing at a time, reads slices of the files that the page was
//! given, answers, and keeps nothing.

mod answer;
mod browser;
mod question;
mod watched;

use question::Question;

/// Answers what the page asks. A panic is told to the page, and ends this instance of the program.
#[unsafe(no_mangle)]
pub extern "C" fn edbmend_answer() {
    std::panic::set_hook(Box::new(|panic| browser::tell_panic(&panic.to_string())));
    let answer = match serde_json::from_slice::<Question>(&browser::question()) {
        Ok(question) => answer::answer(question),
        Err(error) => answer::not_understood(&error),
    };
    browser::tell_answer(&answer.to_string());
}
