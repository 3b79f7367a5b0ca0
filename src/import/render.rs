//! What was found, as the text of a profile file.

use std::fmt::Write;

use super::found::Found;
use crate::kube::image::ImageRef;

/// The profile speaks of every tag; the comment says of which one it is true.
pub(super) fn render(found: Found, image: &ImageRef, source: &str) -> String {
    let mut profile = found.profile;
    profile.name = Some(name(image));
    profile.repositories = vec![image.name()];
    profile.evidence = found.evidence;
    let mut text = String::new();
    let _ = writeln!(
        text,
        "# {} as {} shows it. Other tags may differ.",
        image,
        one_line(source)
    );
    for remark in &found.remarks {
        let _ = writeln!(text, "# To do: {}.", one_line(remark));
    }
    text + &profile.to_yaml()
}

/// The last part of the repository, as file names of profiles are.
fn name(image: &ImageRef) -> String {
    let last = image.repository.rsplit('/').next().unwrap_or_default();
    last.replace(['_', '.'], "-")
}

/// Whatever a stranger's text contains, it stays in its comment.
pub(super) fn one_line(text: &str) -> String {
    let shown = text.chars().map(|c| if c.is_control() { ' ' } else { c });
    shown
        .filter(|c| !matches!(c, '\u{2028}' | '\u{2029}' | '\u{85}' | '\u{feff}'))
        .take(400)
        .collect()
}
