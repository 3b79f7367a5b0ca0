//! What a tag leaves open: which variant of a profile an image is, where they differ in what decides.

use super::facts::{Facts, Layer, Source};
use super::schema::Profile;
use crate::kube::image::ImageRef;

/// What of an image's tag is known.
#[derive(Debug, Clone, Copy)]
pub(super) struct Tag<'t> {
    /// `None` where only a digest is written, or what nobody can read.
    pub(super) text: Option<&'t str>,
    /// How it leaves open which variant the image is, as the begin of a sentence.
    open: Option<&'static str>,
    /// Whether a placeholder stands there.
    pub(super) is_placeholder: bool,
}

impl<'t> Tag<'t> {
    pub(super) fn of(image: &'t ImageRef) -> Tag<'t> {
        let text = image.effective_tag();
        let open = match text {
            None => Some("a digest alone does not say"),
            Some("latest") if image.tag.is_none() => Some("no tag is written, so the newest release decides"),
            Some("latest") => Some("`latest` moves with releases"),
            Some(_) => None,
        };
        Tag {
            text,
            open,
            is_placeholder: false,
        }
    }

    pub(super) fn placeholder() -> Tag<'static> {
        Tag {
            text: None,
            open: Some("a placeholder for the tag does not say"),
            is_placeholder: true,
        }
    }
}

/// What of two variants is compared, by name, as text.
type Statement = (&'static str, fn(&Profile) -> Option<u32>);

const IDS: &[Statement] = &[
    ("uid", |profile| profile.user),
    ("gid", |profile| profile.group),
    ("fsGroup", |profile| profile.fs_group),
];

/// Says so where no tag, `latest`, a bare digest or a placeholder leaves a variant open that would run as another uid; a
/// digest may be of any release, so that groups and the directory of data count there too.
pub(super) fn sentence(base: &Profile, taken: Option<&Profile>, tag: Tag<'_>) -> Option<String> {
    let open = tag.open?;
    let is_digest = tag.text.is_none();
    let uid = taken.and_then(|v| v.user).or(base.user)?;
    // Where any uid does and no files are kept, it does not matter which one another variant has.
    if base.any_user == Some(true) && base.fs_group.is_none() {
        return None;
    }
    let compared = if is_digest { IDS } else { IDS.get(..1)? };
    let difference = compared
        .iter()
        .find_map(|statement| difference_of_ids(base, taken, statement));
    let difference = difference.or_else(|| difference_of_data(base, taken).filter(|_| is_digest))?;
    Some(format!(
        "{open} which variant of {} this is: taken as one with uid {uid}{difference}; pin a tag",
        base.shown()
    ))
}

/// `, while the variant `alpine` has uid 70`.
fn difference_of_ids(base: &Profile, taken: Option<&Profile>, (name, of): &Statement) -> Option<String> {
    let own = taken.and_then(of).or(of(base))?;
    let (variant, other) = base
        .variants
        .iter()
        .find_map(|variant| Some((variant, of(variant).filter(|id| *id != own)?)))?;
    let own = match *name {
        "uid" => String::new(),
        _ => format!(" and {name} {own}"),
    };
    let variant = variant.shown_as_variant();
    Some(format!("{own}, while the variant `{variant}` has {name} {other}"))
}

fn difference_of_data(base: &Profile, taken: Option<&Profile>) -> Option<String> {
    let own = taken.and_then(|v| v.data.as_ref()).or(base.data.as_ref());
    let is_other = |data: &&super::Data| own.is_none_or(|own| own.path != data.path);
    let (variant, data) = base
        .variants
        .iter()
        .find_map(|variant| Some((variant, variant.data.as_ref().filter(is_other)?)))?;
    let variant = variant.shown_as_variant();
    Some(format!(
        ", while the variant `{variant}` keeps its data in {}",
        data.path
    ))
}

/// Whether variants say different things of a read-only root.
pub(super) fn is_root_open(base: &Profile) -> bool {
    let differs = |root| Some(root) != base.read_only_root;
    base.variants.iter().filter_map(|v| v.read_only_root).any(differs)
}

/// A digest may be of a variant that cannot use a volume's root for its data: what is done about it harms no other.
pub(super) fn lay_data(facts: &mut Facts, base: &Profile) {
    let variant = base.variants.iter().find(|variant| variant.data.is_some());
    if let Some(variant) = variant.filter(|_| facts.data.is_none()) {
        facts.lay_data(Layer {
            profile: variant,
            parent: base.evidence.as_ref(),
            source: Source::Builtin,
            variant: true,
            doubt: true,
        });
    }
}
