//! The stages of a Dockerfile: what each builds on, with variables put in and users counted. Judges nothing.

use std::collections::HashMap;

use super::dockerfile::{Instruction, instructions, list, words};
use super::users::Names;

/// Stages that build on each other take over variables and users, so that all of these bounds multiply.
const MAX_STAGES: usize = 100;
const MAX_NAMES: usize = 300;
/// Longer values come from variables within variables.
const MAX_VALUE: usize = 1024;

/// One `FROM` and what follows.
#[derive(Debug, Default, Clone)]
pub(super) struct Stage {
    /// 1-based, of its `FROM`.
    pub(super) line: usize,
    name: Option<String>,
    pub(super) base: Base,
    pub(super) user: Option<Line>,
    pub(super) volumes: Vec<Line>,
    pub(super) exposed: Vec<Line>,
    /// Of `ENTRYPOINT` or `CMD`, whichever names the program.
    pub(super) program: Option<String>,
    /// Whether it puts files into the image, whose owner and mode nobody looks at here.
    pub(super) adds_files: bool,
    /// File names of programs that were given the capability to open low ports.
    pub(super) low_ports: Vec<String>,
    pub(super) names: Names,
    vars: HashMap<String, String>,
}

#[derive(Debug, Default, Clone, PartialEq)]
pub(super) enum Base {
    #[default]
    Scratch,
    /// An earlier stage.
    Stage(usize),
    Image(String),
    /// A variable without a value.
    Open,
}

/// A word and the line it stands on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Line {
    pub(super) line: usize,
    pub(super) value: String,
}

/// All stages; a stage that builds on an earlier one knows its variables and users.
pub(super) fn stages(text: &str) -> Vec<Stage> {
    let mut stages: Vec<Stage> = Vec::new();
    // `ARG` before the first `FROM` holds in `FROM` lines.
    let mut global: HashMap<String, String> = HashMap::new();
    for instruction in instructions(text) {
        if instruction.keyword == "FROM" {
            let stage = from(&instruction, &stages, &global);
            stages.push(stage);
            if stages.len() > MAX_STAGES {
                // The stage that is built may be among those left out.
                return Vec::new();
            }
        } else if let Some(stage) = stages.last_mut() {
            stage.take(&instruction, &global);
        } else if instruction.keyword == "ARG" {
            declare(&instruction.rest, &mut global, &HashMap::new());
        }
    }
    stages
}

/// The index of the stage that is built: the named one, or the last.
pub(super) fn target(stages: &[Stage], name: Option<&str>) -> Option<usize> {
    match name {
        None => stages.len().checked_sub(1),
        Some(name) => stages.iter().position(|stage| stage.is_named(name)),
    }
}

fn from(instruction: &Instruction, stages: &[Stage], global: &HashMap<String, String>) -> Stage {
    let words = words(&instruction.rest);
    let mut words = words.iter().filter(|word| !word.starts_with("--"));
    let written = words.next().map_or("", String::as_str);
    let name = words
        .next()
        .filter(|word| word.eq_ignore_ascii_case("AS"))
        .and_then(|_| words.next())
        .cloned();
    let base = substitute(written, global);
    let mut stage = Stage::default();
    let earlier = base
        .as_deref()
        .and_then(|base| stages.iter().rposition(|s| s.is_named(base)));
    stage.base = match (base, earlier) {
        (_, Some(index)) => Base::Stage(index),
        (None, _) => Base::Open,
        (Some(image), _) if image == "scratch" => Base::Scratch,
        (Some(image), _) => Base::Image(image),
    };
    if let Some(earlier) = earlier.and_then(|index| stages.get(index)) {
        stage.names = earlier.names.clone();
        stage.vars = earlier.vars.clone();
    }
    Stage {
        line: instruction.line,
        name,
        ..stage
    }
}

impl Stage {
    fn is_named(&self, name: &str) -> bool {
        self.name.as_deref().is_some_and(|own| own.eq_ignore_ascii_case(name))
    }

    fn take(&mut self, instruction: &Instruction, global: &HashMap<String, String>) {
        let line = instruction.line;
        let rest = instruction.rest.as_str();
        let lines = |values: Vec<String>| values.into_iter().map(move |value| Line { line, value });
        match instruction.keyword.as_str() {
            "ARG" => declare(rest, &mut self.vars, global),
            "ENV" => self.environment(rest),
            "USER" => self.user = Some(self.line(line, rest)),
            "VOLUME" => self.volumes.extend(lines(list(rest))),
            "EXPOSE" => {
                let ports = words(rest)
                    .iter()
                    .filter_map(|port| substitute(port, &self.vars))
                    .collect();
                self.exposed.extend(lines(ports));
            }
            "ENTRYPOINT" => self.program = list(rest).into_iter().next(),
            "CMD" if self.program.is_none() => self.program = list(rest).into_iter().next(),
            "RUN" => {
                self.adds_files = true;
                self.run(rest);
            }
            "COPY" | "ADD" => self.adds_files = true,
            _ => {}
        }
    }

    /// With variables put in, or as written where one has no value.
    fn line(&self, line: usize, text: &str) -> Line {
        let value = substitute(text, &self.vars).unwrap_or_else(|| text.to_string());
        Line { line, value }
    }

    fn environment(&mut self, rest: &str) {
        let words = words(rest);
        let pairs: Vec<(String, String)> = match words.as_slice() {
            [name, value @ ..] if !name.contains('=') => vec![(name.clone(), value.join(" "))],
            all => all
                .iter()
                .filter_map(|word| word.split_once('='))
                .map(|(name, value)| (name.to_string(), value.to_string()))
                .collect(),
        };
        for (name, value) in pairs {
            if let Some(value) = substitute(&value, &self.vars) {
                set(&mut self.vars, &name, value);
            }
        }
    }

    fn run(&mut self, rest: &str) {
        let words: Vec<String> = words(rest)
            .iter()
            .map(|word| substitute(word, &self.vars).unwrap_or_default())
            .collect();
        for command in words.split(|word| matches!(word.as_str(), "&" | "|" | ";")) {
            let [program, arguments @ ..] = command else { continue };
            match program.rsplit('/').next().unwrap_or("") {
                "useradd" | "adduser" => self.user_made(arguments),
                "groupadd" | "addgroup" => self.group_made(arguments),
                "setcap" => self.capability_given(arguments),
                _ => {}
            }
        }
    }

    fn user_made(&mut self, arguments: &[String]) {
        let (options, names) = options(arguments);
        let value = |keys: &[&str]| {
            options
                .iter()
                .find(|(key, _)| keys.contains(key))
                .map(|(_, value)| *value)
        };
        let Some(uid) = value(&["-u", "--uid"]).and_then(|uid| uid.parse().ok()) else {
            return;
        };
        let named = |group: &str| group.parse().ok().or_else(|| self.names.groups.get(group).copied());
        let gid = match value(&["-g", "--gid", "--ingroup", "-G"]) {
            Some(group) => named(group),
            // A group of the user's own name is made with the same number if that is free.
            None => Some(uid),
        };
        if let Some(name) = names.first()
            && self.names.users.len() < MAX_NAMES
        {
            self.names.users.insert((*name).to_string(), (uid, gid));
        }
    }

    fn group_made(&mut self, arguments: &[String]) {
        let (options, names) = options(arguments);
        let gid = options.iter().find(|(key, _)| matches!(*key, "-g" | "--gid"));
        if let (Some((_, gid)), Some(name)) = (gid, names.first())
            && let Ok(gid) = gid.parse()
            && self.names.groups.len() < MAX_NAMES
        {
            self.names.groups.insert((*name).to_string(), gid);
        }
    }

    fn capability_given(&mut self, arguments: &[String]) {
        if let [capability, file] = arguments
            && let Some(flags) = capability.strip_prefix("cap_net_bind_service")
            && flags.contains('e')
            && !flags.contains("cap_")
        {
            self.low_ports.extend(file.rsplit('/').next().map(str::to_string));
        }
    }
}

/// Options of the programs that make users which are followed by a value.
const WITH_VALUE: [&str; 24] = [
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
];

/// Options with their values, and the other words. In a cluster (`-rmu 1000`) the last letter has the value.
fn options(arguments: &[String]) -> (Vec<(&str, &str)>, Vec<&str>) {
    let (mut options, mut others) = (Vec::new(), Vec::new());
    let mut arguments = arguments.iter().map(String::as_str);
    while let Some(word) = arguments.next() {
        if let Some((key, value)) = word.split_once('=').filter(|_| word.starts_with("--")) {
            options.push((key, value));
        } else if word.starts_with('-') {
            let is_last_letter = |option: &&&str| {
                let letter = option.strip_prefix('-').unwrap_or(option);
                !word.starts_with("--") && letter.len() == 1 && word.ends_with(letter)
            };
            let key = WITH_VALUE.iter().find(|option| **option == word);
            if let Some(key) = key.or_else(|| WITH_VALUE.iter().find(is_last_letter)) {
                options.extend(arguments.next().map(|value| (*key, value)));
            }
        } else {
            others.push(word);
        }
    }
    (options, others)
}

/// `NAME`, `NAME=value` or several of them. One without a value takes that of the outer one.
fn declare(rest: &str, vars: &mut HashMap<String, String>, outer: &HashMap<String, String>) {
    for word in words(rest) {
        let (name, value) = match word.split_once('=') {
            Some((name, value)) => (name, substitute(value, vars)),
            None => (word.as_str(), outer.get(&word).cloned()),
        };
        if let Some(value) = value {
            set(vars, name, value);
        }
    }
}

fn set(vars: &mut HashMap<String, String>, name: &str, value: String) {
    if vars.len() < MAX_NAMES && name.len() + value.len() <= MAX_VALUE {
        vars.insert(name.to_string(), value);
    }
}

/// The text with `$X`, `${X}`, `${X:-default}` and `${X-default}` put in; `None` where a value is missing.
fn substitute(text: &str, vars: &HashMap<String, String>) -> Option<String> {
    let mut done = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('$') {
        done.push_str(before);
        let (expression, behind) = match after.strip_prefix('{') {
            Some(inner) => inner.split_once('}')?,
            None => {
                let is_part = |c: char| c.is_alphanumeric() || c == '_';
                after.split_at(after.find(|c| !is_part(c)).unwrap_or(after.len()))
            }
        };
        let (name, default) = match expression.split_once('-') {
            Some((name, default)) => (name.trim_end_matches(':'), Some(default)),
            None => (expression, None),
        };
        done.push_str(vars.get(name).map(String::as_str).or(default)?);
        if done.len() > MAX_VALUE {
            return None;
        }
        rest = behind;
    }
    done.push_str(rest);
    Some(done)
}
