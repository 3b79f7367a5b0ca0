//! The stages of a Dockerfile: what each builds on, with variables put in and users counted. Judges nothing.

use std::collections::{BTreeMap, HashMap};

use super::accounts;
use super::dockerfile::{Instruction, instructions, list, words};
use super::users::Names;

/// What a build is given for the `ARG`s of its Dockerfile; `None` where only the build knows.
pub type Arguments = BTreeMap<String, Option<String>>;

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
    /// A variable without a value, as it is written.
    Open(String),
}

/// A word and the line it stands on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Line {
    pub(super) line: usize,
    pub(super) value: String,
}

/// All stages; a stage that builds on an earlier one knows its variables and users.
pub(super) fn stages(text: &str, given: &Arguments) -> Vec<Stage> {
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
        } else if instruction.keyword == "ARG" {
            match stages.last_mut() {
                Some(stage) => declare(&instruction.rest, &mut stage.vars, &global, given),
                None => declare(&instruction.rest, &mut global, &HashMap::new(), given),
            }
        } else {
            let copied = copied_names(&instruction, &stages);
            if let Some(stage) = stages.last_mut() {
                stage.names.users.extend(copied.users);
                stage.names.groups.extend(copied.groups);
                stage.take(&instruction);
            }
        }
    }
    stages
}

/// The index of the stage that is built: the named one, or the last.
pub(super) fn target(stages: &[Stage], name: Option<&str>) -> Option<usize> {
    match name {
        None => stages.len().checked_sub(1),
        Some(name) => index_of(stages, name),
    }
}

/// A stage by its name, or by its number.
fn index_of(stages: &[Stage], name: &str) -> Option<usize> {
    let by_number = || name.parse().ok().filter(|index| *index < stages.len());
    stages.iter().rposition(|stage| stage.is_named(name)).or_else(by_number)
}

/// The users of another stage, where its files of names are copied: the way of images without a distribution.
fn copied_names(instruction: &Instruction, stages: &[Stage]) -> Names {
    let mut copied = Names::default();
    if instruction.keyword != "COPY" {
        return copied;
    }
    let words = words(&instruction.rest);
    let from = words.iter().find_map(|word| word.strip_prefix("--from="));
    let Some(stage) = from.and_then(|from| stages.get(index_of(stages, from)?)) else {
        return copied;
    };
    let copies = |file: &str| {
        words
            .iter()
            .any(|word| word == file || word == "/etc" || word == "/etc/")
    };
    if copies("/etc/passwd") {
        copied.users.clone_from(&stage.names.users);
    }
    if copies("/etc/group") {
        copied.groups.clone_from(&stage.names.groups);
    }
    copied
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
        (None, _) => Base::Open(written.to_string()),
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

    fn take(&mut self, instruction: &Instruction) {
        let line = instruction.line;
        let rest = instruction.rest.as_str();
        let lines = |values: Vec<String>| values.into_iter().map(move |value| Line { line, value });
        match instruction.keyword.as_str() {
            "ENV" => self.environment(rest),
            "USER" => self.user = Some(self.line(line, &rest.replace(['"', '\''], ""))),
            "VOLUME" => {
                let paths = list(rest).iter().map(|path| self.line(line, path)).collect::<Vec<_>>();
                self.volumes.extend(paths);
            }
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
                self.run(&instruction.script);
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
            // `RUN --mount=... useradd`.
            let flags = command.iter().take_while(|word| word.starts_with("--")).count();
            let command = command.get(flags..).unwrap_or_default();
            let [program, arguments @ ..] = command else { continue };
            match program.rsplit('/').next().unwrap_or("") {
                "setcap" => self.capability_given(arguments),
                program => accounts::take(&mut self.names, program, arguments),
            }
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

/// `NAME`, `NAME=value` or several of them. What the build is given counts before that; one without a value takes that
/// of the outer one.
fn declare(rest: &str, vars: &mut HashMap<String, String>, outer: &HashMap<String, String>, given: &Arguments) {
    for word in words(rest) {
        let (name, value) = match word.split_once('=') {
            Some((name, value)) => (name, substitute(value, vars)),
            None => (word.as_str(), outer.get(&word).cloned()),
        };
        match given.get(name) {
            Some(Some(value)) => set(vars, name, value.clone()),
            Some(None) => {
                vars.remove(name);
            }
            None => value.into_iter().for_each(|value| set(vars, name, value)),
        }
    }
}

fn set(vars: &mut HashMap<String, String>, name: &str, value: String) {
    if vars.len() < MAX_NAMES && name.len() + value.len() <= MAX_VALUE {
        vars.insert(name.to_string(), value);
    }
}

/// The text with `$X`, `${X}`, `${X:-default}`, `${X-default}` and `${X:+other}` put in; `None` where a value is missing.
fn substitute(text: &str, vars: &HashMap<String, String>) -> Option<String> {
    let mut done = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('$') {
        done.push_str(before);
        let (expression, behind) = match after.strip_prefix('{') {
            Some(inner) => inner.split_once('}')?,
            None => after.split_at(name_length(after)),
        };
        done.push_str(value(expression, vars)?);
        if done.len() > MAX_VALUE {
            return None;
        }
        rest = behind;
    }
    done.push_str(rest);
    Some(done)
}

fn name_length(text: &str) -> usize {
    let is_part = |c: char| c.is_ascii_alphanumeric() || c == '_';
    text.find(|c| !is_part(c)).unwrap_or(text.len())
}

/// Of what stands between the braces. With a colon, an empty value counts as none.
fn value<'v>(expression: &'v str, vars: &'v HashMap<String, String>) -> Option<&'v str> {
    let (name, operator) = expression.split_at(name_length(expression));
    let known = vars.get(name).map(String::as_str);
    let filled = known.filter(|value| !value.is_empty());
    match (operator.strip_prefix(":-"), operator.strip_prefix('-')) {
        (Some(default), _) => filled.or(Some(default)),
        (None, Some(default)) => known.or(Some(default)),
        (None, None) if operator.is_empty() => known,
        // Whether it is set decides; where nobody says so here, the build may.
        (None, None) => operator.strip_prefix(":+").filter(|_| filled.is_some()),
    }
}
