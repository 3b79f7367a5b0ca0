//! Which images run on Windows alone, by what their names say. Profiles know those of Linux.

use crate::kube::image::ImageRef;

/// Words in the tags of official images, such as `7.0-windowsservercore-ltsc2022`.
const TAGS: &[&str] = &["windowsservercore", "nanoserver"];
/// What Microsoft publishes for Windows, below which other images stand.
const REPOSITORIES: &[&str] = &["mcr.microsoft.com/windows", "mcr.microsoft.com/dotnet/framework"];

pub fn is_of_windows(image: &ImageRef) -> bool {
    let tag = image.tag.as_deref().unwrap_or_default().to_ascii_lowercase();
    let name = image.name();
    let is_below = |of: &str| {
        name.strip_prefix(of)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    let says = |part: &str| part == "windows" || TAGS.iter().any(|word| part.contains(word));
    tag.split(['-', '_', '.']).any(says) || REPOSITORIES.iter().any(|of| is_below(of))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::is_of_windows;
    use crate::kube::image::ImageRef;

    #[test]
    fn names_say_which_images_run_on_windows() {
        for (text, wanted) in [
            ("mongo:7-windowsservercore", true),
            ("mongo:7.0.14-windowsservercore-ltsc2022", true),
            ("golang:1.22-nanoserver-1809", true),
            ("mcr.microsoft.com/windows:ltsc2019", true),
            ("mcr.microsoft.com/windows/servercore/iis", true),
            ("mcr.microsoft.com/dotnet/framework/aspnet:4.8", true),
            ("registry.k8s.io/e2e-test-images/agnhost:2.40-windows-amd64-1809", true),
            ("mcr.microsoft.com/dotnet/aspnet:8.0", false),
            ("mcr.microsoft.com/windowsish/x", false),
            ("acme/windows:1", false),
            ("mongo:7", false),
            ("mongo", false),
        ] {
            assert_eq!(is_of_windows(&ImageRef::parse(text).unwrap()), wanted, "{text}");
        }
    }
}
