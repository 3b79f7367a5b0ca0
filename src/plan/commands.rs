//! Commands that only root can run, in containers that become non-root: each a blocker with its way out.
//!
//! Reads `command` and `args` as a shell would start them: the program itself, and every simple command of a script
//! given to a shell (`shell` splits it). A command whose failure the script forgives (`|| true`) blocks nothing.

use super::Blocker;
use super::case::Case;
use super::draft::Draft;
use super::ports::becomes_non_root;
use super::seat::Seat;
use super::shell;
use super::users::User;
use crate::kube::pod::Class;

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

/// Words that stand before a simple command in a script.
const PREFIXES: &[&str] = &[
    "then", "do", "else", "if", "elif", "while", "until", "{", "!", "exec", "time", "nohup", "command", "env",
];

pub(super) fn check(case: &Case, users: &[User], draft: &mut Draft) {
    for (seat, user) in case.seats.iter().zip(users) {
        if seat.container.class == Class::Ephemeral || !becomes_non_root(case, seat, user) {
            continue;
        }
        if let Some((program, row)) = found_in(&seat.words) {
            draft.block(Blocker {
                check: "boot",
                code: "command-needs-root",
                field: seat
                    .container
                    .path
                    .key(if seat.command_is_set() { "command" } else { "args" }),
                container: Some(seat.name().to_string()),
                line: line_of_words(seat),
                message: format!(
                    "container {} runs `{program}`, which {} and needs root",
                    seat.name(),
                    row.what
                ),
                suggestion: row.instead.to_string(),
            });
        }
    }
}

fn line_of_words(seat: &Seat) -> usize {
    let node = seat.container.node;
    node.get("command").or_else(|| node.get("args")).unwrap_or(node).line()
}

/// In the words of a container: as one command, and as scripts given to a shell.
fn found_in(words: &[&str]) -> Option<(&'static str, &'static NeedsRoot)> {
    if let Some(found) = needs_root(words) {
        return Some(found);
    }
    let is_flag = |word: &&str| word.starts_with('-') && word.ends_with('c');
    let before = std::iter::once(None).chain(words.iter().map(Some));
    let scripts = words
        .iter()
        .zip(before)
        .filter(|(word, before)| word.contains(char::is_whitespace) || before.is_some_and(is_flag));
    scripts
        .flat_map(|(script, _)| shell::commands(script))
        .find_map(|words| {
            let words: Vec<&str> = words.iter().map(String::as_str).collect();
            needs_root(&words)
        })
}

fn needs_root(words: &[&str]) -> Option<(&'static str, &'static NeedsRoot)> {
    let mut words = words
        .iter()
        .copied()
        .skip_while(|w| PREFIXES.contains(w) || is_assignment(w));
    let program = words.next()?;
    let program = program.rsplit('/').next().unwrap_or(program);
    let row_and_name = |row: &'static NeedsRoot| Some((*row.programs.iter().find(|p| **p == program)?, row));
    let (program, row) = NEEDS_ROOT.iter().find_map(row_and_name)?;
    let is_asked = |word: &str| row.with.contains(&word) || program == "sysctl" && word.contains('=');
    (row.with.is_empty() || words.any(is_asked)).then_some((program, row))
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
