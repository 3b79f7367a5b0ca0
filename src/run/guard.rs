//! A panic in one piece of work is that work's error, and not the end of the run.

use std::any::Any;
use std::cell::RefCell;
use std::panic::{self, AssertUnwindSafe};
use std::sync::Once;

thread_local! {
    /// Inside `guarded`: the place of the last panic of this thread.
    static CAUGHT: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// Makes panics inside `guarded` leave a note instead of a backtrace on standard error. Others stay loud.
pub(super) fn quiet_panics() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let loud = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            let noted = CAUGHT.with(|caught| {
                let mut caught = caught.borrow_mut();
                let guarded = caught.is_some();
                if guarded {
                    *caught = info
                        .location()
                        .map(|place| format!(" at {}:{}", place.file(), place.line()));
                }
                guarded
            });
            if !noted {
                loud(info);
            }
        }));
    });
}

/// Runs `work`; the message of a panic is the error.
pub(super) fn guarded<T>(work: impl FnOnce() -> T) -> Result<T, String> {
    CAUGHT.with(|caught| *caught.borrow_mut() = Some(String::new()));
    let result = panic::catch_unwind(AssertUnwindSafe(work));
    let place = CAUGHT.with(|caught| caught.borrow_mut().take()).unwrap_or_default();
    result.map_err(|payload| {
        let said = panic_text(payload.as_ref());
        format!("left alone: internal error{place}: {said}; this is a bug in harden, please report it with the file")
    })
}

fn panic_text(payload: &(dyn Any + Send)) -> &str {
    let owned = payload.downcast_ref::<String>().map(String::as_str);
    owned
        .or_else(|| payload.downcast_ref::<&str>().copied())
        .unwrap_or("no message")
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_becomes_the_error_with_its_message_and_place() {
        quiet_panics();
        let error = guarded(|| -> () { panic!("index {} out of range", 7) }).unwrap_err();
        assert!(error.contains("index 7 out of range"), "{error}");
        assert!(error.contains("guard.rs:"), "{error}");
        assert_eq!(guarded(|| 5), Ok(5));
    }
}
