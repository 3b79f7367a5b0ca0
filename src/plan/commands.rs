//! Commands that only root can run, in containers that become non-root: each a blocker with its way out.
//!
//! Reads `command` and `args`, and the hook whose failure kills a container, as a shell would start them: the program itself, and every simple command of a script
//! given to a shell (`shell` splits it). A command whose failure the script forgives (`|| true`) blocks nothing.

use super::Blocker;
use super::case::Case;
use super::draft::{Draft, line_near};
use super::ports::becomes_non_root;
use super::seat::Seat;
use super::shell;
use super::users::User;
use crate::kube::pod::Class;
use crate::yaml::{FieldPath, NodeRef};

/// A family of programs that need root, and what to do instead.
struct NeedsRoot {
    programs: &'static [&'static str],
    /// With one of these as a later word; empty: always.
    with: &'static [&'static str],
    what: &'static str,
    instead: &'static str,
}

const NEEDS_ROOT: &[NeedsRoot] = &[
    NeedsRoot {
        programs: &["chown", "chgrp"],
        with: &[],
        what: "gives files to another owner",
        instead: "drop the command and let `securityContext.fsGroup` give the volume to the pod's group",
    },
    NeedsRoot {
        programs: &["apt-get", "apt", "apk", "yum", "dnf", "microdnf", "tdnf", "zypper"],
        with: &["install", "add", "update", "upgrade", "-i"],
        what: "installs packages",
        instead: "build an image that contains the packages",
    },
    NeedsRoot {
        programs: &["dpkg", "rpm"],
        with: &["-i", "--install", "-U", "-ivh"],
        what: "installs packages",
        instead: "build an image that contains the packages",
    },
    NeedsRoot {
        programs: &["npm"],
        with: &["-g", "--global"],
        what: "installs packages into the image",
        instead: "build an image that contains the packages",
    },
    NeedsRoot {
        programs: &["useradd", "adduser", "groupadd", "addgroup", "usermod", "passwd"],
        with: &[],
        what: "changes the user database",
        instead: "build an image that has the user",
    },
    NeedsRoot {
        programs: &["sysctl"],
        with: &["-w", "--write", "-p"],
        what: "sets kernel parameters",
        instead: "set them on the node, or in `securityContext.sysctls` where they are safe",
    },
    NeedsRoot {
        programs: &[
            "mount",
            "umount",
            "losetup",
            "swapoff",
            "mkfs",
            "mkfs.ext4",
            "mkfs.xfs",
            "chroot",
            "nsenter",
            "unshare",
        ],
        with: &[],
        what: "changes mounts or namespaces",
        instead: "use a volume of Kubernetes, or keep the workload in a namespace labelled `privileged`",
    },
    NeedsRoot {
        programs: &["iptables", "ip6tables", "nft", "modprobe", "insmod", "tc", "ipvsadm"],
        with: &[],
        what: "changes the kernel's network or modules",
        instead: "use a NetworkPolicy or a CNI plugin, or keep the workload in a namespace labelled `privileged`",
    },
    NeedsRoot {
        programs: &["setcap", "update-ca-certificates", "ldconfig"],
        with: &[],
        what: "changes system files of the image",
        instead: "do it when the image is built",
    },
    NeedsRoot {
        programs: &["su", "sudo", "gosu", "su-exec", "setpriv", "runuser"],
        with: &[],
        what: "changes the user",
        instead: "start the program directly and say its uid in `securityContext.runAsUser`",
    },
];

/// Python packages go to folders of root's or to the user's home, which a uid that is only assumed does not have.
const PIP: NeedsRoot = NeedsRoot {
    programs: &["pip", "pip3"],
    with: &["install"],
    what: "installs packages",
    instead: "build an image that contains the packages, or install them with `--target` into a volume",
};
/// Options and variables that send packages elsewhere, and programs that make a place for them.
const PIP_ELSEWHERE: &[&str] = &["-t", "--target", "--prefix", "--root", "venv", "virtualenv"];
const PIP_VARIABLES: &[&str] = &["HOME", "PIP_TARGET", "PIP_PREFIX", "PYTHONUSERBASE", "VIRTUAL_ENV"];

/// Words that stand before a simple command in a script.
const PREFIXES: &[&str] = &[
    "then", "do", "else", "if", "elif", "while", "until", "{", "!", "exec", "time", "nohup", "command", "env",
];

pub(super) fn check(case: &Case, users: &[User], draft: &mut Draft) {
    for (seat, user) in case.seats.iter().zip(users) {
        if seat.container.class == Class::Ephemeral || !becomes_non_root(case, seat, user) {
            continue;
        }
        let pip = || pip_in(seat).filter(|_| user.is_assumed());
        let key = if seat.command_is_set() { "command" } else { "args" };
        if let Some(found) = found_in(&seat.words).or_else(pip) {
            block(seat, &[key], found, draft);
        }
        let hook = ["lifecycle", "postStart", "exec", "command"];
        let words = seat.container.node.at(&hook).into_iter().flat_map(NodeRef::items);
        let words: Vec<&str> = words.filter_map(NodeRef::text).collect();
        if let Some(found) = found_in(&words) {
            block(seat, &hook, found, draft);
        }
    }
}

/// A program and what is to be said about it.
type Found = (&'static str, &'static NeedsRoot);

fn block(seat: &Seat, keys: &[&str], (program, row): Found, draft: &mut Draft) {
    draft.block(Blocker {
        check: "boot",
        code: "command-needs-root",
        field: seat.container.path.join(&FieldPath::keys(keys)),
        container: Some(seat.name().to_string()),
        line: line_near(seat.container.node, keys),
        message: format!(
            "container {} runs `{program}`, which {} and needs root",
            seat.name(),
            row.what
        ),
        suggestion: row.instead.to_string(),
    });
}

/// A `pip install` into the image itself.
fn pip_in(seat: &Seat) -> Option<Found> {
    let env = seat.container.node.get("env").into_iter().flat_map(NodeRef::items);
    let mut names = env.filter_map(|variable| variable.get("name").and_then(NodeRef::text));
    let commands = simple_commands(&seat.words);
    let leads_elsewhere = |word: &String| {
        let name = word.split_once('=').map_or(word.as_str(), |(name, _)| name);
        PIP_ELSEWHERE.contains(&name) || PIP_VARIABLES.contains(&name)
    };
    if names.any(|name| PIP_VARIABLES.contains(&name)) || commands.iter().flatten().any(leads_elsewhere) {
        return None;
    }
    commands.iter().find_map(|command| {
        let mut words = command.iter().map(String::as_str).skip_while(is_prefix);
        let program = words.next().map(base_name)?;
        let by_module = program.starts_with("python") && words.next() == Some("-m");
        let program = if by_module { words.next()? } else { program };
        let name = PIP.programs.iter().find(|known| **known == program)?;
        words.any(|word| PIP.with.contains(&word)).then_some((*name, &PIP))
    })
}

/// In the words of a container.
fn found_in(words: &[&str]) -> Option<Found> {
    simple_commands(words).iter().find_map(|words| {
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        needs_root(&words)
    })
}

/// The words of a container as one command, and the simple commands of the scripts that it gives to a shell.
pub(super) fn simple_commands(words: &[&str]) -> Vec<shell::Command> {
    let is_flag = |word: &&str| word.starts_with('-') && word.ends_with('c');
    let before = std::iter::once(None).chain(words.iter().map(Some));
    let scripts = words
        .iter()
        .zip(before)
        .filter(|(word, before)| word.contains(char::is_whitespace) || before.is_some_and(is_flag));
    let whole = words.iter().map(|word| (*word).to_string()).collect();
    let commands = scripts.flat_map(|(script, _)| shell::commands(script));
    std::iter::once(whole).chain(commands).collect()
}

fn needs_root(words: &[&str]) -> Option<Found> {
    let mut words = words.iter().copied().skip_while(is_prefix);
    let program = words.next().map(base_name)?;
    let row_and_name = |row: &'static NeedsRoot| Some((*row.programs.iter().find(|p| **p == program)?, row));
    let (program, row) = NEEDS_ROOT.iter().find_map(row_and_name)?;
    let is_asked = |word: &str| row.with.contains(&word) || program == "sysctl" && word.contains('=');
    (row.with.is_empty() || words.any(is_asked)).then_some((program, row))
}

fn base_name(program: &str) -> &str {
    program.rsplit('/').next().unwrap_or(program)
}

fn is_prefix(word: &&str) -> bool {
    PREFIXES.contains(word) || is_assignment(word)
}

fn is_assignment(word: &str) -> bool {
    word.split_once('=')
        .is_some_and(|(name, _)| name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_read_as_a_shell_starts_them() {
        let table: [(&[&str], Option<&str>); 16] = [
            (&["chown", "-R", "999", "/data"], Some("chown")),
            (&["/bin/chown", "x"], Some("chown")),
            (&["sh", "-c", "set -e; chown x /y && run"], Some("chown")),
            (&["sh", "-c", "chown x /y || true; run"], None),
            (&["sh", "-c", "echo chown"], None),
            (
                &["sh", "-c", "if true; then apt-get install -y curl; fi"],
                Some("apt-get"),
            ),
            (&["sh", "-c", "FOO=1 apk add curl"], Some("apk")),
            (&["sh", "-c", "apt list"], None),
            (&["sysctl", "-w", "vm.max_map_count=262144"], Some("sysctl")),
            (&["sh", "-c", "sysctl vm.x=1"], Some("sysctl")),
            (&["sh", "-c", "sysctl -a"], None),
            (&["run", "--mount", "/x"], None),
            (&["sh", "-c", "# mount /x\nrun"], None),
            (&["sh", "-c", "x=$(mount | grep y)"], Some("mount")),
            (&["gosu", "postgres", "psql"], Some("gosu")),
            (&["sh", "-c", "exec su-exec app run"], Some("su-exec")),
        ];
        for (words, wanted) in table {
            assert_eq!(found_in(words).map(|(program, _)| program), wanted, "{words:?}");
        }
    }
}
