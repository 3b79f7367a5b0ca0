//! Where the commands of a container write, as far as they name the place by an absolute path: redirections, and the
//! operands of common programs. Reads; `commands` and `root` judge.

use super::seat::{Mount, Seat};
use super::shell::Command;
use super::words::{self, base_name, started};
use crate::profiles::{clean, is_within};

/// A place that a command writes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Write {
    /// `>`, or the name of the program.
    pub(super) by: String,
    /// Absolute and cleaned.
    pub(super) path: String,
    /// `mkdir -p`, which is content where the place is there already.
    pub(super) may_exist: bool,
}

/// Which operands of a program say where it writes.
#[derive(Clone, Copy)]
enum Operands {
    All,
    /// The last of several.
    Last,
    /// The last of several, with one of these options.
    LastWith(&'static [&'static str]),
    /// The words behind these options.
    Behind(&'static [&'static str]),
}

const WRITERS: &[(&str, Operands)] = &[
    ("cp", Operands::Last),
    ("curl", Operands::Behind(&["-o", "--output"])),
    ("install", Operands::Last),
    ("ln", Operands::Last),
    ("mkdir", Operands::All),
    ("mkfifo", Operands::All),
    ("mv", Operands::Last),
    ("rsync", Operands::Last),
    ("sed", Operands::LastWith(&["-i", "--in-place"])),
    ("tee", Operands::All),
    ("touch", Operands::All),
    ("unzip", Operands::Behind(&["-d"])),
    (
        "wget",
        Operands::Behind(&["-O", "-P", "--output-document", "--directory-prefix"]),
    ),
];

/// Where everybody may write in every image, whatever the root is.
const EVERYBODYS: &[&str] = &["/dev", "/proc/self", "/proc/1"];

/// Directories of every image.
const SHIPPED: &[&str] = &[
    "/etc",
    "/home",
    "/mnt",
    "/opt",
    "/run",
    "/srv",
    "/usr",
    "/usr/bin",
    "/usr/lib",
    "/usr/local",
    "/usr/local/bin",
    "/usr/share",
    "/var",
    "/var/cache",
    "/var/lib",
    "/var/log",
    "/var/run",
];

/// Where everybody may write as long as the root is writable.
const SCRATCH: &[&str] = &["/tmp", "/var/tmp"];

impl Write {
    /// Whether it changes nothing: a directory that is surely there.
    pub(super) fn is_idle(&self) -> bool {
        self.may_exist && SHIPPED.contains(&self.path.as_str())
    }

    pub(super) fn is_scratch(&self) -> bool {
        is_scratch(&self.path)
    }
}

/// All places that what the container starts writes to, without those that everybody may write or a volume covers.
pub(super) fn uncovered(seat: &Seat) -> Vec<Write> {
    let runs = words::runs(seat);
    let commands = runs.flat_map(|run| words::commands(&run.words));
    let writes = commands.flat_map(|command| of(&command));
    writes.filter(|write| !is_open(seat, &write.path)).collect()
}

/// Whether a volume or the system gives the place to everybody.
pub(super) fn is_open(seat: &Seat, path: &str) -> bool {
    let is_within = |place: &&str| is_within(path, place);
    EVERYBODYS.iter().any(is_within) || seat.mount_over(path).is_some_and(Mount::is_writable)
}

pub(super) fn is_scratch(path: &str) -> bool {
    SCRATCH.iter().any(|place| is_within(path, place))
}

/// The places that a simple command writes to.
pub(super) fn of(command: &Command) -> Vec<Write> {
    let words: Vec<&str> = command.iter().map(String::as_str).collect();
    let redirected = redirections(&words).map(|target| (">", target, false));
    let operands: Vec<(&str, &str, bool)> = by_program(started(&words));
    let found = redirected.chain(operands).filter(|(_, path, _)| path.starts_with('/'));
    let write = |(by, path, may_exist): (&str, &str, bool)| Write {
        by: by.to_string(),
        path: clean(path),
        may_exist,
    };
    found.map(write).collect()
}

/// `>x`, `> x`, `2>>x`, `&>x`.
fn redirections<'s>(words: &[&'s str]) -> impl Iterator<Item = &'s str> {
    words.iter().enumerate().filter_map(|(index, word)| {
        let sign = word.trim_start_matches(|c: char| c.is_ascii_digit() || c == '&');
        match sign.strip_prefix('>')?.trim_start_matches(['>', '|']) {
            "" => words.get(index + 1).copied(),
            target => Some(target),
        }
    })
}

fn by_program<'s>(words: &[&'s str]) -> Vec<(&'s str, &'s str, bool)> {
    let Some((program, rest)) = words.split_first() else {
        return Vec::new();
    };
    let program = base_name(program);
    let Some((_, operands)) = WRITERS.iter().find(|(name, _)| *name == program) else {
        return Vec::new();
    };
    let end = rest
        .iter()
        .position(|word| word.contains(['>', '<']))
        .unwrap_or(rest.len());
    let rest = rest.get(..end).unwrap_or_default();
    let plain: Vec<&str> = rest.iter().copied().filter(|word| !word.starts_with('-')).collect();
    let last = || plain.last().copied().filter(|_| plain.len() > 1);
    let targets: Vec<&str> = match operands {
        Operands::All => plain,
        Operands::Last => last().into_iter().collect(),
        Operands::LastWith(options) => {
            let is_asked = |word: &&str| options.iter().any(|option| word.starts_with(option));
            last().filter(|_| rest.iter().any(is_asked)).into_iter().collect()
        }
        Operands::Behind(options) => {
            let pairs = rest.iter().zip(rest.iter().skip(1));
            let is_asked = |word: &str| options.iter().any(|option| is_option(word, option));
            pairs
                .filter(|(word, _)| is_asked(word))
                .map(|(_, target)| *target)
                .collect()
        }
    };
    let may_exist = program == "mkdir" && rest.iter().any(|word| is_parents(word));
    targets.into_iter().map(|target| (program, target, may_exist)).collect()
}

/// `-o`, also at the end of several letters: `-sSLo`.
fn is_option(word: &str, option: &str) -> bool {
    let letter = option.strip_prefix('-').filter(|letter| letter.len() == 1);
    let is_cluster = word.starts_with('-') && !word.starts_with("--");
    word == option || is_cluster && letter.is_some_and(|letter| word.ends_with(letter))
}

fn is_parents(word: &str) -> bool {
    word == "--parents" || word.starts_with('-') && !word.starts_with("--") && word.contains('p')
}

#[cfg(test)]
mod tests {
    use super::of;

    #[test]
    fn places_are_found_where_commands_name_them() {
        for (command, wanted) in [
            ("run > /a/b", "> /a/b"),
            ("run >>/a/../b 2>&1", "> /b"),
            ("run &>/a", "> /a"),
            ("run 2> /a", "> /a"),
            ("run > b", ""),
            ("run > $X/a", ""),
            ("cat < /a", ""),
            ("tee -a /a /b", "tee /a tee /b"),
            ("cp -r /a /b /c", "cp /c"),
            ("cp /a /b 2>/dev/null", "> /dev/null cp /b"),
            ("ln -s /a", ""),
            ("sed -i s/a/b/ /c", "sed /c"),
            ("sed s/a/b/ /c", ""),
            ("sed -i.bak s/a/b/ /c", "sed /c"),
            ("wget -q -O /a http://b", "wget /a"),
            ("curl -fsSLo /a http://b", "curl /a"),
            ("curl -O http://b", ""),
            ("timeout 5 touch /a", "touch /a"),
            ("run cp /a /b", ""),
        ] {
            let words: Vec<String> = command.split(' ').map(str::to_string).collect();
            let found: Vec<String> = of(&words).iter().map(|w| format!("{} {}", w.by, w.path)).collect();
            assert_eq!(found.join(" "), wanted, "{command}");
        }
    }
}
