//! Makes a profile of what an image says about itself: its configuration, its layers, its Dockerfile, what a container
//! wrote. All of it is a stranger's: sizes are bounded and no path of it is followed on the disk.
//! `sniff` tells the sources apart, each has a file of its own (`unpack` takes the compression off, `member` is an entry of
//! a layer) and comes to a `found`, `render` writes the profile.

mod accounts;
mod diff;
mod dockerfile;
mod found;
mod image_config;
mod layers;
mod layout;
mod member;
mod program;
mod recipe;
mod render;
mod sniff;
mod stages;
mod unpack;
mod users;

use std::io::Read;
use std::path::Path;

use crate::files;
use crate::kube::image::ImageRef;
use crate::profiles::Library;

pub use found::ImportError;
pub use recipe::{Recipe, Told};
pub use stages::Arguments;

use found::Found;
use sniff::Kind;

/// Larger configurations, Dockerfiles and lists are refused.
const MAX_TEXT_BYTES: u64 = 16 * 1024 * 1024;

/// The text of a profile of `image` from `from`: an image configuration (`skopeo inspect --config`), the output of
/// `docker image inspect` or `docker diff`, an OCI layout, a saved image, or a Dockerfile; `-` is `input`. `library` says
/// what is known of a Dockerfile's base and is asked for nothing else, since it may take a walk through a repository.
///
/// # Errors
/// The image is no reference, the source is unreadable or none of these, or there is no library.
pub fn import(
    image: &str,
    from: &Path,
    input: &mut dyn Read,
    library: impl FnOnce() -> Result<Library, String>,
) -> Result<String, ImportError> {
    let reference = ImageRef::parse(image).ok_or_else(|| {
        ImportError::new(format!(
            "--image {image}: is no image reference; write it as in `image:`, such as acme/web:1.2"
        ))
    })?;
    let shown = from.display().to_string();
    if from != Path::new("-") && !files::exists(from) {
        return Err(ImportError::new(format!(
            "{shown}: there is no such file; check the path"
        )));
    }
    let found = if from == Path::new("-") {
        let mut bytes = Vec::new();
        let mut bounded = input.take(MAX_TEXT_BYTES + 1);
        bounded
            .read_to_end(&mut bytes)
            .map_err(|error| ImportError::new(format!("standard input: {error}")))?;
        if bytes.len() as u64 > MAX_TEXT_BYTES {
            return Err(ImportError::new("standard input: is larger than 16 MiB"));
        }
        of_text(&bytes, "standard input", library)?
    } else if files::is_directory(from) {
        layout::of_folder(from, &reference)?
    } else if sniff::is_archive(from).map_err(|reason| ImportError::of(&shown, &reason))? {
        layout::of_archive(from, &reference)?
    } else {
        let bytes = files::read_at_most(from, MAX_TEXT_BYTES).map_err(|reason| ImportError::of(&shown, &reason))?;
        of_text(&bytes, &shown, library)?
    };
    Ok(render::render(found, &reference, &shown))
}

/// `source` names the text in evidence and messages.
fn of_text(
    bytes: &[u8],
    source: &str,
    library: impl FnOnce() -> Result<Library, String>,
) -> Result<Found, ImportError> {
    let text = std::str::from_utf8(bytes).map_err(|_| ImportError::new(format!("{source}: is not UTF-8 text")))?;
    let text = text.trim_start_matches('\u{feff}');
    match sniff::kind(text) {
        Some(Kind::Json) => {
            image_config::of_json(text, source).map_err(|what| ImportError::new(format!("{source}: {what}")))
        }
        Some(Kind::Diff) => Ok(diff::of_list(text, source)),
        Some(Kind::Dockerfile) => {
            let library = library().map_err(ImportError::new)?;
            let recipe = Recipe::read(text, None, &Arguments::new(), &library)
                .ok_or_else(|| ImportError::new(format!("{source}: the Dockerfile has no usable FROM")))?;
            Ok(recipe.found(source))
        }
        None => Err(ImportError::new(format!(
            "{source}: is no image configuration, inspection, list of changes (docker diff) or Dockerfile"
        ))),
    }
}
