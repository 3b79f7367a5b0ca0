//! `USER` of an image to numbers, as a container runtime does it: names by /etc/passwd and /etc/group of the image.

use std::collections::{HashMap, HashSet};

use crate::profiles::{ImageUser, Profile};

/// Of a line; what is behind the group has no number.
const MAX_FIELDS: usize = 4;

/// Names with their ids; those of groups apart, since both may use a name.
#[derive(Debug, Default, Clone, PartialEq)]
pub(super) struct Names {
    /// Name to uid and gid.
    pub(super) users: HashMap<String, (u32, Option<u32>)>,
    pub(super) groups: HashMap<String, u32>,
    /// The group on the first line of a uid; several names may share one.
    first_groups: HashMap<u32, Option<u32>>,
    passwd: Reach,
    group: Reach,
}

/// How much of a file's names is known.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum Reach {
    /// Some: a missing name or uid says nothing.
    #[default]
    Part,
    /// All that the image has.
    All,
    /// None, and the image's layers do not say more.
    Nothing,
}

/// A file of names in the layers of an image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Text {
    /// Empty where there is no file.
    Read(String),
    /// Something else stands there, such as a device or a link that leads out of the layers.
    Hidden,
}

impl Default for Text {
    fn default() -> Text {
        Text::Read(String::new())
    }
}

impl Text {
    fn reach(&self) -> Reach {
        match self {
            Text::Read(_) => Reach::All,
            Text::Hidden => Reach::Nothing,
        }
    }

    /// The fields of each line.
    fn lines(&self) -> impl Iterator<Item = Vec<&str>> {
        let text = match self {
            Text::Read(text) => text.as_str(),
            Text::Hidden => "",
        };
        text.lines()
            .map(|line| line.trim().split(':').take(MAX_FIELDS).collect())
    }
}

impl Names {
    /// From /etc/passwd and /etc/group. The first line of a name or uid counts.
    pub(super) fn of_files(passwd: &Text, group: &Text) -> Names {
        let mut names = Names {
            passwd: passwd.reach(),
            group: group.reach(),
            ..Names::default()
        };
        for line in passwd.lines() {
            if let [name, _, uid, gid, ..] = line[..]
                && let Some(uid) = id(uid)
            {
                let gid = id(gid);
                names.users.entry(name.to_string()).or_insert((uid, gid));
                names.first_groups.entry(uid).or_insert(gid);
            }
        }
        for line in group.lines() {
            if let [name, _, gid, ..] = line[..]
                && let Some(gid) = id(gid)
            {
                names.groups.entry(name.to_string()).or_insert(gid);
            }
        }
        names
    }

    /// `None` too where names that share the uid have different ones, and no line comes first.
    fn primary_group(&self, uid: u32) -> Option<u32> {
        if let Some(gid) = self.first_groups.get(&uid) {
            return *gid;
        }
        let gids: HashSet<Option<u32>> = self
            .users
            .values()
            .filter(|(id, _)| *id == uid)
            .map(|(_, gid)| *gid)
            .collect();
        match (gids.len(), gids.into_iter().next()) {
            (1, Some(gid)) => gid,
            // A runtime gives a uid without an entry the group 0.
            (0, _) => (self.passwd == Reach::All).then_some(0),
            _ => None,
        }
    }
}

/// A number that the API server takes for a user or a group.
pub(super) fn id(text: &str) -> Option<u32> {
    text.parse().ok().filter(|id| i32::try_from(*id).is_ok())
}

/// States user, group and kind of user in the profile; the sentence says what is left open.
pub(super) fn state(profile: &mut Profile, user: &str, names: &Names) -> Option<String> {
    let (user, group) = match user.trim().split_once(':') {
        Some((user, group)) => (user, Some(group).filter(|group| !group.is_empty())),
        None => (user.trim(), None),
    };
    let numeric = id(user);
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
    profile.group = match group {
        Some(group) => id(group).or_else(|| names.groups.get(group).copied()),
        None => own_group,
    };
    match (uid, profile.group) {
        (None, _) => Some(open_user(user, names)),
        (_, None) => Some(open_group(group, names)),
        _ => None,
    }
}

/// Why the user has no number.
fn open_user(user: &str, names: &Names) -> String {
    if user.parse::<i128>().is_ok() {
        return format!("{user} is no uid that Kubernetes takes; state `user`");
    }
    match names.passwd {
        Reach::Part => format!("the uid of {user} is in the image's /etc/passwd; import its layout, or state `user`"),
        Reach::All => {
            format!("the image has no user named {user} with a uid that Kubernetes takes; it cannot start as it is")
        }
        Reach::Nothing => {
            format!(
                "the image's /etc/passwd is no file that its layers hold, and says nothing of {user} here; state `user`"
            )
        }
    }
}

/// Why the group has none: the one that is named, or the user's own.
fn open_group(group: Option<&str>, names: &Names) -> String {
    if let Some(group) = group.filter(|group| group.parse::<i128>().is_ok()) {
        return format!("{group} is no gid that Kubernetes takes; state `group`");
    }
    let (file, reach) = match group {
        Some(_) => ("/etc/group", names.group),
        None => ("/etc/passwd", names.passwd),
    };
    match (reach, group) {
        (Reach::Part, _) => format!("its group is in the image's {file}; import its layout, or state `group`"),
        (Reach::Nothing, _) => {
            format!(
                "the image's {file} is no file that its layers hold, and says nothing of its group here; state `group`"
            )
        }
        (Reach::All, Some(group)) => {
            format!("the image has no group named {group} with a gid that Kubernetes takes; it cannot start as it is")
        }
        (Reach::All, None) => {
            "the image's /etc/passwd gives it no group that Kubernetes takes; state `group`".to_string()
        }
    }
}
