//! What is known of one image, fact by fact, and whose statement each is.

use std::fmt::Write as _;

use super::layout::paragraph;
use super::surroundings::Surroundings;
use crate::profiles::{
    ChangePolicy, Class, Condition, Evidence, Fact, Facts, FsGroupWhen, ImageUser, Match, Move, Origin, Port, Profile,
    ReadOnlyRoot, Source, When, WritablePath, builtin_profiles,
};

const INDENT: usize = 17;

/// One line: its key, the value, and where that comes from.
struct Line {
    key: &'static str,
    value: String,
    from: String,
}

/// The answer to `harden profile show`.
pub(super) fn show(image: &str, known: &Match, surroundings: &Surroundings) -> String {
    let mut out = heading(image, known);
    out.push('\n');
    out.push_str(&table(known, surroundings));
    out
}

/// The image, and what it is taken for.
pub(super) fn heading(image: &str, known: &Match) -> String {
    let variant = known
        .variant
        .as_ref()
        .map(|name| format!(", variant `{name}`"))
        .unwrap_or_default();
    let mut out = format!("{image}\nprofile {}{variant}\n", known.profile);
    if !known.exact {
        out.push_str(&paragraph(
            "",
            0,
            "taken for that image by its name alone, so that all of it is an assumption; `mirrors:` in harden.yaml \
             makes a registry known",
        ));
    }
    if let Some(undecided) = &known.undecided {
        out.push_str(&paragraph("", 0, undecided));
    }
    out
}

/// All facts, advice and evidence.
pub(super) fn table(known: &Match, surroundings: &Surroundings) -> String {
    let mut out = String::new();
    let mut last = "";
    for line in lines(known, surroundings) {
        let head = if line.key == last { "" } else { line.key };
        let from = if line.from.is_empty() {
            String::new()
        } else {
            format!(" [{}]", line.from)
        };
        out.push_str(&paragraph(head, INDENT, &format!("{}{from}", line.value)));
        last = line.key;
    }
    for (i, advice) in known.facts.advice.iter().enumerate() {
        out.push_str(&paragraph(if i == 0 { "advice" } else { "" }, INDENT, advice));
    }
    for (i, source) in sources(known, surroundings).into_iter().enumerate() {
        out.push_str(&paragraph(if i == 0 { "evidence" } else { "" }, INDENT, &source));
    }
    out
}

/// Collects the lines about one image.
struct Teller<'a> {
    known: &'a Match,
    surroundings: &'a Surroundings,
    lines: Vec<Line>,
}

impl Teller<'_> {
    fn tell<'f, T: 'f>(
        &mut self,
        key: &'static str,
        facts: impl IntoIterator<Item = &'f Fact<T>>,
        text: impl Fn(&T) -> String,
    ) {
        for fact in facts {
            self.lines.push(Line {
                key,
                value: text(&fact.value),
                from: whence(self.known, self.surroundings, fact),
            });
        }
    }
}

fn lines(known: &Match, surroundings: &Surroundings) -> Vec<Line> {
    let facts = &known.facts;
    let mut teller = Teller {
        known,
        surroundings,
        lines: Vec::new(),
    };
    teller.tell("user", &facts.user, u32::to_string);
    teller.tell("group", &facts.group, u32::to_string);
    teller.tell("image-user", &facts.image_user, |user| image_user(*user).to_string());
    teller.tell("any-user", &facts.any_user, |any| any_user(*any).to_string());
    teller.tell("fs-group", &facts.fs_group, |id| fs_group(*id, facts));
    teller.tell("owner-only", &facts.owner_only, |files| {
        format!("files in {}: {}", files.path, files.why)
    });
    teller.tell("read-only-root", &facts.read_only_root, |root| {
        read_only_root(*root, facts)
    });
    teller.tell("writable", &facts.writable, writable);
    teller.tell("volumes", &facts.volumes, |paths| paths.join(", "));
    teller.tell("ports", &facts.ports, |ports| {
        let port = |p: &Port| format!("{}{}", p.port, condition(&p.only_if));
        ports.iter().map(port).collect::<Vec<_>>().join("; ")
    });
    teller.tell("capabilities", &facts.capabilities, |names| names.join(", "));
    teller.tell("data", &facts.data, |data| {
        let head = format!(
            "{}, moved by {}; `{}` below it works",
            data.path, data.env, data.subdirectory
        );
        head + &reason(data.why.as_deref())
    });
    teller.tell("env", &facts.env, |var| {
        let (name, value) = (&var.name, &var.value);
        let head = format!("{name}={value}{}{}", when(var.when), condition(&var.only_if));
        head + &reason(var.why.as_deref())
    });
    teller.tell("probes", &facts.probes, |probe| {
        let unless = match probe.unless.as_slice() {
            [] => String::new(),
            arguments => format!(" without {}", arguments.join(" or ")),
        };
        format!("{}{unless}{}: {}", probe.command, condition(&probe.only_if), probe.why)
    });
    teller.tell("moves", &facts.moves, moves);
    teller.tell("root-only", &facts.root_only, |only| {
        format!("cannot run as non-root: {}; use {}", only.why, only.instead)
    });
    teller.lines
}

fn moves(one: &Move) -> String {
    let by: Vec<&str> = one.env.iter().chain(&one.flags).map(String::as_str).collect();
    let how = match one.made_by_root {
        true => ", which the entrypoint makes as root",
        false => "",
    };
    format!("{} to where {} says{how}", one.what, by.join(" or "))
}

/// Whose statement a fact is, and what it rests on.
fn whence<T>(known: &Match, surroundings: &Surroundings, fact: &Fact<T>) -> String {
    let (source, variant) = (fact.source, fact.variant);
    let config = &surroundings.config;
    let mut out = match source {
        Source::Builtin if variant => match &known.variant {
            Some(name) => format!("profile {}, variant `{name}`", known.profile),
            None => format!("profile {}", known.profile),
        },
        Source::Builtin => format!("profile {}", known.profile),
        Source::Shared(i) => match config.shared.get(i) {
            Some(shared) => shared.path.display().to_string(),
            None => "profile-dirs".to_string(),
        },
        Source::Built(_) => match &known.says {
            Some(says) => says.clone(),
            None => "a Dockerfile".to_string(),
        },
        Source::Entry(i) => {
            let path = config
                .path
                .as_deref()
                .map_or_else(|| "config".into(), |path| path.display().to_string());
            let line = config
                .image_lines
                .get(i)
                .map(|line| format!(":{line}"))
                .unwrap_or_default();
            format!("{path}{line}")
        }
    };
    if variant && source != Source::Builtin {
        out.push_str(", a variant");
    }
    if let Some(class) = fact.class {
        let _ = write!(out, "; {}", class_name(class));
    }
    if fact.origin == Origin::Assumed {
        out.push_str("; assumed");
    }
    out
}

/// What the profile rests on as a whole, with its sources.
fn sources(known: &Match, surroundings: &Surroundings) -> Vec<String> {
    let builtin = builtin_profiles().find(|(name, ..)| *name == known.profile);
    let builtin = builtin.and_then(|(_, _, profile)| profile);
    let shared = surroundings.config.shared.iter().map(|shared| &shared.profile);
    let profile = builtin.or_else(|| shared.into_iter().find(|p| p.name.as_deref() == Some(&known.profile)));
    let variant = profile.and_then(|profile| {
        let named = |v: &&Profile| v.name.is_some() && v.name == known.variant;
        profile.variants.iter().find(named)
    });
    let evidence = [profile, variant]
        .into_iter()
        .flatten()
        .filter_map(|p| p.evidence.as_ref());
    evidence.flat_map(evidence_lines).collect()
}

/// The sources; each fact says its class itself.
fn evidence_lines(evidence: &Evidence) -> Vec<String> {
    if evidence.sources.is_empty() {
        return vec![class_name(evidence.class).to_string()];
    }
    evidence.sources.clone()
}

pub(super) fn class_name(class: Class) -> &'static str {
    match class {
        Class::Tested => "tested",
        Class::Dockerfile => "dockerfile",
        Class::Docs => "docs",
        Class::Guess => "guess",
    }
}

pub(super) fn root_name(root: ReadOnlyRoot) -> &'static str {
    match root {
        ReadOnlyRoot::Recommended => "recommended",
        ReadOnlyRoot::Possible => "possible",
        ReadOnlyRoot::No => "no",
    }
}

fn image_user(user: ImageUser) -> &'static str {
    match user {
        ImageUser::Root => "root",
        ImageUser::Named => "a name, which the kubelet cannot tell from root",
        ImageUser::Numeric => "a number",
    }
}

fn any_user(any: bool) -> &'static str {
    if any {
        "works under every uid"
    } else {
        "needs its own uid"
    }
}

fn reason(why: Option<&str>) -> String {
    why.map(|why| format!(": {why}")).unwrap_or_default()
}

fn fs_group(id: u32, facts: &Facts) -> String {
    let when = match facts.fs_group_when {
        FsGroupWhen::Storage => "beside storage that the container writes",
        FsGroupWhen::Always => "always",
    };
    let policy = match facts.fs_group_change_policy {
        Some(ChangePolicy::Always) => ", fsGroupChangePolicy Always",
        Some(ChangePolicy::OnRootMismatch) => ", fsGroupChangePolicy OnRootMismatch",
        None => "",
    };
    format!("{id}, {when}{policy}")
}

fn read_only_root(root: ReadOnlyRoot, facts: &Facts) -> String {
    format!("{}{}", root_name(root), reason(facts.read_only_root_reason.as_deref()))
}

fn writable(path: &WritablePath) -> String {
    let mut out = format!("{}{}{}", path.path, when(path.when), condition(&path.only_if));
    if path.ships_content {
        out.push_str(", never covered because the image has files there");
    }
    if let Some(limit) = &path.size_limit {
        let _ = write!(out, ", at most {limit}");
    }
    if path.medium.is_some() {
        out.push_str(", in memory");
    }
    out + &reason(path.why.as_deref())
}

fn when(when: When) -> &'static str {
    match when {
        When::Always => ", even with a writable root",
        When::ReadOnlyRoot => "",
        When::AnyUser => ", under a uid that is not the image's own",
        When::Never => ", never",
    }
}

/// A condition as a clause.
fn condition(only_if: &Condition) -> String {
    let clause = |value: &Option<String>, text: &str| value.as_ref().map(|v| text.replace('$', v));
    let command = only_if.command.map(|own| {
        let text = if own {
            "where `command` replaces the entrypoint"
        } else {
            "where the image's entrypoint runs"
        };
        text.to_string()
    });
    let clauses = [
        clause(&only_if.args, "where a word of command or args has `$`"),
        clause(&only_if.no_args, "where no word of command or args has `$`"),
        clause(&only_if.mounted, "where something is mounted at $"),
        clause(&only_if.not_mounted, "where nothing is mounted at $"),
        clause(&only_if.env, "where $ is set"),
        clause(&only_if.no_env, "where $ is not set"),
        command,
    ];
    clauses.into_iter().flatten().map(|text| format!(", {text}")).collect()
}
