//! `USER` of an image to numbers, as a container runtime does it: names by /etc/passwd and /etc/group of the image.

use std::collections::HashMap;

use crate::profiles::{ImageUser, Profile};

/// Names with their ids; those of groups apart, since both may use a name.
#[derive(Debug, Default, Clone, PartialEq)]
pub(super) struct Names {
    /// Name to uid and gid.
    pub(super) users: HashMap<String, (u32, Option<u32>)>,
    pub(super) groups: HashMap<String, u32>,
    /// Whether this is all that the image knows; else a missing name or uid says nothing.
    pub(super) complete: bool,
}

impl Names {
    /// From the text of both files.
    pub(super) fn of_files(passwd: &str, group: &str) -> Names {
        let mut names = Names {
            complete: true,
            ..Names::default()
        };
        for line in passwd.lines() {
            let mut fields = line.split(':');
            let name = fields.next().unwrap_or("");
            let ids: Vec<Option<u32>> = fields.skip(1).take(2).map(|id| id.parse().ok()).collect();
            if let [Some(uid), gid] = ids[..] {
                names.users.entry(name.to_string()).or_insert((uid, gid));
            }
        }
        for line in group.lines() {
            let mut fields = line.split(':');
            let name = fields.next().unwrap_or("");
            if let Some(gid) = fields.nth(1).and_then(|id| id.parse().ok()) {
                names.groups.entry(name.to_string()).or_insert(gid);
            }
        }
        names
    }

    fn primary_group(&self, uid: u32) -> Option<u32> {
        let known = self.users.values().find(|(id, _)| *id == uid);
        // A runtime gives a uid without an entry the group 0.
        known.map_or(self.complete.then_some(0), |(_, gid)| *gid)
    }
}

/// States user, group and kind of user in the profile; the sentence says what is left open.
pub(super) fn state(profile: &mut Profile, user: &str, names: &Names) -> Option<String> {
    let (user, group) = match user.trim().split_once(':') {
        Some((user, group)) => (user, Some(group)),
        None => (user.trim(), None),
    };
    let numeric = user.parse::<u32>().ok();
    let (uid, own_group) = match numeric {
        _ if user.is_empty() => (Some(0), Some(0)),
        Some(uid) => (Some(uid), names.primary_group(uid)),
        None if user == "root" => (Some(0), Some(0)),
        None => names
            .users
            .get(user)
            .map_or((None, None), |(uid, gid)| (Some(*uid), *gid)),
    };
    profile.image_user = Some(match (uid, numeric) {
        (Some(0), _) => ImageUser::Root,
        (_, Some(_)) => ImageUser::Numeric,
        (_, None) => ImageUser::Named,
    });
    profile.user = uid.filter(|uid| *uid != 0);
    profile.group = None;
    if uid == Some(0) {
        return Some("it runs as root; state `user` if you know one under which it works".to_string());
    }
    profile.group = match group.filter(|group| !group.is_empty()) {
        Some(group) => group.parse().ok().or_else(|| names.groups.get(group).copied()),
        None => own_group,
    };
    match (uid, profile.group) {
        (None, _) if names.complete => Some(format!("the image has no user named {user}; it cannot start as it is")),
        (None, _) => Some(format!(
            "the uid of {user} is in the image's /etc/passwd; import its layout, or state `user`"
        )),
        (_, None) => Some("its group is in the image's /etc/passwd; import its layout, or state `group`".to_string()),
        _ => None,
    }
}
