//! Which commands the words of a container start: the program itself, the simple commands of every script that a shell
//! gets (`shell` splits it), and programs that others start. Reads; `commands` and `home` judge.

use super::seat::Seat;
use super::shell::{self, Command};
use crate::yaml::NodeRef;

/// Programs that start another one, which stands behind their options, and those of their options that take a word.
const WRAPPERS: &[(&str, &[&str])] = &[
    ("busybox", &[]),
    ("catatonit", &[]),
    ("dumb-init", &["-r", "--rewrite"]),
    ("env", &["-u", "--unset", "-C", "--chdir"]),
    ("ionice", &["-c", "-n", "-p"]),
    ("nice", &["-n"]),
    ("nohup", &[]),
    ("setsid", &[]),
    ("stdbuf", &["-i", "-o", "-e"]),
    ("time", &["-f", "-o"]),
    ("timeout", &["-s", "-k", "--signal", "--kill-after"]),
    ("tini", &["-p"]),
    ("xargs", &["-a", "-d", "-E", "-I", "-L", "-n", "-P", "-s"]),
];
const SHELLS: &[&str] = &["sh", "bash", "ash", "dash", "zsh", "ksh"];
/// Scripts in scripts; more of them are read by no person either.
const MAX_SCRIPTS: usize = 200;

/// Words that stand before a simple command in a script.
const PREFIXES: &[&str] = &[
    "then", "do", "else", "if", "elif", "while", "until", "{", "!", "exec", "command",
];

/// What a container starts that must not fail: its command, the hook whose failure kills it, and its probes.
const RUNS_BESIDE: &[&[&str]] = &[
    &["lifecycle", "postStart", "exec", "command"],
    &["startupProbe", "exec", "command"],
    &["livenessProbe", "exec", "command"],
    &["readinessProbe", "exec", "command"],
];

/// Words that a container starts, and the field they stand in.
pub(super) struct Run<'d> {
    pub(super) keys: &'static [&'static str],
    pub(super) words: Vec<&'d str>,
}

impl Run<'_> {
    pub(super) fn is_probe(&self) -> bool {
        self.keys.first().is_some_and(|of| of.ends_with("Probe"))
    }
}

/// All that a container starts, its command first.
pub(super) fn runs<'d>(seat: &Seat<'d>) -> impl Iterator<Item = Run<'d>> {
    let main = Run {
        keys: if seat.command_is_set() { &["command"] } else { &["args"] },
        words: seat.words.clone(),
    };
    let node = seat.container.node;
    let beside = RUNS_BESIDE.iter().map(move |keys| {
        let words = node.at(keys).into_iter().flat_map(NodeRef::items);
        Run {
            keys,
            words: words.filter_map(NodeRef::text).collect(),
        }
    });
    std::iter::once(main).chain(beside)
}

/// The words of a container as one command, and the simple commands of the scripts among them, which may start shells
/// themselves.
pub(super) fn commands(words: &[&str]) -> Vec<Command> {
    let is_script = scripts(words);
    let scripts = words.iter().enumerate().filter(|(index, _)| is_script(*index));
    read(words, scripts.map(|(_, word)| *word))
}

/// The same, with every text read as if it were a script: for what may be named anywhere, in whatever language.
pub(super) fn mentions(words: &[&str]) -> Vec<Command> {
    let is_script = scripts(words);
    let texts = words.iter().enumerate();
    let texts = texts.filter(|(index, word)| word.contains(char::is_whitespace) || is_script(*index));
    read(words, texts.map(|(_, word)| *word))
}

/// Whether a word, by its index, is given to a shell. Of an image's own entrypoint nobody knows whether it is one: what
/// looks like a script to it counts.
fn scripts(words: &[&str]) -> impl Fn(usize) -> bool {
    let shell = words.iter().position(|word| SHELLS.contains(&base_name(word)));
    move |index| {
        let Some((word, before)) = words.get(..=index).and_then(<[&str]>::split_last) else {
            return false;
        };
        let follows_flag = before.last().is_some_and(|word| is_command_flag(word));
        if shell.is_some_and(|shell| shell < index) {
            return follows_flag || word.contains(char::is_whitespace);
        }
        match before.first() {
            None => word.contains(char::is_whitespace),
            Some(first) => follows_flag && first.starts_with('-'),
        }
    }
}

/// `-c`, and others in one word with it: `-ec`.
fn is_command_flag(word: &str) -> bool {
    word.starts_with('-') && word.ends_with('c')
}

fn read<'w>(words: &[&str], scripts: impl Iterator<Item = &'w str>) -> Vec<Command> {
    let mut found: Vec<Command> = vec![words.iter().map(|word| (*word).to_string()).collect()];
    found.extend(scripts.flat_map(shell::commands));
    let mut next = 1;
    while let Some(command) = found.get(next).filter(|_| next < MAX_SCRIPTS) {
        let inner = inner_script(command).map(|script| shell::commands(&script));
        found.extend(inner.unwrap_or_default());
        next += 1;
    }
    found
}

/// The script that a command of a script gives to another shell.
fn inner_script(command: &Command) -> Option<String> {
    let words: Vec<&str> = command.iter().map(String::as_str).collect();
    let (program, rest) = started(&words).split_first()?;
    if *program == "eval" {
        return Some(rest.join(" "));
    }
    let flag = rest.iter().position(|word| is_command_flag(word))?;
    let is_shell = SHELLS.contains(&base_name(program));
    rest.get(flag + 1)
        .filter(|_| is_shell)
        .map(|script| (*script).to_string())
}

/// The command that is started in the end, behind keywords, assignments and programs that start others.
pub(super) fn started<'w, 's>(mut words: &'w [&'s str]) -> &'w [&'s str] {
    // `30`, `$LIMIT`, `{}`: operands of the program that starts the other.
    let is_operand = |word: &str| word.starts_with(['-', '{', '$']) || word.starts_with(|c: char| c.is_ascii_digit());
    let mut wrapper: Option<&[&str]> = None;
    while let Some((word, rest)) = words.split_first() {
        if let Some((_, options)) = WRAPPERS.iter().find(|(name, _)| *name == base_name(word)) {
            wrapper = Some(options);
        } else if wrapper.is_some_and(|options| options.contains(word)) {
            words = rest.get(1..).unwrap_or_default();
            continue;
        } else if !(is_prefix(word) || wrapper.is_some() && is_operand(word)) {
            break;
        }
        words = rest;
    }
    words
}

pub(super) fn base_name(program: &str) -> &str {
    program.rsplit('/').next().unwrap_or(program)
}

pub(super) fn is_prefix(word: &&str) -> bool {
    PREFIXES.contains(word) || is_assignment(word)
}

fn is_assignment(word: &str) -> bool {
    word.split_once('=')
        .is_some_and(|(name, _)| name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_'))
}

#[cfg(test)]
mod tests {
    use super::{commands, started};

    #[test]
    fn only_shells_read_scripts() {
        let table: [(&[&str], usize); 9] = [
            (&["sh", "-c", "a; b"], 2),
            (&["/bin/bash", "-ec", "a"], 1),
            (&["tini", "--", "bash", "-c", "a; b"], 2),
            (&["-c", "a; b"], 2),
            (&["a; b"], 2),
            (&["sh -c 'a; b'"], 3),
            (&["python", "-c", "a; b"], 0),
            (&["--note", "a; b"], 0),
            (&["nginx", "-g", "daemon off;"], 0),
        ];
        for (words, wanted) in table {
            // The first command is the words themselves.
            assert_eq!(commands(words).len() - 1, wanted, "{words:?}");
        }
    }

    #[test]
    fn programs_are_found_behind_others() {
        for (words, wanted) in [
            ("timeout -s KILL 30 run x", "run x"),
            ("timeout $LIMIT run", "run"),
            ("xargs -r -I % run %", "run %"),
            ("env -u HOME A=1 nice -n 5 run", "run"),
            ("busybox run", "run"),
            ("tini -g -- run", "run"),
            ("run timeout 5", "run timeout 5"),
        ] {
            let words: Vec<&str> = words.split(' ').collect();
            assert_eq!(started(&words).join(" "), wanted, "{words:?}");
        }
    }
}
