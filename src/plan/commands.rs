//! Commands that only root can run, in containers that become non-root: each a blocker with its way out.
//!
//! Reads `command` and `args`, the hook whose failure kills a container, and its probes, as a shell would start them (`words`
//! finds the commands). One whose failure the script forgives (`|| true`) blocks nothing, and neither does `preStop`: the
//! container ends all the same.

use super::Blocker;
use super::case::Case;
use super::draft::{Draft, line_near};
use super::home::HOME;
use super::programs::{CHMOD, FOREIGN_PLACE, NEEDS_ROOT, NeedsRoot, PIP, PIP_ELSEWHERE, PIP_VARIABLES, ROOTS_PLACES};
use super::seat::Seat;
use super::shell::Command;
use super::superuser::changes_user;
use super::user::User;
use super::words::{self, base_name, is_prefix, started};
use super::writes::{self, Write};
use crate::kube::pod::Class;
use crate::profiles::{clean, is_within};
use crate::yaml::NodeRef;

pub(super) fn check(case: &Case, users: &[User], draft: &mut Draft) {
    for (seat, user) in case.seats.iter().zip(users) {
        if seat.container.class == Class::Ephemeral || !changes_user(case, seat, user) {
            continue;
        }
        for run in words::runs(seat) {
            let commands = words::commands(&run.words);
            let pip = || pip_in(seat, &commands).filter(|_| user.is_assumed());
            if let Some(found) = found_in(&commands, seat, user).or_else(pip) {
                block(seat, run.keys, found, draft);
            }
        }
    }
}

/// A program and what is to be said about it.
pub(super) type Found = (String, &'static NeedsRoot);

fn block(seat: &Seat, keys: &[&'static str], (program, row): Found, draft: &mut Draft) {
    draft.block(Blocker {
        check: "boot",
        code: "command-needs-root",
        field: seat.container.path.below(keys),
        container: Some(seat.name().to_string()),
        line: line_near(seat.container.node, keys),
        message: format!(
            "container {} runs `{program}`, which {} and needs root",
            seat.name(),
            row.what
        ),
        suggestion: row.instead.into(),
    });
}

/// A `pip install` into the image itself.
fn pip_in(seat: &Seat, commands: &[Command]) -> Option<Found> {
    let mut names = seat
        .env()
        .filter_map(|variable| variable.get("name").and_then(NodeRef::text));
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
        words
            .any(|word| PIP.with.contains(&word))
            .then_some(((*name).to_string(), &PIP))
    })
}

/// In commands of a container, or what they do to places that are not the new user's.
fn found_in(commands: &[Command], seat: &Seat, user: &User) -> Option<Found> {
    commands.iter().find_map(|command| {
        let words: Vec<&str> = command.iter().map(String::as_str).collect();
        needs_root(&words).or_else(|| changes_mode(&words, seat)).or_else(|| {
            writes::of(command)
                .iter()
                .find_map(|write| writes_for_root(write, seat, user))
        })
    })
}

/// The first program among the words of a command that needs root, whoever's the files are.
pub(super) fn root_program(words: &[&str]) -> Option<Found> {
    words::commands(words).iter().find_map(|command| {
        let words: Vec<&str> = command.iter().map(String::as_str).collect();
        needs_root(&words)
    })
}

fn needs_root(words: &[&str]) -> Option<Found> {
    let words = started(words);
    let (program, rest) = words.split_first()?;
    let program = base_name(program);
    if program == "find" {
        let runs = |word: &&str| matches!(*word, "-exec" | "-execdir" | "-ok");
        return needs_root(rest.get(rest.iter().position(runs)? + 1..)?);
    }
    let row = NEEDS_ROOT.iter().find(|row| row.programs.contains(&program))?;
    if program == "mount" && rest.is_empty() {
        // Lists what is mounted.
        return None;
    }
    let is_asked = |word: &&str| {
        let option = word.split_once('=').map_or(*word, |(option, _)| option);
        row.with.contains(&option) || program == "sysctl" && word.contains('=')
    };
    (row.with.is_empty() || rest.iter().any(is_asked)).then(|| (program.to_string(), row))
}

/// A `chmod` of a volume's root, or of something in a place of root's: only its owner may do that.
fn changes_mode(words: &[&str], seat: &Seat) -> Option<Found> {
    let (program, rest) = started(words).split_first()?;
    let mut operands = rest.iter().filter(|word| !word.starts_with('-')).skip(1);
    let is_volume = |path: &str| seat.mounts.iter().any(|m| m.path == path && m.is_writable());
    let is_roots = |path: &str| place_of_root(path).is_some() && seat.mount_over(path).is_none();
    let is_meant = |word: &&&str| word.starts_with('/') && (is_volume(&clean(word)) || is_roots(&clean(word)));
    let target = operands.find(is_meant).filter(|_| base_name(program) == "chmod")?;
    Some((format!("chmod {target}"), &CHMOD))
}

fn place_of_root(path: &str) -> Option<&'static NeedsRoot> {
    let (_, row) = ROOTS_PLACES.iter().find(|(place, _)| is_within(path, place))?;
    Some(row)
}

/// A write to a place where only root may, or where a user whom the image does not know may not.
fn writes_for_root(write: &Write, seat: &Seat, user: &User) -> Option<Found> {
    if writes::is_open(seat, &write.path) || write.is_idle() {
        return None;
    }
    let of_root = place_of_root(&write.path).filter(|_| !write.may_exist && !seat.owns(&write.path));
    // `home` tells of what lies in the home of root.
    let is_open = || write.is_scratch() || is_within(&write.path, HOME);
    let foreign = || Some(&FOREIGN_PLACE).filter(|_| is_foreigner(seat, user) && !is_open());
    let row = of_root.or_else(foreign)?;
    Some((format!("{} {}", write.by, write.path), row))
}

/// Whether a container gets a uid to which nothing in its image belongs, as far as anybody knows.
fn is_foreigner(seat: &Seat, user: &User) -> bool {
    let facts = seat.known.as_ref().map(|known| &known.facts);
    matches!(user, User::Given(_)) && facts.is_none_or(|facts| facts.user.is_none())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_read_as_a_shell_starts_them() {
        let table: [(&[&str], Option<&str>); 42] = [
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
            (&["sh", "-c", "x=$(mount | grep y)"], None),
            (&["sh", "-c", "mount -t nfs a:/b /c"], Some("mount")),
            (&["/usr/sbin/sshd", "-D"], Some("sshd")),
            (&["gosu", "postgres", "psql"], Some("gosu")),
            (&["sh", "-c", "exec su-exec app run"], Some("su-exec")),
            (&["sh", "-c", "find /data -type f -exec chown 999 {} +"], Some("chown")),
            (&["sh", "-c", "find /data | xargs -r -n 10 chown 999"], Some("chown")),
            (&["sh", "-c", "timeout -k 5 30 chown 999 /data"], Some("chown")),
            (&["tini", "--", "chown", "999", "/data"], Some("chown")),
            (
                &["env", "A=1", "nice", "-n", "5", "chown", "999", "/data"],
                Some("chown"),
            ),
            (&["sh", "-c", "bash -ec 'set -x; chown 999 /data'"], Some("chown")),
            (&["sh", "-c", "eval chown 999 /data"], Some("chown")),
            (&["sh", "-c", "bash -c 'bash -c \"chown 999 /data\"'"], Some("chown")),
            (&["sh", "-c", "ip route add default via 10.0.0.1"], Some("ip")),
            (&["sh", "-c", "ip addr show"], None),
            (&["sh", "-c", "service cron start && run"], Some("service")),
            (&["sh", "-c", "find / -name chown"], None),
            (&["timeout", "30", "run", "chown"], None),
            (&["sh", "-c", "ls | xargs -I % chown 1 %"], Some("chown")),
            (&["busybox", "chown", "1", "/x"], Some("chown")),
            (&["install", "-d", "-o", "999", "-g", "999", "/data/x"], Some("install")),
            (&["sh", "-c", "install --owner=999 -m 0755 a /data/b"], Some("install")),
            (&["sh", "-c", "install -d -m 0755 /data/x"], None),
            (&["sh", "-c", "setfacl -R -m u:999:rwx /data && run"], Some("setfacl")),
            (&["rsync", "-a", "--chown=999:999", "/a/", "/data/"], Some("rsync")),
            // Without a word of whose they shall be, they are the user's own.
            (&["sh", "-c", "rsync -a /a/ /data/"], None),
            (&["sh", "-c", "tar --same-owner -xf a.tar -C /data"], Some("tar")),
            (&["sh", "-c", "tar -xf a.tar -C /data"], None),
            (&["sh", "-c", "tar --same-owner -xf a.tar || true"], None),
        ];
        for (words, wanted) in table {
            let found = root_program(words);
            assert_eq!(found.map(|(program, _)| program).as_deref(), wanted, "{words:?}");
        }
    }
}
