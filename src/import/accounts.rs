//! The users and groups that a stage of a Dockerfile makes: `useradd` of Debian and Red Hat, `adduser` of Debian and
//! BusyBox, and what changes their ids. Where the distribution decides on a group, none is known.

use super::users::{self, Names};

/// Users of one stage; more are left out.
const MAX_NAMES: usize = 300;

/// From here on `useradd --system` takes another number for the group than for the user.
const FIRST_ORDINARY: u32 = 1000;

/// Options that name the user's group, of all programs.
const GROUP_OPTIONS: [&str; 4] = ["-g", "--gid", "-G", "--ingroup"];

/// Options that are followed by a value.
const WITH_VALUE: [&str; 26] = [
    "-u",
    "--uid",
    "-g",
    "--gid",
    "-G",
    "--groups",
    "--ingroup",
    "-h",
    "-d",
    "--home",
    "--home-dir",
    "-s",
    "--shell",
    "-c",
    "--comment",
    "--gecos",
    "-k",
    "--skel",
    "-b",
    "--base-dir",
    "-e",
    "-f",
    "-K",
    "-p",
    "--expiredate",
    "--password",
];

/// What a command says, with its options told from the other words.
struct Words<'w> {
    options: Vec<(&'w str, &'w str)>,
    /// Options without a value, clusters as they are.
    flags: Vec<&'w str>,
    others: Vec<&'w str>,
}

/// Takes note of what one command of a `RUN` makes.
pub(super) fn take(names: &mut Names, program: &str, arguments: &[String]) {
    let words = Words::of(arguments);
    match program {
        "useradd" => user_made(names, &words, useradd_group),
        "adduser" => user_made(names, &words, adduser_group),
        "usermod" => user_changed(names, &words),
        "groupadd" | "addgroup" | "groupmod" => group_made(names, &words),
        _ => {}
    }
}

/// Room for a name that is not known yet.
fn has_room<T>(known: &std::collections::HashMap<String, T>, name: &str) -> bool {
    known.len() < MAX_NAMES || known.contains_key(name)
}

fn user_made(names: &mut Names, words: &Words, group: fn(&Names, &Words, u32) -> Option<u32>) {
    let Some(uid) = words.id(&["-u", "--uid"]) else { return };
    let gid = group(names, words, uid);
    if let Some(name) = words.others.first()
        && has_room(&names.users, name)
    {
        names.users.insert((*name).to_string(), (uid, gid));
        let own = gid.filter(|_| words.value(&GROUP_OPTIONS).is_none());
        if let Some(own) = own.filter(|_| has_room(&names.groups, name)) {
            names.groups.entry((*name).to_string()).or_insert(own);
        }
    }
}

/// A group of the user's own name is made with the same number, if that is free and usual for such users.
fn useradd_group(names: &Names, words: &Words, uid: u32) -> Option<u32> {
    if let Some(group) = words.value(&["-g", "--gid"]) {
        return named_group(names, group);
    }
    let is_system = words.has_flag('r', "--system");
    let is_taken = names.groups.values().any(|gid| *gid == uid);
    let without = words.has_flag('N', "--no-user-group");
    (!without && !is_taken && (!is_system || uid < FIRST_ORDINARY)).then_some(uid)
}

/// BusyBox puts system users into a group of their own number only where one is named; Debian where it is told to.
fn adduser_group(names: &Names, words: &Words, uid: u32) -> Option<u32> {
    if let Some(group) = words.value(&["-G", "--ingroup", "--gid"]) {
        return named_group(names, group);
    }
    // On Red Hat's systems this is `useradd`; BusyBox has a comment there.
    if let Some(group) = words.value(&["-g"]).and_then(|group| named_group(names, group)) {
        return Some(group);
    }
    let is_system = words.has_flag('S', "--system") || words.has_flag('r', "--system");
    (!is_system || words.flags.contains(&"--group")).then_some(uid)
}

/// The group stays, unless a group of the user's name was given another number.
fn user_changed(names: &mut Names, words: &Words) {
    let (Some(uid), Some(name)) = (words.id(&["-u", "--uid"]), words.others.first()) else {
        return;
    };
    let known = names.users.get(*name).and_then(|(_, gid)| *gid);
    let gid = match words.value(&["-g", "--gid"]) {
        Some(group) => named_group(names, group),
        None => names.groups.get(*name).copied().or(known),
    };
    if has_room(&names.users, name) {
        names.users.insert((*name).to_string(), (uid, gid));
    }
}

fn group_made(names: &mut Names, words: &Words) {
    if let (Some(gid), Some(name)) = (words.id(&["-g", "--gid"]), words.others.first())
        && has_room(&names.groups, name)
    {
        names.groups.insert((*name).to_string(), gid);
    }
}

fn named_group(names: &Names, group: &str) -> Option<u32> {
    users::id(group).or_else(|| names.groups.get(group).copied())
}

impl<'w> Words<'w> {
    /// In a cluster (`-rmu 1000`) the last letter has the value.
    fn of(arguments: &'w [String]) -> Words<'w> {
        let mut words = Words {
            options: Vec::new(),
            flags: Vec::new(),
            others: Vec::new(),
        };
        let mut arguments = arguments.iter().map(String::as_str);
        while let Some(word) = arguments.next() {
            if let Some((key, value)) = word.split_once('=').filter(|_| word.starts_with("--")) {
                words.options.push((key, value));
            } else if word.starts_with('-') {
                let is_last_letter = |option: &&&str| {
                    let letter = option.strip_prefix('-').unwrap_or(option);
                    !word.starts_with("--") && letter.len() == 1 && word.ends_with(letter)
                };
                words.flags.push(word);
                let key = WITH_VALUE.iter().find(|option| **option == word);
                if let Some(key) = key.or_else(|| WITH_VALUE.iter().find(is_last_letter)) {
                    words.options.extend(arguments.next().map(|value| (*key, value)));
                }
            } else {
                words.others.push(word);
            }
        }
        words
    }

    fn value(&self, keys: &[&str]) -> Option<&'w str> {
        let option = self.options.iter().find(|(key, _)| keys.contains(key));
        option.map(|(_, value)| *value)
    }

    fn id(&self, keys: &[&str]) -> Option<u32> {
        users::id(self.value(keys)?)
    }

    fn has_flag(&self, letter: char, long: &str) -> bool {
        let is_cluster = |word: &str| word.starts_with('-') && !word.starts_with("--");
        let has = |word: &&str| *word == long || (is_cluster(word) && word.contains(letter));
        self.flags.iter().any(has)
    }
}

#[cfg(test)]
mod tests {
    use super::super::dockerfile::words;
    use super::{Names, take};

    /// What each of the commands makes of user `app`, as Debian's and BusyBox's programs were seen to do it.
    #[test]
    fn commands_make_users_with_the_group_that_they_really_get() {
        let cases = [
            ("useradd -u 1600 app", Some((1600, Some(1600)))),
            ("useradd -r -u 500 app", Some((500, Some(500)))),
            ("useradd -r -u 1001 app", Some((1001, None))),
            ("useradd -rmu 1001 app", Some((1001, None))),
            ("useradd -N -u 1500 app", Some((1500, None))),
            ("useradd -u 1800 -g 0 app", Some((1800, Some(0)))),
            ("groupadd -g 1700 x; useradd -u 1700 app", Some((1700, None))),
            (
                "groupadd -g 2000 app; groupadd -g 44 video; useradd -G video -g app -u 7 app",
                Some((7, Some(2000))),
            ),
            ("useradd -G video -u 1000 app", Some((1000, Some(1000)))),
            ("useradd app", None),
            ("adduser -D -u 1000 app", Some((1000, Some(1000)))),
            ("adduser -D -g '' -u 1000 app", Some((1000, Some(1000)))),
            ("adduser -D -g 'The App' -u 1000 app", Some((1000, Some(1000)))),
            ("adduser -S -u 1001 app", Some((1001, None))),
            ("adduser -SDH -u 1001 app", Some((1001, None))),
            (
                "addgroup -S -g 999 app; adduser -S app -u 998 -G app",
                Some((998, Some(999))),
            ),
            ("adduser --system --uid 1900 app", Some((1900, None))),
            ("adduser --system --group --uid 1901 app", Some((1901, Some(1901)))),
            (
                "adduser --uid 1902 --disabled-password --gecos '' app",
                Some((1902, Some(1902))),
            ),
            (
                "addgroup --gid 2000 g; adduser --uid 5 --ingroup g app",
                Some((5, Some(2000))),
            ),
            ("adduser -r -u 1001 -g 0 app", Some((1001, Some(0)))),
            ("useradd -u 1000 app; usermod -u 1234 app", Some((1234, Some(1000)))),
            ("usermod -u 1234 app", Some((1234, None))),
            ("groupmod -g 1234 app; usermod -u 1235 app", Some((1235, Some(1234)))),
            ("usermod -u 1234 -g 50 app", Some((1234, Some(50)))),
            ("useradd -u 1000 app; usermod -aG docker app", Some((1000, Some(1000)))),
        ];
        for (script, expected) in cases {
            let mut names = Names::default();
            for command in script.split("; ") {
                let all = words(command);
                if let [program, arguments @ ..] = all.as_slice() {
                    take(&mut names, program, arguments);
                }
            }
            assert_eq!(names.users.get("app").copied(), expected, "{script}");
        }
    }
}
